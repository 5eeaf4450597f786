"""Reopen an attempt that was handed in by mistake. What was handed in stays as history; the next hand-in counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import attempts, cells, credits, events, phases
from simulator.clocks import module_timing
from simulator.db import lock
from simulator.errors import Refused
from simulator.models import Attempt, AttemptModule, Exam

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
    """Return what was left of the time of a closed attempt when it was handed in, or of the module that `reopen` opens again."""
    assert attempt.ended_at is not None
    return max(_deadline(attempt, last_module(attempt)) - attempt.ended_at, timedelta(0))


def last_module(attempt: Attempt) -> AttemptModule | None:
    """Return the module with a clock of its own in which a closed attempt ended; None if it ended between two, or has one clock."""
    return next((row for row in attempt.modules if row.left_at == attempt.ended_at), None)


def _deadline(attempt: Attempt, module: AttemptModule | None) -> datetime:
    if module is None:
        return attempts.deadline(attempt)
    return phases.module_deadline(attempts.timing(attempt), module_timing(attempt, module))


def reopen(session: Session, attempt: Attempt, now: datetime, *, who: int, minutes: int | None = None, note: str = "") -> datetime:
    """Let the candidate go on and return the new deadline; the caller commits.

    minutes : how long they have from now at least; None for what was left when it was handed in. The time since then is given back
    as credits. Where modules have clocks of their own, the one in which the attempt ended goes on. Refused if it is not closed,
    after the release, too late, or if no time would be left.
    """
    session.flush()
    lock(session, attempt)
    if reason := why_not(session, attempt, now):
        raise Refused(reason, "要让考生再考，请另建一场考试。", status=409)
    wanted = time_left(attempt) if minutes is None else timedelta(minutes=minutes)
    if minutes is None and not wanted:
        raise Refused("交卷时已没有剩余时间。", "请写明给几分钟，1 到 240。", status=422)
    if not timedelta(0) < wanted <= timedelta(seconds=credits.MAX_S):
        raise Refused("时间应为 1 到 240 分钟。", "请改正后再试。", status=422)
    module, ended, by = last_module(attempt), attempt.ended_at, attempt.closed_by
    attempt.state, attempt.ended_at, attempt.closed_by = "running", None, ""
    attempt.seen_at = None  # the time since the hand-in is no outage
    if module is not None:
        module.left_at = None
    _give(session, attempt, module, now + wanted, now, who=who, note=note)
    cells.refresh(session, [attempt.id])
    assert ended is not None
    events.record(session, "attempt.reopened", now, who=who, attempt=attempt, ended=ended.isoformat(), by=by, note=note[:200])
    return _deadline(attempt, module)


def _give(
    session: Session, attempt: Attempt, module: AttemptModule | None, until: datetime, now: datetime, *, who: int, note: str
) -> None:
    """Move the deadline to `until` unless it is later already: in steps of what one credit may be."""
    missing = round((until - _deadline(attempt, module)).total_seconds())
    while missing > 0:
        step = min(missing, credits.MAX_S)
        credits.grant(session, [attempt], step, now, who=who, note=note)
        missing -= step
