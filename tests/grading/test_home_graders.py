"""Graders of smart homes, on logs written by hand."""

from __future__ import annotations

import pytest

from grading.errors import TaskError
from grading.homelog import Call, Change, Checked, HomeLog, second_of
from grading.registry import get_grader

STATES = {
    "light.hall": (Change(0, "off"), Change(100, "on"), Change(220, "off"), Change(400, "on"), Change(410, "off")),
    "climate.a": (Change(0, "heat"), Change(331, "off"), Change(500, "heat")),
    "binary_sensor.window": (Change(0, "off"), Change(300, "on"), Change(480, "off")),
}
CALLS = (
    Call(100, "light.turn_on", ("light.hall",), {"brightness_pct": 80}, "开灯"), Call(220, "light.turn_off", ("light.hall",), {}, "关灯"),
    Call(331, "climate.turn_off", ("climate.a",)), Call(350, "notify.phone", (), {"message": "窗开着"}),
)
LOG = HomeLog("2026-01-01 18:00:00", 600, "", (Checked("", "开灯", True), Checked("", "关灯", True)), CALLS, STATES)
IDLE = HomeLog("2026-01-01 18:00:00", 600, "", (), (), {name: track[:1] for name, track in STATES.items()})
STOPPED = HomeLog("2026-01-01 18:00:00", 120, "没有尽头", LOG.automations, CALLS[:1], STATES)
GUARD = {"service": "light.turn_on"}
HALL = {"entity": "light.hall"}


def mark(name, log=LOG, **args):
    grader = get_grader(name)
    return grader.function(log, **grader.bind(args))


@pytest.mark.parametrize("at, equals, fraction", [
    (99, "on", 1), (98.9, "on", 0), ("18:01:40", "on", 1), (150, "on", 1), (221, "on", 1), (221.1, "on", 0), (250, ["off", "unknown"], 1),
    ("18:01", "off", 1),
])
def test_state_at_allows_a_second(at, equals, fraction):
    assert mark("state_at", at=at, equals=equals, **HALL).fraction == fraction


@pytest.mark.parametrize("becomes, after, within, earliest, fraction, said", [
    ("on", 98, 3, 0, 1, "按时"), ("on", 90, 5, 0, 0, "太晚"), ("on", 50, 100, 60, 0, "太早"), ("off", 101, 125, 115, 1, "按时"),
    ("on", 411.5, 100, 0, 0, "没有变为"),
])
def test_state_within_wants_a_change_in_time(becomes, after, within, earliest, fraction, said):
    found = mark("state_within", becomes=becomes, after=after, within=within, earliest=earliest, **HALL)
    assert found.fraction == fraction
    assert said in found.reason


def test_being_there_already_is_no_change():
    assert mark("state_within", becomes="off", after=10, within=50, **HALL).fraction == 0


def test_never_counts_only_its_window_and_its_condition():
    arguments = {"entity": "climate.a", "state": "heat", "requires": {"entity": "climate.a", "state": "off"}}
    window = {"entity": "binary_sensor.window", "state": "on"}
    assert mark("never", **arguments, start=340, end=490).fraction == 1
    assert mark("never", **arguments, start=340).fraction == 0
    assert mark("never", **arguments, while_=window).fraction == 0
    assert mark("never", **arguments, while_=window, grace=35).fraction == 1


def test_calls_are_counted_by_time_entity_and_data():
    assert mark("calls", service="notify.phone", data={"message": "窗"}).fraction == 1
    assert mark("calls", service="notify.*", data={"message": "门"}).fraction == 0
    assert mark("calls", service="light.turn_on", entity="light.hall", data={"brightness_pct": 80.0}).fraction == 1
    assert mark("calls", service="light.turn_on", entity="light.other").fraction == 0
    assert mark("calls", service="light.turn_on", after=102).fraction == 0
    assert mark("calls", service="light.turn_on", min=2).fraction == 0
    assert mark("calls", service="light.*", max=1).fraction == 0
    assert mark("calls", service="siren.turn_on", min=0, max=0, requires=GUARD).fraction == 1


def test_flapping_is_counted():
    assert mark("no_flapping", max=2, end=300, requires=GUARD, **HALL).fraction == 1
    found = mark("no_flapping", max=3, requires=GUARD, **HALL)
    assert found.fraction == 0
    assert "18:06:40 on" in found.reason


def test_invalid_automations_spoil_unless_allowed():
    faulty = HomeLog(automations=(*LOG.automations, Checked("", "坏", False, "缺少触发器。")))
    assert mark("valid_automation", min=2).fraction == 1
    assert mark("valid_automation", min=3).fraction == 0
    found = mark("valid_automation", faulty, min=2)
    assert found.fraction == 0
    assert "“坏”无效：缺少触发器。" in found.reason
    assert mark("valid_automation", faulty, min=2, all=False).fraction == 1


@pytest.mark.parametrize("name, args", [
    ("never", {"entity": "light.hall", "state": "on", "requires": GUARD}),
    ("no_flapping", {"entity": "light.hall", "max": 9, "requires": GUARD}),
    ("calls", {"service": "siren.turn_on", "min": 0, "max": 0, "requires": GUARD}), ("valid_automation", {"min": 1}),
    ("state_at", {"entity": "climate.a", "at": 10, "equals": "heat", "requires": GUARD}),
    ("state_within", {"entity": "climate.a", "becomes": "heat", "after": 0, "within": 500}),
])
def test_doing_nothing_earns_nothing(name, args):
    found = mark(name, IDLE, **args)
    assert found.fraction == 0
    assert found.reason.endswith("。")


@pytest.mark.parametrize("name, args", [
    ("state_at", {"entity": "light.hall", "at": 300, "equals": "off"}),
    ("never", {"entity": "light.hall", "state": "unknown", "end": 300, "requires": GUARD}),
    ("no_flapping", {"entity": "light.hall", "max": 9, "end": 300, "requires": GUARD}),
    ("calls", {"service": "light.turn_on", "before": 300}),
])
def test_after_the_end_of_a_stopped_run_nothing_is_known(name, args):
    found = mark(name, STOPPED, **args)
    assert (found.fraction, found.found) == (0, "运行被停止")
    assert "没有尽头" in found.reason


@pytest.mark.parametrize("name, args, key", [
    ("never", {"entity": "a.b", "state": "on"}, "requires"), ("no_flapping", {"entity": "a.b", "max": 1}, "requires"),
    ("calls", {"service": "a.b", "min": 0}, "requires"), ("calls", {"service": "a.b", "min": 3, "max": 1}, "min"),
    ("state_at", {"entity": "a.b", "at": "25:00", "equals": "on"}, "at"), ("state_at", {"entity": "灯", "at": 1, "equals": "on"}, "entity"),
    ("never", {"entity": "a.b", "state": "on", "requires": {}}, "requires"),
    ("state_within", {"entity": "a.b", "becomes": "on", "after": -1, "within": 5}, "after"),
])
def test_bad_arguments_are_refused_when_the_task_is_loaded(name, args, key):
    with pytest.raises(TaskError, match=key):
        get_grader(name).bind(args)


def test_clock_times_go_over_midnight():
    assert second_of("2026-01-01 22:00:00", "01:30") == 3.5 * 3600
    assert HomeLog("2026-01-01 22:00:00", 9000).clock(7201) == "00:00:01"
    with pytest.raises(ValueError, match="HH:MM"):
        second_of("2026-01-01 22:00:00", "half past")
