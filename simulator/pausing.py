"""Pause a sitting and let it go on. While it is paused its clock stands and nothing is taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from simulator import credits, events
from simulator.clocks import phase
from simulator.db import lock
from simulator.errors import Refused
from simulator.models import Attempt


def pause(session: Session, attempt: Attempt, now: datetime, who: int, note: str = "") -> None:
    """Stop the attempt's clock; nothing if it stands already. Refused if the attempt has ended or its time is up."""
    session.flush()
    lock(session, attempt)
    found = phase(attempt, now)
    if found == "paused":
        return
    if found not in ("running", "overtime"):
        raise Refused("这份试卷已经结束，不能暂停。", "请刷新页面查看最新状态。", status=409)
    attempt.paused_at = now
    events.record(session, "attempt.paused", now, who=who, attempt=attempt, note=note[:200])


def resume(session: Session, attempt: Attempt, now: datetime, who: int) -> None:
    """Let the clock go on; the time of the pause is credited. Nothing if it runs."""
    session.flush()
    lock(session, attempt)
    if attempt.state != "running" or attempt.paused_at is None:
        return
    since, attempt.paused_at = attempt.paused_at, None
    credits.give_back(session, attempt, since, now, who=who)
    attempt.seen_at = now  # the pause is no outage
    events.record(session, "attempt.resumed", now, who=who, attempt=attempt)
