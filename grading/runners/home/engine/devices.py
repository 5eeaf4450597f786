"""What the simulated devices do when a service is called: the new state, and what becomes of the attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

HVAC_MODES = ("off", "heat", "cool", "auto", "heat_cool", "dry", "fan_only")
_LIGHT = ("brightness", "brightness_pct", "brightness_step", "brightness_step_pct", "color_temp", "color_temp_kelvin", "kelvin",
    "rgb_color", "hs_color", "xy_color", "color_name", "effect", "flash", "transition", "profile", "white")

New = Callable[[str, Mapping[str, Any]], str]


@dataclass(frozen=True)
class Service:
    """state(current, data) : the state after the call; allowed : keys of the call's data, stored as attributes of the device
    unless `forget`; needed : keys that must be there."""

    state: New
    allowed: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    forget: bool = False
    rename: Mapping[str, str] = field(default_factory=dict)


class BadCall(ValueError):
    """A service was called with what it does not take; args: one Chinese sentence without its full stop."""


def _to(state: str) -> New:
    return lambda _current, _data: state


def _same(current: str, _data: Mapping[str, Any]) -> str:
    return current


def _toggle(on: str, off: str) -> New:
    return lambda current, _data: off if current == on else on


def _switch(allowed: tuple[str, ...] = ()) -> dict[str, Service]:
    return {
        "turn_on": Service(_to("on"), allowed), "turn_off": Service(_to("off"), ("transition", "flash"), forget=True),
        "toggle": Service(_toggle("on", "off"), allowed),
    }


def _hvac(_current: str, data: Mapping[str, Any]) -> str:
    mode = str(data["hvac_mode"])
    if mode not in HVAC_MODES:
        raise BadCall(f"hvac_mode 没有 {mode[:30]!r}；可用：{'、'.join(HVAC_MODES)}")
    return mode


def _temperature(current: str, data: Mapping[str, Any]) -> str:
    _number(data, "temperature", 5, 40)
    return _hvac(current, data) if "hvac_mode" in data else current


def _number(data: Mapping[str, Any], key: str, low: float, high: float) -> float:
    try:
        value = float(data[key])
    except (TypeError, ValueError):
        raise BadCall(f"{key} 应是数字，实际是 {str(data[key])[:30]!r}") from None
    if not low <= value <= high:
        raise BadCall(f"{key} 应在 {low:g} 到 {high:g} 之间，实际是 {value:g}")
    return value


def _position(key: str) -> New:
    return lambda _current, data: "open" if _number(data, key, 0, 100) > 0 else "closed"


def _percentage(_current: str, data: Mapping[str, Any]) -> str:
    return "on" if _number(data, "percentage", 0, 100) > 0 else "off"


def _value(key: str) -> New:
    def state(_current: str, data: Mapping[str, Any]) -> str:
        return str(data[key])

    return state


def _float(_current: str, data: Mapping[str, Any]) -> str:
    return str(_number(data, "value", -1e9, 1e9))


def _openable(position: str, suffix: str = "") -> dict[str, Service]:
    return {
        f"open{suffix}": Service(_to("open")), f"close{suffix}": Service(_to("closed")), f"stop{suffix}": Service(_same),
        position: Service(_position("position"), ("position",), ("position",)), "toggle": Service(_toggle("open", "closed")),
    }


SERVICES: Mapping[str, Mapping[str, Service]] = {
    "light": _switch(_LIGHT),
    "switch": _switch(),
    "input_boolean": _switch(),
    "siren": _switch(("tone", "duration", "volume_level")),
    "fan": {
        **_switch(("percentage", "preset_mode")), "set_percentage": Service(_percentage, ("percentage",), ("percentage",)),
        "set_preset_mode": Service(_to("on"), ("preset_mode",), ("preset_mode",)),
    },
    "humidifier": {**_switch(), "set_humidity": Service(_same, ("humidity",), ("humidity",))},
    "climate": {
        "turn_on": Service(_to("auto")), "turn_off": Service(_to("off")),
        "set_hvac_mode": Service(_hvac, ("hvac_mode",), ("hvac_mode",), forget=True),
        "set_temperature": Service(_temperature, ("temperature", "hvac_mode"), ("temperature",)),
        "set_fan_mode": Service(_same, ("fan_mode",), ("fan_mode",)),
        "set_preset_mode": Service(_same, ("preset_mode",), ("preset_mode",)),
    },
    "lock": {"lock": Service(_to("locked"), ("code",), forget=True), "unlock": Service(_to("unlocked"), ("code",), forget=True)},
    "cover": _openable("set_cover_position", "_cover"),
    "valve": _openable("set_valve_position", "_valve"),
    "media_player": {
        **_switch(), "media_play": Service(_to("playing")), "media_pause": Service(_to("paused")), "media_stop": Service(_to("idle")),
        "play_media": Service(_to("playing"), ("media_content_id", "media_content_type"), ("media_content_id",)),
        "volume_set": Service(_same, ("volume_level",), ("volume_level",)),
    },
    "vacuum": {
        "start": Service(_to("cleaning")), "pause": Service(_to("paused")), "stop": Service(_to("idle")),
        "return_to_base": Service(_to("docked")),
    },
    "input_number": {"set_value": Service(_float, ("value",), ("value",), forget=True)},
    "input_select": {"select_option": Service(_value("option"), ("option",), ("option",), forget=True)},
    "input_text": {"set_value": Service(_value("value"), ("value",), ("value",), forget=True)},
    "button": {"press": Service(_same)},
}
"""domain → service → what it does. The services of every domain are there, whether or not the home has such a device."""


def apply(service: Service, name: str, current: str, attributes: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a device's state and attributes after a call of `service`; BadCall for what it does not take."""
    if strange := [key for key in data if key not in service.allowed]:
        allowed = f"；可用：{'、'.join(service.allowed)}" if service.allowed else ""
        raise BadCall(f"服务 {name} 没有参数 {str(strange[0])[:40]!r}{allowed}")
    if missing := [key for key in service.needed if key not in data]:
        raise BadCall(f"服务 {name} 缺少参数 {missing[0]}")
    state = service.state(current, data)
    return state, {**attributes, **({} if service.forget else data)}
