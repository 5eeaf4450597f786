"""A day of a smart home."""

from __future__ import annotations

from hypothesis import strategies as st

from grading.homelog import Call, Change, Checked, HomeLog
from tests.grading.cases import Case

HOME = HomeLog(
    "2026-01-01 18:00:00", 60.0, "", (Checked("", "开灯", True),), (Call(30.0, "light.turn_on", ("light.a",), {"brightness_pct": 80}),),
    {"light.a": (Change(0.0, "off"), Change(30.0, "on"))},
)
LIT = {"service": "light.turn_on", "entity": "light.a"}

GRADERS = {
    "state_at": Case({"entity": "light.a", "at": 45, "equals": "on"}, (HOME,)),
    "state_within": Case({"entity": "light.a", "becomes": "on", "after": 28, "within": 5}, (HOME,)),
    "never": Case({"entity": "light.a", "state": "on", "end": "18:00:20", "requires": LIT}, (HOME,)),
    "calls": Case({"service": "light.*", "data": {"brightness_pct": 80}, "max": 1}, (HOME,)),
    "no_flapping": Case({"entity": "light.a", "max": 1, "requires": LIT}, (HOME,)),
    "valid_automation": Case({"min": 1}, (HOME,)),
}

GARBAGE = {
    "home_log": [
        HomeLog(), HomeLog("2026-12-31 23:59:59", 60.0), HomeLog(end=60.0, states={"light.a": ()}),
        HomeLog(end=0.0, states={"light.a": (Change(0.0, "off"),)}),
        HomeLog(end=60.0, states={"light.a": (Change(0.0, "\ud800" * 500),)}, stopped="x" * 500),
        HomeLog(end=60.0, automations=(Checked("", "z" * 500, False, "w" * 500),)),
        HomeLog(end=60.0, calls=(Call(0.0, "x" * 500, ("y" * 500,), {"a": None}),)),
    ],
}

VALUES = {
    "home_log": st.builds(
        HomeLog, st.just("2026-01-01 18:00:00"), st.floats(0, 90), st.sampled_from(["", "没有尽头"]),
        st.lists(st.builds(Checked, st.just(""), st.text(max_size=5), st.booleans())).map(tuple),
        st.lists(st.builds(Call, st.floats(0, 90), st.sampled_from(["light.turn_on", "x.y"]), st.just(("light.a",)))).map(tuple),
        st.dictionaries(st.just("light.a"), st.lists(st.sampled_from(["on", "off", ""]), max_size=5).map(
            lambda states: tuple(Change(float(20 * n), state) for n, state in enumerate(states)))),
    ),
}
