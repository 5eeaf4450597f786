"""PURE: which phase, until when. Every gate, page, job and export asks here; `now` is always an argument.

::

    opens      started        deadline  (+ overtime)  +GRACE
      |-- open ---|--- running ---|-- overtime --|-- grace --|-- over
                     └ paused ┘

While an attempt is paused nothing is taken and its clock stands: the time of the pause is added when it ends. In overtime (only if
the paper has it) all goes on, and each begun minute costs a mark. Between the end and end + GRACE only what was already typed may
still arrive. A module with a clock of its own has the same phases, without overtime, inside those of its attempt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

ExamPhase = Literal["before", "open", "after"]
AttemptPhase = Literal["running", "paused", "overtime", "grace", "over"]

GRACE = timedelta(seconds=15)
"""Time for a save that left the browser before the deadline and is still on its way."""

OVERTIME = timedelta(minutes=5)
"""How long the rule `minus-1-per-minute-up-to-5` lets one go on."""

OVERTIME_MARKS = Decimal(1)
"""Marks that each begun minute of overtime costs."""

NONE = timedelta(0)


@dataclass(frozen=True)
class Window:
    """When an exam may be started. late : seconds after `opens` within which one may start, None for as long as it is open.

    delay : moves the whole window for one candidate.
    """

    opens: datetime
    closes: datetime | None
    late: timedelta | None = None
    delay: timedelta = NONE

    def moved(self) -> Window:
        """Return the window as this candidate has it, with its delay worked in."""
        closes = None if self.closes is None else self.closes + self.delay
        return replace(self, opens=self.opens + self.delay, closes=closes, delay=NONE)


@dataclass(frozen=True)
class Timing:
    """What decides one attempt's time.

    window : the exam's, for this candidate; length : the paper's; started : the candidate's own start; fixed : the clock runs from
    the window's beginning, not from the own start; extra : all time given to this candidate; percent : of the length that they have
    (125: a quarter more); overtime : how long they may go on after the deadline; paused : since when the attempt is paused; ended :
    when it was handed in.
    """

    window: Window
    length: timedelta
    started: datetime
    fixed: bool = False
    extra: timedelta = NONE
    percent: int = 100
    overtime: timedelta = NONE
    paused: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True)
class ModuleTiming:
    """What decides the time of a module with its own clock. length : of the paper; extra : given to this module; left : handed in."""

    entered: datetime
    length: timedelta
    extra: timedelta = NONE
    left: datetime | None = None


def exam_phase(opens: datetime, closes: datetime | None, now: datetime) -> ExamPhase:
    """Return whether an exam is open at `now`. The window is closed at its end: `closes` itself is too late."""
    if now < opens:
        return "before"
    return "open" if closes is None or now < closes else "after"


def window_phase(window: Window, now: datetime) -> ExamPhase:
    """Return whether an exam is open at `now` for the candidate whose window this is."""
    window = window.moved()
    return exam_phase(window.opens, window.closes, now)


def too_late(window: Window, now: datetime) -> bool:
    """Return whether the time in which an open exam may be started is over."""
    return window.late is not None and now > window.moved().opens + window.late


def effective_deadline(timing: Timing) -> datetime:
    """Return when the attempt's time is up, as if a pause that lasts ended at once.

    Start plus length, cut at the window's end; then what this candidate has more than others, because extra time passes every gate.
    Never before the own start.
    """
    window = timing.window.moved()
    end = (window.opens if timing.fixed else timing.started) + timing.length
    if window.closes is not None:
        end = min(end, window.closes)
    return max(end + timing.length * (timing.percent - 100) / 100 + timing.extra, timing.started)


def last_moment(timing: Timing) -> datetime:
    """Return when the attempt ends for good: its deadline plus the overtime that its paper allows."""
    return effective_deadline(timing) + timing.overtime


def attempt_phase(timing: Timing, now: datetime) -> AttemptPhase:
    """Return the attempt's phase at `now`; an attempt that was handed in is over."""
    if timing.ended is not None:
        return "over"
    if timing.paused is not None:
        return "paused"
    if now < effective_deadline(timing):
        return "running"
    end = last_moment(timing)
    if now < end:
        return "overtime"
    return "grace" if now < end + GRACE else "over"


def remaining(timing: Timing, now: datetime) -> timedelta:
    """Return the time left to the deadline, never negative; while the attempt is paused, what was left when the pause began."""
    if timing.ended is not None:
        return NONE
    return max(effective_deadline(timing) - (timing.paused or now), NONE)


def end_time(timing: Timing, now: datetime) -> datetime:
    """Return the end time of an attempt that is handed in at `now`: never later than its last moment, nor than a pause that lasts."""
    return min(timing.paused or now, last_moment(timing))


def expiry_time(timing: Timing, last_save: datetime | None) -> datetime:
    """Return the end time of an attempt that nobody handed in: its deadline, or the last save if overtime was used for one.

    So it does not depend on when the attempt is found.
    """
    deadline = effective_deadline(timing)
    return deadline if last_save is None else min(max(deadline, last_save), last_moment(timing))


def penalty(timing: Timing) -> Decimal:
    """Return the marks that overtime has cost an attempt that was handed in: OVERTIME_MARKS for each begun minute."""
    if timing.ended is None or not timing.overtime:
        return Decimal(0)
    over = timing.ended - effective_deadline(timing)
    begun = -(-max(over, NONE) // timedelta(minutes=1))
    return OVERTIME_MARKS * begun


def module_deadline(timing: Timing, module: ModuleTiming) -> datetime:
    """Return when a module's time is up: its own minutes (as this candidate has them) and credits, within the attempt's time."""
    own = module.entered + module.length * timing.percent / 100 + module.extra
    return max(min(own, effective_deadline(timing)), module.entered)


def module_phase(timing: Timing, module: ModuleTiming, now: datetime) -> AttemptPhase:
    """Return the phase at `now` of a module with its own clock."""
    if timing.ended is not None or module.left is not None:
        return "over"
    if timing.paused is not None:
        return "paused"
    deadline = module_deadline(timing, module)
    return "running" if now < deadline else "grace" if now < deadline + GRACE else "over"


def module_remaining(timing: Timing, module: ModuleTiming, now: datetime) -> timedelta:
    """Return the time left in a module, never negative."""
    if timing.ended is not None or module.left is not None:
        return NONE
    return max(module_deadline(timing, module) - (timing.paused or now), NONE)


def module_end(timing: Timing, module: ModuleTiming, now: datetime) -> datetime:
    """Return the end time of a module that is handed in at `now`."""
    return max(min(timing.paused or now, module_deadline(timing, module)), module.entered)
