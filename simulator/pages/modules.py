"""The list of modules of a sitting whose modules have clocks of their own: which was sat, which may be entered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy.orm import Session

from simulator import catalog, modules
from simulator.clocks import current, module_timing, paper, timing
from simulator.models import Attempt
from simulator.pages.screen import common
from simulator.phases import module_remaining

STATES = {"ahead": _l("未开始"), "open": _l("进行中"), "left": _l("已交卷")}


def modules_view(session: Session, attempt: Attempt, now: datetime) -> dict[str, Any]:
    """Return the modules in the paper's order, each with its state and what can be done."""
    spec = paper(attempt)
    marks, sizes = catalog.module_marks(session, attempt.exam.paper), catalog.module_sizes(spec)
    rows = modules.entered(attempt)
    found = []
    for number, module in enumerate(spec.modules):
        row = rows.get(number)
        state = "ahead" if row is None else "open" if row.left_at is None else "left"
        left = module_remaining(timing(attempt), module_timing(attempt, row), now) if row else None
        found.append({
            "number": number + 1, "title": module.title, "minutes": module.minutes, "marks": marks[number], "tasks": sizes[number],
            "state": state, "state_text": str(STATES[state]), "left": left if state == "open" else None,
            "handed_in": row.left_at if row else None, "may_enter": modules.may_enter(attempt, number),
            "enter_url": url_for("modules.enter", attempt_id=attempt.id, module=number),
        })
    return {
        **common(attempt, now), "modules": found, "linear": spec.order == "linear", "breaks": spec.rest,
        "text": _("每个模块单独计时：进入后开始，交上或到时后不能再进入。"), "open_one": current(attempt) is not None,
    }
