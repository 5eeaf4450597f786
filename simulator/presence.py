"""Signs of life of a sitting: when its page was last heard of, from where, which task was in front, and gaps that may be outages."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from simulator import credits, events
from simulator.clocks import phase
from simulator.models import Attempt, AttemptTask
from simulator.seen import Seen

EVERY = timedelta(seconds=12)
"""How often the page tells that it is there (js/exam.js, with a jitter)."""

WRITE = timedelta(seconds=8)
"""A sign that comes sooner after the last one is not written down."""

GAP = timedelta(seconds=45)
"""Silence that is longer is measured as an outage, which a person may credit."""


def is_plain(attempt: Seen, now: datetime, address: str) -> bool:
    """Return whether a sign of life tells nothing new: no gap before it, and the address that is known."""
    return attempt.seen_at is not None and now - attempt.seen_at <= GAP and (not address or address == attempt.address)


def is_due(since: datetime | None, now: datetime) -> bool:
    """Return whether a sign of life is written down, so long after the last one."""
    return since is None or now - since >= WRITE


def heard(session: Session, attempt: Attempt, now: datetime, address: str, position: int | None = None) -> bool:
    """Note that the attempt's page is there; return whether anything was written.

    position : of the task in front, to which the time since the last sign goes. A gap is proposed as a credit once, less the time
    that passes between two signs anyway.
    """
    since = attempt.seen_at
    if attempt.state != "running" or not is_due(since, now):
        return False
    if since is not None and now - since > GAP and phase(attempt, since) in ("running", "overtime"):
        credits.propose(session, attempt, since + EVERY, now, now)
    elif since is not None and position is not None and attempt.paused_at is None:
        item = session.get(AttemptTask, (attempt.id, position))
        if item is not None:
            item.seconds += round((now - since).total_seconds())
    if address and address != attempt.address:
        if attempt.address:
            events.record(session, "attempt.moved", now, attempt=attempt, before=attempt.address, address=address)
        attempt.address = address[:45]
    attempt.seen_at = now
    return True
