"""`home.yaml` and `scenario.yaml`: a home with its rooms and devices, and what happens in it on one day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field as Key, ValidationError, field_validator

from grading.errors import TaskError
from grading.homelog import DAY, is_moment, second_of
from grading.model import Id, Spec
from grading.yamlfile import parse_yaml

ZONE = ZoneInfo("Asia/Shanghai")
DOMAINS = (
    "binary_sensor", "button", "climate", "cover", "device_tracker", "fan", "humidifier", "input_boolean", "input_number", "input_select",
    "input_text", "light", "lock", "media_player", "person", "sensor", "siren", "switch", "vacuum", "valve",
)
"""Kinds of device that a home may have. All services of those that do something are there (`engine/devices.py`)."""

EntityId = Annotated[str, Key(pattern=r"^[a-z_]+\.[a-z0-9_]{1,50}$")]
Place = Annotated[float, Key(ge=0, le=200)]
State = str | bool | int | float
Text = Annotated[str, Key(min_length=1, max_length=60)]
Model = TypeVar("Model", bound=Spec)


class Room(Spec):
    """A room on the floor plan: box is x, y, width, height; one unit is about ten centimetres."""

    id: Id
    name: Text
    box: tuple[Place, Place, Place, Place]


class Device(Spec):
    """One entity. kind : device class, which chooses icon and words (`motion`, `door`, `gas`, `temperature` …); at : x, y on the
    plan; states : the states that it can have, for the form; unit : of a sensor's number."""

    id: EntityId
    name: Text
    state: State
    kind: str = Key("", max_length=20)
    room: Id | None = None
    at: tuple[Place, Place] | None = None
    unit: str = Key("", max_length=10)
    states: tuple[Annotated[str, Key(max_length=30)], ...] = ()
    attributes: Mapping[Id, Any] = {}

    @field_validator("id")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.partition(".")[0] not in DOMAINS:
            raise ValueError(f"没有这类设备；可用：{'、'.join(DOMAINS)}")
        return value


class Scene(Spec):
    """A scene: entity → state, or a mapping of `state` and attributes."""

    name: Text
    entities: Mapping[EntityId, Any]


class Home(Spec):
    """A home; notify : names of its notify services (`phone` is `notify.phone`)."""

    title: Text
    rooms: tuple[Room, ...] = Key(min_length=1, max_length=20)
    entities: tuple[Device, ...] = Key(min_length=1, max_length=120)
    notify: tuple[Id, ...] = ()
    scenes: Mapping[EntityId, Scene] = {}

    def request(self) -> dict[str, Any]:
        """Return what the engine has to know, as plain data."""
        data: dict[str, Any] = self.model_dump(mode="json")
        for entity in data["entities"]:
            entity["state"] = plain_state(entity["state"])
            unit = {"unit_of_measurement": entity["unit"]} if entity["unit"] else {}
            kind = {"device_class": entity["kind"]} if entity["kind"] else {}
            entity["attributes"] = {**entity["attributes"], **unit, **kind}
        return data


class Event(Spec):
    """At a moment, entities get states (or a mapping of `state` and attributes); say : what a person would tell of it."""

    at: str | float
    set: Mapping[EntityId, State | Mapping[str, Any]] = Key(min_length=1)
    say: str = Key("", max_length=100)


class Scenario(Spec):
    """What happens: start is local time "2026-11-23 17:30:00", hours its length; initial : states that differ from the home's."""

    title: Text
    start: str
    hours: float = Key(gt=0, le=24)
    initial: Mapping[EntityId, State | Mapping[str, Any]] = {}
    events: tuple[Event, ...] = Key(max_length=500)

    @field_validator("start")
    @classmethod
    def _start(cls, value: str) -> str:
        datetime.strptime(value, "%Y-%m-%d %H:%M:%S")
        return value

    @field_validator("events")
    @classmethod
    def _events(cls, value: tuple[Event, ...]) -> tuple[Event, ...]:
        for event in value:
            if not is_moment(event.at):
                raise ValueError(f"at: {event.at!r} 应是 \"HH:MM\"、\"HH:MM:SS\" 或 0 到 {DAY} 的秒数")
        return value

    @property
    def duration(self) -> float:
        """Return the length in seconds."""
        return round(self.hours * 3600, 2)

    def moments(self) -> list[tuple[float, Event]]:
        """Return the events with their seconds, in order of time."""
        return sorted(((second_of(self.start, event.at), event) for event in self.events), key=lambda pair: pair[0])

    def request(self) -> dict[str, Any]:
        """Return what the engine has to know, as plain data."""
        start = datetime.fromisoformat(self.start).replace(tzinfo=ZONE).astimezone(UTC)
        events = [{"t": t, "set": _states(event.set)} for t, event in self.moments()]
        return {"start": start.isoformat(), "duration": self.duration, "initial": _states(self.initial), "events": events}


def plain_state(value: State) -> str:
    """Return a state as Home Assistant writes it; YAML 1.2 reads `on` as text, `true` is for those who know only 1.1."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _states(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: dict(value) if isinstance(value, Mapping) else plain_state(value) for key, value in values.items()}


def read_home(data: bytes, name: str) -> Home:
    """Return the home in `data`; TaskError names file and key."""
    home = _read(Home, data, name)
    _unique([device.id for device in home.entities], name)
    rooms = {room.id for room in home.rooms}
    for device in home.entities:
        if device.room is not None and device.room not in rooms:
            raise TaskError(f"{device.id} 的房间 {device.room!r} 不存在", file=name, key="entities")
    return home


def read_scenario(data: bytes, name: str, home: Home) -> Scenario:
    """Return the scenario in `data`, which sets only entities of `home` within its time; TaskError names file and key."""
    scenario = _read(Scenario, data, name)
    known = {device.id for device in home.entities}
    for where, values in [("initial", scenario.initial), *((f"events.{n}", event.set) for n, event in enumerate(scenario.events))]:
        if strange := [entity for entity in values if entity not in known]:
            raise TaskError(f"家里没有 {strange[0]!r}", file=name, key=where)
    if late := [t for t, _ in scenario.moments() if t > scenario.duration]:
        raise TaskError(f"事件在第 {late[0]:g} 秒，情景只有 {scenario.duration:g} 秒", file=name, key="events")
    return scenario


def _unique(ids: list[str], name: str) -> None:
    for one in ids:
        if ids.count(one) > 1:
            raise TaskError(f"实体 {one!r} 重复", file=name, key="entities")


def _read(model: type[Model], data: bytes, name: str) -> Model:
    try:
        found = parse_yaml(data.decode("utf-8-sig"), file=name)
    except UnicodeDecodeError:
        raise TaskError("文件不是 UTF-8 编码", file=name) from None
    if not isinstance(found, dict):
        raise TaskError("应是“键: 值”的形式", file=name)
    try:
        return model(**found)
    except (ValidationError, TypeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        raise TaskError(str(first["msg"]), file=name, key=".".join(str(part) for part in first["loc"])) from None
