"""Appeals: the candidate's form and list, the queue of those who answer, and one appeal with all that helps to decide it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy.orm import Session

from simulator import appeals, results
from simulator.catalog import TaskCache
from simulator.errors import Refused
from simulator.models import Appeal, Attempt, AttemptTask, User
from simulator.notices import unread
from simulator.pages.exam import load_sheet
from simulator.pages.naming import namer
from simulator.pages.result import task_result

STATES = {"open": _l("等待答复"), "answered": _l("已答复"), "overridden": _l("已改判"), "withdrawn": _l("已撤回")}


def point_view(session: Session, cache: TaskCache, attempt: Attempt, position: int, point_id: str, *, staff: bool) -> dict[str, Any]:
    """Return one task's result and the point in question; Refused (404) if there is none such."""
    outcome = next((o for o in results.outcomes(session, attempt) if o.item.position == position), None)
    result = task_result(session, cache, load_sheet(session, attempt), outcome, staff=staff) if outcome else None
    point = next((p for p in result["points"] if p["id"] == point_id), None) if result else None
    if result is None or point is None:
        raise Refused("这份试卷没有这个评分点。", "请从成绩单上评分点旁的链接进入。", status=404)
    return {
        "result": result, "point": point, "position": position,
        "exam": {"id": attempt.exam_id, "title": attempt.exam.title, "mode": attempt.exam.mode},
        "candidate": namer(session, attempt.exam)(attempt) if staff else attempt.user.name,
        "result_url": url_for("results.show", attempt_id=attempt.id), "attempt_id": attempt.id,
    }


def list_view(session: Session, attempt: Attempt, *, staff: bool) -> list[dict[str, Any]]:
    """Return the appeals about one attempt as its candidate, or those who answer, see them on the result page."""
    sheet = load_sheet(session, attempt)
    return [
        {
            **_row(session, appeal, attempt), "label": sheet.label(appeal.position), "answer": appeal.answer,
            "answered_at": appeal.answered_at,
            "withdraw_url": url_for("appeals.withdraw", appeal_id=appeal.id) if appeal.state == "open" and not staff else None,
        } for appeal in appeals.of_attempt(session, attempt.id)
    ]


def _row(session: Session, appeal: Appeal, attempt: Attempt) -> dict[str, Any]:
    item = session.get_one(AttemptTask, (attempt.id, appeal.position))
    return {
        "id": appeal.id, "title": item.version.title, "point": appeal.point_id, "text": appeal.text, "asked_at": appeal.asked_at,
        "state": appeal.state, "state_text": str(STATES[appeal.state]), "url": url_for("appeals.show", appeal_id=appeal.id),
    }


def queue_view(session: Session, exam_id: int | None) -> dict[str, Any]:
    """Return the open appeals, oldest first, and the last ones that were closed."""
    exams = appeals.exams_with_appeals(session)
    return {
        "waiting": [_queued(session, *pair) for pair in appeals.queue(session, exam_id, waiting=True)],
        "closed": [_queued(session, *pair) for pair in appeals.queue(session, exam_id, waiting=False, limit=50)],
        "exams": [("", _("全部")), *((exam.id, exam.title) for exam in exams)], "exam_id": exam_id or "",
    }


def _queued(session: Session, appeal: Appeal, attempt: Attempt) -> dict[str, Any]:
    return {**_row(session, appeal, attempt), "candidate": namer(session, attempt.exam)(attempt), "exam": attempt.exam.title}


def show_view(session: Session, cache: TaskCache, appeal: Appeal, form: Mapping[str, str]) -> dict[str, Any]:
    """Return one appeal for those who answer: the question, the whole task as marked, and the marks of others without names."""
    attempt = session.get_one(Attempt, appeal.attempt_id)
    view = decide_view(session, cache, attempt, appeal.position, appeal.point_id, form)
    answered_by = session.get(User, appeal.answered_by) if appeal.answered_by else None
    return {
        **view, "appeal": {
            **_row(session, appeal, attempt), "answer": appeal.answer, "answered_at": appeal.answered_at,
            "answered_by": answered_by.name if answered_by else "",
        },
    }


def decide_view(
    session: Session, cache: TaskCache, attempt: Attempt, position: int, point_id: str, form: Mapping[str, str]
) -> dict[str, Any]:
    """Return one point for those who may give it other marks, with the marks of all for it (no names)."""
    view = point_view(session, cache, attempt, position, point_id, staff=True)
    counts = appeals.others(session, attempt, position, point_id)
    people = sum(counts.values())
    return {
        **view, "form": {"earned": form.get("earned", ""), "text": form.get("text", "")},
        "others": [
            {"earned": earned, "count": count, "percent": 100 * count / people, "own": earned == view["point"]["earned"]}
            for earned, count in counts.items()
        ],
        "mean": f"{sum((e * n for e, n in counts.items()), Decimal(0)) / people:.2f}" if people else "—", "people": people,
    }


def notices_view(session: Session, user: User) -> list[dict[str, Any]]:
    """Return the notices that a person has not read."""
    return [
        {"id": notice.id, "text": notice.text, "at": notice.at, "url": url_for("appeals.read", notice_id=notice.id)}
        for notice in unread(session, user.id)
    ]
