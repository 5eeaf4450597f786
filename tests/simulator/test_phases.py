"""The clock. Probed around every boundary with a small interval language (after cms: phase_management_test)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from simulator.phases import GRACE, Timing, attempt_phase, effective_deadline, end_time, exam_phase, remaining

T0 = datetime(2026, 3, 2, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def timing(started: float, *, opens: float = 0, closes: float | None = 120, length: float = 60, extra: float = 0, ended=None) -> Timing:
    return Timing(
        at(opens), None if closes is None else at(closes), timedelta(minutes=length), at(started), timedelta(minutes=extra),
        None if ended is None else at(ended),
    )


GRACE_MIN = GRACE / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("given_timing", "timeline"),
    [
        # alternating: phase, the minute at which the next phase begins, …
        (timing(0), ("running", 60, "grace", 60 + GRACE_MIN, "over")),
        (timing(30), ("running", 90, "grace", 90 + GRACE_MIN, "over")),
        (timing(90), ("running", 120, "grace", 120 + GRACE_MIN, "over")),  # cut by the window's end
        (timing(90, extra=10), ("running", 130, "grace", 130 + GRACE_MIN, "over")),  # extra time passes the window's end
        (timing(500, closes=None), ("running", 560, "grace", 560 + GRACE_MIN, "over")),
        (timing(0, ended=10), ("over",)),
    ],
)
def test_attempt_phases(given_timing, timeline):
    phases, boundaries = timeline[::2], timeline[1::2]
    moments = [given_timing.started, *(at(minute) for minute in boundaries)]
    for phase, begins in zip(phases, moments, strict=True):
        assert attempt_phase(given_timing, begins) == phase
    for phase, ends in zip(phases, moments[1:], strict=False):
        assert attempt_phase(given_timing, ends - timedelta(microseconds=1)) == phase


def test_exam_window_is_closed_at_its_end():
    assert exam_phase(at(0), at(60), at(-0.001)) == "before"
    assert exam_phase(at(0), at(60), at(0)) == "open"
    assert exam_phase(at(0), at(60), at(59.999)) == "open"
    assert exam_phase(at(0), at(60), at(60)) == "after"
    assert exam_phase(at(0), None, at(10_000)) == "open"


minutes = st.integers(0, 300)


@given(started=minutes, length=st.integers(1, 300), closes=st.none() | minutes, extra=minutes, more=minutes, moment=st.integers(0, 900))
def test_gates_agree_and_extra_time_never_shortens(started, length, closes, extra, more, moment):
    one = timing(started, length=length, closes=closes, extra=extra)
    two = timing(started, length=length, closes=closes, extra=extra + more)
    now = at(moment)
    assert effective_deadline(two) - effective_deadline(one) == timedelta(minutes=more)
    assert (remaining(one, now) > timedelta(0)) == (attempt_phase(one, now) == "running")
    assert end_time(one, now) <= effective_deadline(one)
