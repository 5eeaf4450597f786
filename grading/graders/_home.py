"""What the graders of smart homes have in common: words for arguments, windows of time, guards, and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Key, model_validator

from grading.errors import TaskError
from grading.homelog import Call, HomeLog, is_moment
from grading.model import Mark, Spec
from grading.text import listing, shorten

Entity = Annotated[str, Key(pattern=r"^[a-z_]+\.[a-z0-9_]+$", max_length=80)]
Service = Annotated[str, Key(pattern=r"^[a-z_]+\.([a-z0-9_]+|\*)$", max_length=80)]
State = Annotated[str, Key(min_length=1, max_length=60)]
Moment = str | Annotated[float, Key(ge=0, le=86_400)]


class While(Spec):
    """Only the time during which this entity is in this state (or one of these)."""

    entity: Entity
    state: State | tuple[State, ...]


class Guard(Spec):
    """What must have happened for a point to count: a service called at least `min` times [for an entity] [with data], or an
    entity that came to a state."""

    service: Service | None = None
    entity: Entity | None = None
    data: Mapping[str, Any] | None = None
    state: State | None = None
    min: int = Key(1, ge=1, le=1000)

    @model_validator(mode="after")
    def _says_something(self) -> Guard:
        if self.service is None and (self.entity is None or self.state is None):
            raise ValueError("requires 要写 service，或者 entity 和 state")
        return self


def clocked(args: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise TaskError if one of the named arguments is no moment."""
    for name in names:
        if args.get(name) is not None and not is_moment(args[name]):
            raise TaskError(f"{args[name]!r} 应是 \"HH:MM\"、\"HH:MM:SS\" 或秒数", key=f"args.{name}")


def states(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return one state or several as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value)


def named(entity: str) -> str:
    """Return an entity for a sentence."""
    return shorten(entity, 50)


def told(state: str | None) -> str:
    """Return a state for a sentence; never empty."""
    return shorten(state or "", 40) or "（空）"


def window(log: HomeLog, start: str | float, end: str | float | None) -> tuple[float, float]:
    """Return the window in seconds; without an end it is that of the log."""
    low = log.moment(start)
    high = log.end if end is None else log.moment(end)
    return (low, high) if high >= low else (low, high + 86_400)


def unknown(log: HomeLog, entity: str, t: float, expected: str) -> Mark | None:
    """Return the mark if nothing is known of `entity` at second `t`; None if it is."""
    if entity not in log.states:
        return Mark(0.0, expected, "（没有记录）", f"运行记录里没有 {named(entity)}。")
    if t > log.end:
        why = f"：{shorten(log.stopped, 80)}" if log.stopped else ""
        return Mark(0.0, expected, "运行被停止", f"运行到 {log.clock(log.end)} 就被停止了{why}。")
    return None


def guarded(log: HomeLog, guard: Guard | Mapping[str, Any] | None, expected: str) -> Mark | None:
    """Return the mark if what the guard asks for has not happened; None if it has, or there is no guard."""
    if guard is None:
        return None
    guard = guard if isinstance(guard, Guard) else Guard(**guard)
    if guard.service is None:
        assert guard.entity is not None  # the model has seen to it
        met = any(change.state == guard.state for change in log.states.get(guard.entity, ())[1:])
        what = f"{guard.entity} 变为 {guard.state}"
    else:
        found = [call for call in called(log, guard.service, guard.entity) if matches(call, guard.data)]
        met = len(found) >= guard.min
        target, times = f"（{guard.entity}）" if guard.entity else "", f" 至少 {guard.min} 次" if guard.min > 1 else ""
        what = f"调用 {guard.service}{target}{times}"
    if met:
        return None
    return Mark(0.0, expected, "前提没有达到", f"自动化还没有做到“{shorten(what, 100)}”，这一项不能凭什么都不做得分。")


def called(log: HomeLog, service: str, entity: str | None) -> list[Call]:
    """Return the calls of `service` (``domain.*``: of all of a domain) for `entity`, or for anything."""
    domain, _, name = service.partition(".")
    fitting = [call for call in log.calls if call.service == service or (name == "*" and call.service.startswith(f"{domain}."))]
    return [call for call in fitting if entity is None or entity in call.entities]


def matches(call: Call, data: Mapping[str, Any] | None) -> bool:
    """Return whether the call's data has these values: numbers and truths equal, texts occur in the call's text."""
    return all(key in call.data and _agree(call.data[key], value) for key, value in (data or {}).items())


def _agree(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list | tuple):
        return any(_agree(found, one) for one in wanted)
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        try:
            return abs(float(found) - float(wanted)) <= 1e-6
        except (TypeError, ValueError, OverflowError):
            return False
    return str(wanted) in str(found) if isinstance(wanted, str) else bool(found == wanted)


def state_at_all(log: HomeLog, entity: str, low: float, high: float) -> set[str]:
    """Return all states of `entity` in a span of time."""
    return {state for begin, end, state in log.spans(entity) if begin <= high and (end >= low or end == log.end)}


def never_in(
    log: HomeLog, entity: str, wanted: tuple[str, ...], span: tuple[float, float], while_: While | None, grace: float
) -> list[tuple[float, float, str]]:
    """Return when `entity` was in one of the states `wanted` for longer than `grace`, as (from, to, state)."""
    low, high = span
    others = [(low, high)]
    if while_:
        others = [(b, e) for b, e, state in log.spans(while_.entity) if state in states(while_.state)]
    found = []
    for begin, end, state in log.spans(entity):
        for first, last in others if state in wanted else ():
            both = max(begin, first, low), min(end, last, high)
            if both[1] - both[0] > grace:
                found.append((*both, state))
    return sorted(found)


def shown_calls(log: HomeLog, found: list[Call]) -> str:
    """Return how many calls were found, and when."""
    times = listing([log.clock(call.t) for call in found], 4)
    return f"{len(found)} 次（{times}）" if found else "0 次"

