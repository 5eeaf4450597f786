"""Smart home: what devices did in a scenario. All look at the log of a run (`HomeLog`).

Times are seconds since the start, or clock times ("22:30", "22:30:00"). An answer that does nothing keeps every device as it
was, so graders that reward *not* doing (`never`, `no_flapping`, `calls` with a minimum of 0) need a guard, `requires`: the
point only counts if the automations have shown that they work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field as Key

from grading.errors import TaskError
from grading.graders._home import (
    Entity,
    Guard,
    Moment,
    Service,
    State,
    While,
    called,
    clocked,
    guarded,
    matches,
    named,
    never_in,
    shown_calls,
    state_at_all,
    states,
    told,
    unknown,
    window,
)
from grading.homelog import HomeLog
from grading.model import Mark
from grading.registry import grader
from grading.text import listing, shorten

MARGIN = 1.0
"""Seconds by which a device may be early or late."""


def _check_times(*times: str) -> Callable[..., None]:
    def check(**args: Any) -> None:
        clocked(args, times)

    return check


@grader(validate=_check_times("at"))
def state_at(log: HomeLog, *, entity: Entity, at: Moment, equals: State | tuple[State, ...], requires: Guard | None = None) -> Mark:
    """Mark the state of one entity at one moment, give or take a second.

    Parameters
    ----------
    log : what happened
    entity : e.g. ``light.hall``
    at : the moment
    equals : the state that is right, or several; choose a moment at which it differs from that of an untouched home
    requires : guard, needed where doing nothing gives the same state

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> from grading.homelog import Change
    >>> log = HomeLog(end=60.0, states={"light.hall": (Change(0.0, "off"), Change(30.4, "on"))})
    >>> state_at(log, entity="light.hall", at=30, equals="on").fraction
    1.0
    """
    wanted, t = states(equals), log.moment(at)
    expected = f"{log.clock(t)} {named(entity)} 为 {'或 '.join(wanted)}"
    if problem := unknown(log, entity, t, expected) or guarded(log, requires, expected):
        return problem
    around = state_at_all(log, entity, t - MARGIN, t + MARGIN)
    found = told(log.state(entity, t))
    if any(state in wanted for state in around):
        return Mark(1.0, expected, found if found in wanted else wanted[0], "这个时刻的状态正确。")
    reason = f"{log.clock(t)} 时 {named(entity)} 是 {found}，应是 {'或 '.join(wanted)}。"
    return Mark(0.0, expected, found, reason)


@grader(validate=_check_times("after"))
def state_within(
    log: HomeLog, *, entity: Entity, becomes: State | tuple[State, ...], after: Moment, within: Annotated[float, Key(gt=0, le=86_400)],
    earliest: Annotated[float, Key(ge=0, le=86_400)] = 0.0,
) -> Mark:
    """Mark that an entity changes to a state soon enough, and not too soon. It must be a change: being there already is none.

    Parameters
    ----------
    log : what happened
    entity : e.g. ``light.hall``
    becomes : the state that is right, or several
    after : the moment from which is counted, e.g. when somebody comes in
    within : seconds
    earliest : seconds that must have passed at least, e.g. for a wait

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> from grading.homelog import Change
    >>> log = HomeLog(end=60.0, states={"light.hall": (Change(0.0, "off"), Change(30.4, "on"))})
    >>> state_within(log, entity="light.hall", becomes="on", after=28, within=3).fraction
    1.0
    """
    wanted, t = states(becomes), log.moment(after)
    span = f"{earliest:g}–{within:g} 秒" if earliest else f"{within:g} 秒"
    expected = f"{log.clock(t)} 之后 {span}内 {named(entity)} 变为 {'或 '.join(wanted)}"
    if problem := unknown(log, entity, t, expected):
        return problem
    turned = [change.t for change in log.states[entity][1:] if change.state in wanted and change.t >= t - MARGIN]
    if not turned:
        now = told(log.state(entity, t))
        found = f"一直没有变（{now}）"
        return Mark(0.0, expected, found, f"{log.clock(t)} 之后 {named(entity)} 没有变为 {'或 '.join(wanted)}。")
    late = round(turned[0] - t, 2)
    found = f"{log.clock(turned[0])} 变为 {told(log.state(entity, turned[0]))}"
    if late > within + MARGIN:
        return Mark(0.0, expected, found, f"变得太晚：过了 {late:g} 秒才变，应在 {within:g} 秒以内。")
    if late < earliest - MARGIN:
        return Mark(0.0, expected, found, f"变得太早：只过了 {max(late, 0.0):g} 秒，应至少等 {earliest:g} 秒。")
    return Mark(1.0, expected, found, "按时变为正确的状态。")


@grader(validate=_check_times("start", "end"))
def never(
    log: HomeLog, *, entity: Entity, state: State | tuple[State, ...], requires: Guard, start: Moment = 0,
    end: Moment | None = None, while_: While | None = None, grace: Annotated[float, Key(ge=0, le=3600)] = MARGIN,
) -> Mark:
    """Mark that an entity is never in a state, in a window, and only while another entity is in a state.

    Parameters
    ----------
    log : what happened
    entity : e.g. ``climate.living``
    state : the state that must not be, or several
    requires : guard; without it an answer that does nothing would earn the point
    start, end : the window; default is the whole scenario
    while_ : ``{entity: …, state: …}``; other times do not count
    grace : seconds that automations have to put an end to it, each time that it comes to that

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> from grading.homelog import Call, Change
    >>> log = HomeLog(end=60.0, states={"light.hall": (Change(0.0, "off"), Change(30.4, "on"))}, calls=(Call(1.0, "lock.lock"),))
    >>> never(log, entity="light.hall", state="on", end=20, requires={"service": "lock.lock"}).fraction
    1.0
    """
    wanted = states(state)
    low, high = window(log, start, end)
    when = f"，当 {named(while_.entity)} 为 {'或 '.join(states(while_.state))} 时" if isinstance(while_, While) else ""
    expected = shorten(f"{log.clock(low)}–{log.clock(high)}{when} {named(entity)} 不为 {'或 '.join(wanted)}", 190)
    if problem := unknown(log, entity, high, expected) or guarded(log, requires, expected):
        return problem
    if isinstance(while_, While) and (problem := unknown(log, while_.entity, high, expected)):
        return problem
    bad = never_in(log, entity, wanted, (low, high), while_ if isinstance(while_, While) else None, grace)
    if not bad:
        return Mark(1.0, expected, "没有出现", "不该出现的状态没有出现。")
    first, last, value = bad[0]
    found = f"{log.clock(first)} 到 {log.clock(last)} 为 {told(value)}"
    return Mark(0.0, expected, found, f"{log.clock(first)} 起 {named(entity)} 是 {told(value)}{when}，这是不允许的。")


def _check_calls(*, min: int, max: int | None, requires: Guard | None, after: Moment, before: Moment | None, **_: object) -> None:
    if max is not None and min > max:
        raise TaskError(f"min: {min} 大于 max: {max}", key="args.min")
    if min == 0 and requires is None:
        raise TaskError("min 为 0 时什么都不做也能得分，要写 requires", key="args.requires")
    clocked({"after": after, "before": before}, ("after", "before"))


@grader(validate=_check_calls)
def calls(
    log: HomeLog, *, service: Service, min: Annotated[int, Key(ge=0, le=1000)] = 1, max: Annotated[int, Key(ge=0, le=1000)] | None = None,
    entity: Entity | None = None, after: Moment = 0, before: Moment | None = None,
    data: dict[str, Any] | None = None, requires: Guard | None = None,
) -> Mark:
    """Mark how often a service was called by automations.

    Parameters
    ----------
    log : what happened
    service : e.g. ``notify.phone``; ``notify.*`` means all of the domain
    min, max : bounds, both included; without max there is none
    entity : only calls for it
    after, before : only calls in this window, give or take a second
    data : only calls whose data has these values; a text must occur in the call's text
    requires : guard, needed if min is 0

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> from grading.homelog import Call
    >>> log = HomeLog(end=60.0, calls=(Call(3.0, "notify.phone", data={"message": "厨房燃气报警"}),))
    >>> calls(log, service="notify.phone", data={"message": "燃气"}).fraction
    1.0
    """
    low, high = window(log, after, before)
    found = [call for call in called(log, service, entity) if low - MARGIN <= call.t <= high + MARGIN and matches(call, data)]
    count = f"{min} 次" if min == max else f"至多 {max} 次" if min == 0 else f"至少 {min} 次" if max is None else f"{min}–{max} 次"
    target = f"（{entity}）" if entity else ""
    expected = shorten(f"{log.clock(low)}–{log.clock(high)} 调用 {service}{target} {count}", 190)
    if high > log.end and log.stopped:
        return Mark(0.0, expected, "运行被停止", f"运行到 {log.clock(log.end)} 就被停止了：{shorten(log.stopped, 80)}。")
    if problem := guarded(log, requires, expected):
        return problem
    told = shown_calls(log, found)
    if len(found) < min:
        near = [call for call in called(log, service, entity) if call not in found]
        hint = f"另有 {len(near)} 次的时间或内容不符合" if near else "没有别的调用"
        return Mark(0.0, expected, told, f"只调用了 {len(found)} 次，{hint}。")
    if max is not None and len(found) > max:
        return Mark(0.0, expected, told, f"调用了 {len(found)} 次，太多了。")
    return Mark(1.0, expected, told, "调用的次数、时间和内容都正确。")


@grader(validate=_check_times("start", "end"))
def no_flapping(
    log: HomeLog, *, entity: Entity, max: Annotated[int, Key(ge=0, le=1000)], requires: Guard, start: Moment = 0, end: Moment | None = None
) -> Mark:
    """Mark that an entity does not change too often, e.g. a light that goes off and on again while somebody is in the room.

    Parameters
    ----------
    log : what happened
    entity : e.g. ``light.hall``
    max : so many changes are allowed in the window
    requires : guard; without it an answer that does nothing would earn the point
    start, end : the window; default is the whole scenario

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> from grading.homelog import Call, Change
    >>> log = HomeLog(end=60.0, states={"light.hall": (Change(0.0, "off"), Change(30.4, "on"))}, calls=(Call(30.4, "light.turn_on"),))
    >>> no_flapping(log, entity="light.hall", max=1, requires={"service": "light.turn_on"}).fraction
    1.0
    """
    low, high = window(log, start, end)
    expected = f"{log.clock(low)}–{log.clock(high)} {named(entity)} 至多变 {max} 次"
    if problem := unknown(log, entity, high, expected) or guarded(log, requires, expected):
        return problem
    changes = [change for change in log.states[entity][1:] if low <= change.t <= high]
    found = f"变了 {len(changes)} 次"
    if len(changes) <= max:
        return Mark(1.0, expected, found, "没有反复开关。")
    places = listing([f"{log.clock(change.t)} {change.state}" for change in changes], 4)
    return Mark(0.0, expected, found, f"{named(entity)} 变化太频繁：{shorten(places, 100)}。")


@grader
def valid_automation(log: HomeLog, *, min: Annotated[int, Key(ge=1, le=60)], all: bool = True) -> Mark:
    """Mark the automations themselves: how many of them Home Assistant accepts.

    Parameters
    ----------
    log : what happened
    min : so many valid automations are needed
    all : True if there may be no invalid one besides

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> from grading.homelog import Checked
    >>> valid_automation(HomeLog(automations=(Checked("", "开灯", True),)), min=1).fraction
    1.0
    """
    valid = [one for one in log.automations if one.valid]
    faulty = [one for one in log.automations if not one.valid]
    expected = f"至少 {min} 条有效的自动化" + ("，没有无效的" if all else "")
    found = f"{len(valid)} 条有效" + (f"，{len(faulty)} 条无效" if faulty else "")
    if faulty and all:
        first = faulty[0]
        return Mark(0.0, expected, found, f"“{shorten(first.alias, 30)}”无效：{shorten(first.error.rstrip('。'), 120)}。")
    if len(valid) >= min:
        return Mark(1.0, expected, found, "自动化的数量和写法都符合要求。")
    return Mark(0.0, expected, found, f"有效的自动化只有 {len(valid)} 条，要有 {min} 条。")
