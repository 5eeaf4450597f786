"""PURE: which phase, until when. Every gate, page, job and export asks here; `now` is always an argument.

::

    opens            started          deadline   +GRACE                closes
      |--- open --------|---- running ----|-- grace --|---- over ----------|

Between deadline and deadline + GRACE only what was already typed may still arrive; the attempt's end time is the deadline.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

ExamPhase = Literal["before", "open", "after"]
AttemptPhase = Literal["running", "grace", "over"]

GRACE = timedelta(seconds=15)
"""Time for a save that left the browser before the deadline and is still on its way."""


@dataclass(frozen=True)
class Timing:
    """What decides one attempt's time: the exam's window, the paper's length, the candidate's own start and extra time."""

    opens: datetime
    closes: datetime | None
    length: timedelta
    started: datetime
    extra: timedelta = timedelta(0)
    ended: datetime | None = None


def exam_phase(opens: datetime, closes: datetime | None, now: datetime) -> ExamPhase:
    """Return whether an exam may be started at `now`. The window is closed at its end: `closes` itself is too late."""
    if now < opens:
        return "before"
    return "open" if closes is None or now < closes else "after"


def effective_deadline(timing: Timing) -> datetime:
    """Return when the attempt's time is up: own start plus length, cut at the window's end, plus extra time.

    Extra time passes every gate, so it is added after the cut.
    """
    own = timing.started + timing.length
    return (own if timing.closes is None else min(own, timing.closes)) + timing.extra


def attempt_phase(timing: Timing, now: datetime) -> AttemptPhase:
    """Return the attempt's phase at `now`; an attempt that was handed in is over."""
    if timing.ended is not None:
        return "over"
    deadline = effective_deadline(timing)
    if now < deadline:
        return "running"
    return "grace" if now < deadline + GRACE else "over"


def remaining(timing: Timing, now: datetime) -> timedelta:
    """Return the time left, never negative."""
    return max(effective_deadline(timing) - now, timedelta(0)) if timing.ended is None else timedelta(0)


def end_time(timing: Timing, now: datetime) -> datetime:
    """Return the end time of an attempt that is handed in at `now`: never later than its deadline."""
    return min(now, effective_deadline(timing))
