"""One screen of the exam, and the page before the hand-in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from simulator import clocks
from simulator.catalog import TaskCache
from simulator.errors import Refused
from simulator.models import Attempt
from simulator.pages.exam import Sheet, clock, load_sheet, navigation, state_of, task_view
from simulator.services import services


def screen_view(session: Session, cache: TaskCache, attempt: Attempt, number: int, now: datetime) -> dict[str, Any] | None:
    """Return everything that the exam screen `number` shows; None if its module has a clock of its own and is not open.

    Refused (404) if there is no such screen.
    """
    sheet = load_sheet(session, attempt)
    if not 1 <= number <= len(sheet.screens):
        raise Refused("这份试卷没有这一页。", "请从题号导航进入。", status=404)
    module = attempt.tasks[sheet.screens[number - 1][0] - 1].module
    if not sheet.is_open(module):
        return None
    there = [n for n, positions in enumerate(sheet.screens, 1) if sheet.is_open(attempt.tasks[positions[0] - 1].module)]
    tasks = [task_view(session, cache, sheet, position, now) for position in sheet.screens[number - 1]]
    return {
        **common(attempt, now), "screen": number, "screens": len(sheet.screens), "tasks": tasks,
        "module": module_view(session, cache, sheet, sheet.screens[number - 1][0]),
        "nav": navigation(session, cache, sheet, number),
        "prev_url": _screen_url(attempt, number - 1) if number > there[0] else None,
        "next_url": _screen_url(attempt, number + 1) if number < there[-1] else None,
        "review_url": url_for("exam.review", attempt_id=attempt.id),
        "feedback_mode": "at_once" if attempt.exam.mode == "practice" else "after", "demo": services().settings.demo,
    }


def common(attempt: Attempt, now: datetime) -> dict[str, Any]:
    """Return what every page of a running attempt shows. own : the open module, if modules have clocks of their own."""
    row = clocks.current(attempt) if clocks.own_clocks(attempt) else None
    own = row.module if row else None
    where: dict[str, Any] = {"attempt_id": attempt.id}
    return {
        "exam": {"id": attempt.exam_id, "title": attempt.exam.title, "mode": attempt.exam.mode},
        "attempt": {"id": attempt.id, "number": attempt.number, "own": own}, "clock": clock(attempt, now, own),
        "clock_url": url_for("exam.clock", module=own, **where),
        "hand_in_url": url_for("exam.submit", **where) if own is None else url_for("modules.leave", module=own, **where),
    }


def module_view(session: Session, cache: TaskCache, sheet: Sheet, position: int) -> dict[str, Any]:
    """Return the module that holds `position`, with how much of it is answered."""
    number = sheet.attempt.tasks[position - 1].module
    own = [item for item in sheet.attempt.tasks if item.module == number]
    answered = sum(state_of(session, cache, sheet, item) == "answered" for item in own)
    return {
        "title": sheet.paper.modules[number].title, "number": number + 1, "count": len(sheet.paper.modules),
        "answered": answered, "total": len(own), "layout": sheet.paper.modules[number].layout,
    }


def _screen_url(attempt: Attempt, number: int) -> str:
    return url_for("exam.screen", attempt_id=attempt.id, screen=number)


def first_screen(session: Session, attempt: Attempt, module: int) -> int:
    """Return the number of the first screen of `module`."""
    sheet = load_sheet(session, attempt)
    return next(number for number, positions in enumerate(sheet.screens, 1) if attempt.tasks[positions[0] - 1].module == module)


def review_view(session: Session, cache: TaskCache, attempt: Attempt, now: datetime) -> dict[str, Any]:
    """Return the blanks, half-filled and flagged tasks as links."""
    sheet = load_sheet(session, attempt)
    items = [
        {**item, "module": module["title"]} for module in navigation(session, cache, sheet, None) for item in module["items"]
    ]
    return {
        **common(attempt, now), "blanks": [i for i in items if i["state"] == "blank"],
        "partials": [i for i in items if i["state"] == "partial"], "flagged": [i for i in items if i["flagged"]],
        "answered": sum(i["state"] == "answered" for i in items), "total": len(items),
        "back_url": items[0]["url"] if items else _screen_url(attempt, 1),
    }
