"""One candidate of an exam as the instructor sees them: how they stand, what can be done, what has been done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from simulator import attempts, messages, people, proctoring, reopening
from simulator.models import Attempt, Credit, Event, Exam, User
from simulator.monitor import connected
from simulator.pages.events import WORDS, details
from simulator.pages.monitor import credit_view
from simulator.pages.naming import hidden

LAST = 20
KINDS = {"extension": _l("加时"), "pause": _l("暂停"), "outage": _l("中断")}
CREDIT_STATES = {"proposed": _l("待处理"), "granted": _l("已给"), "refused": _l("未给")}


def candidate_view(session: Session, exam: Exam, user_id: int, now: datetime, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the page; Refused (404) if there is no such person. given : the monitor's filter, to go back to."""
    user = people.get(session, user_id)
    attempt = proctoring.newest(session, exam, user.id)
    return {
        "exam": {"id": exam.id, "title": exam.title, "mode": exam.mode, "url": url_for("desk.exam", exam_id=exam.id)},
        "person": {"id": user.id, "name": user.name, "username": user.username, "group": user.group.name if user.group else ""},
        "attempt": None if attempt is None else _attempt(session, attempt, now),
        "credits": [] if attempt is None else _credits(session, attempt), "events": [] if attempt is None else _events(session, attempt),
        "messages": [{"at": m.at, "text": m.text, "all": to is None} for m, to in messages.sent(session, exam, user.id)],
        "given": given, "max_text": messages.MAX_TEXT,
    }


def _attempt(session: Session, attempt: Attempt, now: datetime) -> dict[str, Any]:
    running = attempt.state == "running"
    return {
        "id": attempt.id, "number": attempt.number, "running": running, "paused": running and attempt.paused_at is not None,
        "started": attempt.started_at, "deadline": attempts.deadline(attempt), "ended": attempt.ended_at, "save": attempt.last_save_at,
        "seen": attempt.seen_at, "connected": connected(attempt, now),
        "address": attempt.address, "why_not_reopen": "" if running else reopening.why_not(session, attempt, now),
        "left": 0 if running else int(reopening.time_left(attempt).total_seconds() // 60),
        "result_url": None if running or hidden(attempt.exam) else url_for("results.show", attempt_id=attempt.id),
    }


def _credits(session: Session, attempt: Attempt) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Credit, User.name).outerjoin(User, Credit.decided_by == User.id).where(Credit.attempt_id == attempt.id)
        .order_by(Credit.id.desc()).limit(LAST)
    )
    return [
        {**credit_view(credit), "kind_text": str(KINDS[credit.kind]), "state_text": str(CREDIT_STATES[credit.state]), "who": who or ""}
        for credit, who in rows
    ]


def _about_the_sitting(attempt: Attempt) -> list[ColumnElement[bool]]:
    """Return the condition that leaves marks out in a blind exam: beside a name they would tell whose work it is."""
    return [Event.what.startswith("attempt.")] if hidden(attempt.exam) else []


def _events(session: Session, attempt: Attempt) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Event, User.name).outerjoin(User, Event.who == User.id).where(Event.attempt_id == attempt.id, *_about_the_sitting(attempt))
        .order_by(Event.id.desc()).limit(LAST)
    )
    return [
        {"at": event.at, "who": who or "", "what": str(WORDS.get(event.what, event.what)), "detail": details(event.detail)}
        for event, who in rows
    ]
