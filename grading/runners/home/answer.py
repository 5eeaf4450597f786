"""What the engine answers, checked: it comes out of the sandbox, where a candidate's templates were rendered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field as Key, ValidationError

from grading.homelog import Call, Change, Checked, HomeLog
from grading.runners.home.spec import Scenario

Seconds = Annotated[float, Key(ge=0, le=90_000, allow_inf_nan=False)]
Count = Annotated[int, Key(ge=0, le=10**9)]
Words = Annotated[str, Key(max_length=400)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Automation(_Part):
    id: Words
    alias: Words
    valid: bool
    error: Words


class _Call(_Part):
    t: Seconds
    n: Count
    service: Words
    entities: list[Words] = Key(max_length=200)
    data: dict[Words, Any] = Key(max_length=50)
    automation: Words


class _Change(_Part):
    t: Seconds
    n: Count
    state: Words


class _Message(_Part):
    t: Seconds
    automation: Words
    text: Words


class _Answer(_Part):
    automations: list[_Automation] = Key(max_length=200)
    calls: list[_Call] = Key(max_length=5000)
    states: dict[Words, list[_Change]] = Key(max_length=2000)
    messages: list[_Message] = Key(max_length=200)
    end: Seconds
    stopped: Words


@dataclass(frozen=True)
class Answer:
    """The log, and what Home Assistant had to say while it ran (`t`, `automation`, `text`)."""

    log: HomeLog
    messages: tuple[dict[str, Any], ...]


def read_answer(found: Any, scenario: Scenario) -> Answer | None:
    """Return the engine's answer; None if it is not of the agreed form."""
    try:
        data = _Answer.model_validate(found)
    except ValidationError:
        return None
    ordered = {
        name: tuple(Change(round(one.t, 2), one.state, one.n) for one in sorted(track, key=lambda one: (one.t, one.n)))
        for name, track in data.states.items()
    }
    log = HomeLog(
        start=scenario.start, end=round(min(data.end, scenario.duration), 2), stopped=data.stopped,
        automations=tuple(Checked(a.id, a.alias, a.valid, a.error) for a in data.automations),
        calls=tuple(Call(round(c.t, 2), c.service, tuple(c.entities), c.data, c.automation, c.n) for c in data.calls), states=ordered,
    )
    return Answer(log, tuple(message.model_dump() for message in data.messages))
