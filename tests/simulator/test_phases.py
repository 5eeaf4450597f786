"""The clock. Probed around every boundary with a small interval language (after cms: phase_management_test)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from simulator.phases import (
    GRACE,
    OVERTIME,
    ModuleTiming,
    Timing,
    Window,
    attempt_phase,
    effective_deadline,
    end_time,
    exam_phase,
    expiry_time,
    last_moment,
    module_deadline,
    module_end,
    module_phase,
    module_remaining,
    penalty,
    remaining,
    too_late,
    window_phase,
)

T0 = datetime(2026, 3, 2, tzinfo=UTC)
NONE = timedelta(0)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def timing(
    started: float, *, opens: float = 0, closes: float | None = 120, length: float = 60, extra: float = 0, ended=None, **more
) -> Timing:
    delay = timedelta(minutes=more.pop("delay", 0))
    return Timing(
        Window(at(opens), None if closes is None else at(closes), None, delay), timedelta(minutes=length), at(started),
        extra=timedelta(minutes=extra), ended=None if ended is None else at(ended), **more,
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
        (timing(90, percent=150), ("running", 150, "grace", 150 + GRACE_MIN, "over")),  # so does a factor
        (timing(90, delay=20), ("running", 140, "grace", 140 + GRACE_MIN, "over")),  # a delay moves the window
        (timing(20, fixed=True), ("running", 60, "grace", 60 + GRACE_MIN, "over")),  # late: the clock has run since the beginning
        (timing(20, fixed=True, delay=10), ("running", 70, "grace", 70 + GRACE_MIN, "over")),
        (timing(0, overtime=OVERTIME), ("running", 60, "overtime", 65, "grace", 65 + GRACE_MIN, "over")),
        (timing(500, closes=None), ("running", 560, "grace", 560 + GRACE_MIN, "over")),
        (timing(0, ended=10), ("over",)),
        (timing(0, paused=at(10)), ("paused",)),
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


def test_the_window_of_one_candidate_may_be_moved_and_has_a_latest_start():
    window = Window(at(0), at(60), timedelta(minutes=15), timedelta(minutes=10))
    assert [window_phase(window, at(m)) for m in (5, 10, 69.9, 70)] == ["before", "open", "open", "after"]
    assert [too_late(window, at(m)) for m in (10, 25, 25.1)] == [False, False, True]
    assert not too_late(replace(window, late=None), at(69))


@pytest.mark.parametrize(
    ("ended", "marks"), [(10, 0), (60, 0), (60.001, 1), (61, 1), (61.5, 2), (64.2, 5), (65, 5)],
)
def test_each_begun_minute_of_overtime_costs_a_mark(ended, marks):
    assert penalty(timing(0, ended=ended, overtime=OVERTIME)) == Decimal(marks)
    assert penalty(timing(0, ended=ended)) == 0
    assert penalty(timing(0, overtime=OVERTIME)) == 0


@pytest.mark.parametrize(("saved", "end"), [(None, 60), (10, 60), (60, 60), (62.5, 62.5), (70, 65)])
def test_an_expired_attempt_ends_at_its_deadline_or_its_last_save_in_overtime(saved, end):
    assert expiry_time(timing(0, overtime=OVERTIME), None if saved is None else at(saved)) == at(end)


minutes = st.integers(0, 300)


@st.composite
def timings(draw) -> Timing:
    opens = draw(minutes)
    paused = draw(st.none() | minutes)
    started = opens + draw(minutes)
    return Timing(
        Window(at(opens), draw(st.none() | minutes.map(lambda m: at(opens + m))), None, timedelta(minutes=draw(minutes))),
        timedelta(minutes=draw(st.integers(1, 300))), at(started), draw(st.booleans()), timedelta(minutes=draw(minutes)),
        draw(st.integers(100, 300)), draw(st.sampled_from([NONE, OVERTIME])), None if paused is None else at(started + paused),
    )


modules = st.builds(
    lambda entered, length, extra: ModuleTiming(at(entered), timedelta(minutes=length), timedelta(minutes=extra)),
    minutes, st.integers(1, 120), minutes,
)
moments = st.integers(0, 2000).map(at)


@given(timings(), moments)
def test_gates_agree(one, now):
    phase = attempt_phase(one, now)
    deadline = effective_deadline(one)
    assert deadline >= one.started
    assert phase != "paused" or one.paused is not None
    assert phase != "running" or remaining(one, now) > NONE
    assert phase not in ("overtime", "grace", "over") or remaining(one, now) == NONE
    assert end_time(one, now) <= last_moment(one)
    assert phase != "overtime" or one.overtime > NONE
    ended = replace(one, paused=None, ended=end_time(one, now))
    assert attempt_phase(ended, now) == "over"
    assert 0 <= penalty(ended) <= 5
    assert penalty(ended) == 0 or one.overtime > NONE


@given(timings(), minutes, st.integers(0, 100), minutes)
def test_an_extension_never_shortens(one, extra, percent, delay):
    longer = replace(
        one, extra=one.extra + timedelta(minutes=extra), percent=one.percent + percent,
        window=replace(one.window, delay=one.window.delay + timedelta(minutes=delay)),
    )
    assert effective_deadline(longer) >= effective_deadline(one)
    more = timedelta(minutes=extra)
    assert effective_deadline(replace(one, extra=one.extra + more)) - effective_deadline(one) <= more


@given(timings(), moments, moments, st.none() | moments)
def test_when_an_expired_attempt_is_found_makes_no_difference(one, first, second, saved):
    one = replace(one, paused=None)
    found = {expiry_time(one, saved) for now in (first, second) if attempt_phase(one, now) == "over"}
    assert len(found) <= 1
    assert all(effective_deadline(one) <= end <= last_moment(one) for end in found)


@given(timings(), moments)
def test_a_pause_stops_the_clock_and_gives_its_time_back(one, now):
    if one.paused is None or now < one.paused:
        return
    resumed = replace(one, paused=None, extra=one.extra + (now - one.paused))
    if effective_deadline(one) > one.started:
        assert remaining(resumed, now) == remaining(one, now)


@given(timings(), modules, moments)
def test_a_module_lives_inside_its_attempt(one, module, now):
    one = replace(one, overtime=NONE)
    deadline = module_deadline(one, module)
    assert module.entered <= deadline
    assert deadline <= max(effective_deadline(one), module.entered)
    if attempt_phase(one, now) == "over" and now >= module.entered + GRACE:
        assert module_phase(one, module, now) == "over"
    if module_phase(one, module, now) == "running":
        assert module_remaining(one, module, now) > NONE
    assert module.entered <= module_end(one, module, now) <= deadline
    left = replace(module, left=at(0))
    assert (module_phase(one, left, now), module_remaining(one, left, now)) == ("over", NONE)
    assert module_deadline(one, replace(module, extra=module.extra + timedelta(minutes=5))) >= deadline
