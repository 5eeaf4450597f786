"""One screen of the exam, and the page before the hand-in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from simulator.catalog import TaskCache
from simulator.errors import Refused
from simulator.models import Attempt
from simulator.pages.exam import Sheet, clock, load_sheet, navigation, state_of, task_view
from simulator.services import services


def screen_view(session: Session, cache: TaskCache, attempt: Attempt, number: int, now: datetime) -> dict[str, Any]:
    """Return everything that the exam screen `number` shows; Refused (404) if there is no such screen."""
    sheet = load_sheet(session, attempt)
    if not 1 <= number <= len(sheet.screens):
        raise Refused("这份试卷没有这一页。", "请从题号导航进入。", status=404)
    tasks = [task_view(session, cache, sheet, position, now) for position in sheet.screens[number - 1]]
    return {
        **common(attempt, now), "screen": number, "screens": len(sheet.screens), "tasks": tasks,
        "module": module_view(session, cache, sheet, sheet.screens[number - 1][0]),
        "nav": navigation(session, cache, sheet, number),
        "prev_url": _screen_url(attempt, number - 1) if number > 1 else None,
        "next_url": _screen_url(attempt, number + 1) if number < len(sheet.screens) else None,
        "review_url": url_for("exam.review", attempt_id=attempt.id),
        "feedback_mode": "at_once" if attempt.exam.mode == "practice" else "after", "demo": services().settings.demo,
    }


def common(attempt: Attempt, now: datetime) -> dict[str, Any]:
    """Return what every page of a running attempt shows."""
    return {
        "exam": {"id": attempt.exam_id, "title": attempt.exam.title, "mode": attempt.exam.mode},
        "attempt": {"id": attempt.id, "number": attempt.number}, "clock": clock(attempt, now),
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
        "submit_url": url_for("exam.submit", attempt_id=attempt.id), "back_url": _screen_url(attempt, 1),
    }
