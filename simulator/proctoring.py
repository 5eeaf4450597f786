"""What an instructor does to sitting candidates: one, a class, or all. Each takes effect for those who sit and returns how many did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from simulator import attempts, credits, pausing, seats
from simulator.errors import Refused
from simulator.models import Attempt, Credit, Exam, User


@dataclass(frozen=True)
class Scope:
    """Whom an action is for: one candidate, the students of a class, or, with neither, everybody."""

    user_id: int | None = None
    group_id: int | None = None


def running(session: Session, exam: Exam, scope: Scope) -> list[Attempt]:
    """Return the running attempts of `scope`, locked until the transaction ends; Refused if there is none."""
    query = select(Attempt).where(Attempt.exam_id == exam.id, Attempt.state == "running")
    if scope.user_id is not None:
        query = query.where(Attempt.user_id == scope.user_id)
    if scope.group_id is not None:
        query = query.where(Attempt.user_id.in_(select(User.id).where(User.group_id == scope.group_id)))
    found = list(session.scalars(query.order_by(Attempt.id).with_for_update()))
    if not found:
        raise Refused("没有正在作答的考生。", "请刷新页面，看看考生现在的状态。", status=409)
    return found


def newest(session: Session, exam: Exam, user_id: int) -> Attempt | None:
    """Return the candidate's newest attempt in `exam`, None if they have not started."""
    own = select(Attempt).where(Attempt.exam_id == exam.id, Attempt.user_id == user_id)
    return session.scalars(own.order_by(Attempt.number.desc()).limit(1)).first()


def extend(session: Session, exam: Exam, scope: Scope, minutes: int, now: datetime, *, who: int, note: str = "") -> int:
    """Give extra minutes; the caller commits."""
    return len(credits.grant(session, running(session, exam, scope), minutes * 60, now, who=who, note=note))


def pause(session: Session, exam: Exam, scope: Scope, now: datetime, *, who: int) -> int:
    """Stop the clocks of those that run; the caller commits."""
    chosen = [attempt for attempt in running(session, exam, scope) if attempt.paused_at is None]
    for attempt in chosen:
        pausing.pause(session, attempt, now, who)
    return len(chosen)


def resume(session: Session, exam: Exam, scope: Scope, now: datetime, *, who: int) -> int:
    """Let the paused clocks run again; the caller commits."""
    chosen = [attempt for attempt in running(session, exam, scope) if attempt.paused_at is not None]
    for attempt in chosen:
        pausing.resume(session, attempt, now, who)
    return len(chosen)


def collect(session: Session, exam: Exam, user_id: int, now: datetime, *, who: int) -> Attempt:
    """Hand in for one candidate, with the last saved content; the caller commits, then marks."""
    attempt = running(session, exam, Scope(user_id))[0]
    attempts.submit(session, attempt, now, by="instructor", who=who)
    return attempt


def access_code(session: Session, exam: Exam, user_id: int, now: datetime, *, who: int) -> str:
    """Return a new code with which one candidate may go on at another machine; the caller commits."""
    attempt = running(session, exam, Scope(user_id))[0]
    return seats.new_code(session, attempt, now, who)


def proposals(session: Session, exam: Exam) -> list[Credit]:
    """Return the outages of `exam` that wait for a decision, the oldest first."""
    query = select(Credit).join(Attempt, Credit.attempt_id == Attempt.id).where(Attempt.exam_id == exam.id, Credit.state == "proposed")
    return list(session.scalars(query.options(contains_eager(Credit.attempt)).order_by(Credit.id)))


def decide(
    session: Session, exam: Exam, credit_id: int, granted: bool, now: datetime, *, who: int, minutes: int | None = None
) -> Credit:
    """Grant one proposed outage (whole, or `minutes` of it) or refuse it; the caller commits."""
    credit = session.get(Credit, credit_id, with_for_update=True)
    attempt = session.get(Attempt, credit.attempt_id, with_for_update=True) if credit else None
    if credit is None or attempt is None or attempt.exam_id != exam.id:
        raise Refused("找不到这条补时申请。", "请刷新页面。", status=404)
    credits.decide(session, credit, granted, now, who=who, seconds=None if minutes is None else minutes * 60)
    return credit


def grant_all(session: Session, exam: Exam, now: datetime, *, who: int) -> int:
    """Grant every proposed outage whose attempt still runs; the caller commits."""
    waiting = [credit for credit in proposals(session, exam) if credit.attempt.state == "running"]
    for credit in waiting:
        credits.decide(session, credit, True, now, who=who)
    return len(waiting)
