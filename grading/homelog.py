"""What happened in a home during a scenario: states over time, service calls, and which automations are valid.

Times are seconds since the scenario's start; clock times ("18:30", "18:30:15") mean the first such moment at or after it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

DAY = 86_400
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


@dataclass(frozen=True)
class Checked:
    """One automation: error is '' if it is valid."""

    id: str
    alias: str
    valid: bool
    error: str = ""


@dataclass(frozen=True)
class Call:
    """One call of a service at second t; automation : alias of the one that made it, '' if none did; n : grows with every call
    and change, which orders those of the same moment."""

    t: float
    service: str
    entities: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)
    automation: str = ""
    n: int = 0


@dataclass(frozen=True)
class Change:
    """From second t on the entity is in this state."""

    t: float
    state: str
    n: int = 0


@dataclass(frozen=True)
class HomeLog:
    """start : local wall-clock time "2026-11-23 18:00:00"; end : second up to which things are known, less than the
    scenario's duration if the run was stopped, and then `stopped` says why; states : entity → its changes in order of time."""

    VALUE_KIND: ClassVar[str] = "home_log"

    start: str = "2026-01-01 00:00:00"
    end: float = 0.0
    stopped: str = ""
    automations: tuple[Checked, ...] = ()
    calls: tuple[Call, ...] = ()
    states: Mapping[str, tuple[Change, ...]] = field(default_factory=dict, hash=False)

    def state(self, entity: str, t: float) -> str | None:
        """Return the state of `entity` at second `t`; None if there is no such entity, or t is after the end."""
        track = self.states.get(entity, ())
        place = bisect_right([change.t for change in track], t)
        return track[place - 1].state if place and t <= self.end else None

    def spans(self, entity: str) -> list[tuple[float, float, str]]:
        """Return (from, to, state) for the whole time that is known."""
        track = self.states.get(entity, ())
        ends = [*(change.t for change in track[1:]), self.end]
        return [(change.t, end, change.state) for change, end in zip(track, ends, strict=True)] if track else []

    def clock(self, t: float) -> str:
        """Return second `t` as a clock time, "18:30:15"."""
        try:
            return (datetime.fromisoformat(self.start) + timedelta(seconds=t)).strftime("%H:%M:%S")
        except (ValueError, OverflowError):
            return f"{t:g} 秒"

    def moment(self, at: str | float) -> float:
        """Return the second of a clock time or of a number of seconds."""
        return second_of(self.start, at)


def is_moment(at: object) -> bool:
    """Return whether `at` is a clock time or a number of seconds within a day."""
    if isinstance(at, str):
        return _CLOCK.fullmatch(at) is not None
    return isinstance(at, int | float) and 0 <= at <= DAY


def second_of(start: str, at: str | float) -> float:
    """Return the second of `at` in a scenario that starts at `start`; ValueError if it is no moment.

    >>> second_of("2026-11-23 18:00:00", "18:30:05"), second_of("2026-11-23 18:00:00", "06:00"), second_of("", 12)
    (1805.0, 43200.0, 12.0)
    """
    if not isinstance(at, str):
        return float(at)
    found = _CLOCK.fullmatch(at)
    if not found:
        raise ValueError(f"时刻 {at!r} 应写成 \"HH:MM\" 或 \"HH:MM:SS\"")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    begin = datetime.fromisoformat(start)
    return float((hours * 3600 + minutes * 60 + seconds - begin.hour * 3600 - begin.minute * 60 - begin.second) % DAY)
