"""Reopen an attempt that was handed in by mistake. What was handed in stays as history; the next hand-in counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import attempts, credits, events
from simulator.errors import Refused
from simulator.models import Attempt, Exam

LATEST = timedelta(hours=24)
"""How long after its end an attempt may be reopened."""


def why_not(session: Session, attempt: Attempt, now: datetime) -> str:
    """Return why `attempt` may not be reopened, "" if it may."""
    if attempt.state != "closed" or attempt.ended_at is None:
        return str(_("这份试卷还没有交。"))
    if released(attempt.exam):
        return str(_("这场考试的成绩已经可以看到，不能重新开放。"))
    if now - attempt.ended_at > LATEST:
        return str(_("交卷已超过 24 小时，不能重新开放。"))
    own = select(Attempt.id).where(Attempt.exam_id == attempt.exam_id, Attempt.user_id == attempt.user_id)
    if session.scalar(own.where(Attempt.number > attempt.number).limit(1)) is not None:
        return str(_("这名考生后来又开始了一次作答。"))
    return ""


def released(exam: Exam) -> bool:
    """Return whether candidates see marks and keys by now: who has seen them must not go on."""
    return exam.mode == "practice" or exam.release != "held"


def time_left(attempt: Attempt) -> timedelta:
    """Return what was left of the time of a closed attempt when it was handed in."""
    assert attempt.ended_at is not None
    return max(attempts.deadline(attempt) - attempt.ended_at, timedelta(0))


def reopen(session: Session, attempt: Attempt, now: datetime, *, who: int, minutes: int | None = None, note: str = "") -> datetime:
    """Let the candidate go on and return the new deadline; the caller commits.

    minutes : how long they have from now at least; None for what was left when it was handed in. The time since then is given back
    as credits. Refused if it is not closed, after the release, too late, or if no time would be left.
    """
    session.flush()
    session.refresh(attempt, with_for_update=True)
    if reason := why_not(session, attempt, now):
        raise Refused(reason, "要让考生再考，请另建一场考试。", status=409)
    wanted = time_left(attempt) if minutes is None else timedelta(minutes=minutes)
    if minutes is None and not wanted:
        raise Refused("交卷时已没有剩余时间。", "请写明给几分钟，1 到 240。", status=422)
    if not timedelta(0) < wanted <= timedelta(seconds=credits.MAX_S):
        raise Refused("时间应为 1 到 240 分钟。", "请改正后再试。", status=422)
    ended, by = attempt.ended_at, attempt.closed_by
    attempt.state, attempt.ended_at, attempt.closed_by = "running", None, ""
    for module in attempt.modules[-1:]:
        module.left_at = None
    _give(session, attempt, now + wanted, now, who=who, note=note)
    assert ended is not None
    events.record(session, "attempt.reopened", now, who=who, attempt=attempt, ended=ended.isoformat(), by=by, note=note[:200])
    return attempts.deadline(attempt)


def _give(session: Session, attempt: Attempt, until: datetime, now: datetime, *, who: int, note: str) -> None:
    """Move the deadline to `until` unless it is later already: in steps of what one credit may be."""
    missing = round((until - attempts.deadline(attempt)).total_seconds())
    while missing > 0:
        step = min(missing, credits.MAX_S)
        credits.grant(session, [attempt], step, now, who=who, note=note)
        missing -= step
