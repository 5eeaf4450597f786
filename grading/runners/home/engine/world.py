"""One house: a `core.HomeAssistant` without its server, simulated devices, and a record of all that happens."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from homeassistant import config_entries, core, loader
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry, device_registry, entity, entity_registry, issue_registry, restore_state, translation
from homeassistant.helpers.service import async_extract_referenced_entity_ids

from .clock import VirtualLoop
from .devices import SERVICES, BadCall, apply

MAX_CALLS, MAX_CHANGES, MAX_MESSAGES = 2000, 20_000, 60
_TARGET = ("entity_id", "area_id", "device_id")


class World:
    """The house while it runs: `hass`, and what was recorded (times in seconds since the start of the scenario)."""

    def __init__(self, loop: VirtualLoop, home: Mapping[str, Any], folder: str) -> None:
        self.loop, self.home, self.folder = loop, home, folder
        self.begin = 0.0
        self.calls: list[dict[str, Any]] = []
        self.states: dict[str, list[dict[str, Any]]] = {}
        self.messages: list[dict[str, Any]] = []
        self.changes = self.number = 0
        self.origin: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.scenes: dict[str, Mapping[str, Any]] = dict(home.get("scenes", {}))

    def now(self) -> float:
        """Return seconds since the start of the scenario, to the hundredth."""
        return max(0.0, round(self.loop.time() - self.begin, 2))

    async def build(self) -> None:
        """Make Home Assistant, its devices and their services."""
        self.hass = hass = core.HomeAssistant(self.folder)
        hass.config.skip_pip = True
        hass.config.location_name = "home"
        hass.config.set_time_zone("Asia/Shanghai")
        hass.config_entries = config_entries.ConfigEntries(hass, {})
        loader.async_setup(hass)
        entity.async_setup(hass)
        translation.async_setup(hass)
        for registry in (area_registry, device_registry, entity_registry, issue_registry):
            await registry.async_load(hass)
        hass.data[restore_state.DATA_RESTORE_STATE] = restore_state.RestoreStateData(hass)
        for domain in ("http", "webhook", "device_automation"):  # named as dependencies; nothing here needs them
            hass.config.components.add(domain)
        hass.set_state(core.CoreState.running)
        self._furnish()
        self._register()

    def _furnish(self) -> None:
        areas, entities = area_registry.async_get(self.hass), entity_registry.async_get(self.hass)
        rooms = {room["id"]: areas.async_create(room["id"]).id for room in self.home["rooms"]}
        for item in self.home["entities"]:
            domain, _, name = item["id"].partition(".")
            entry = entities.async_get_or_create(domain, "exam", item["id"], suggested_object_id=name)
            entities.async_update_entity(entry.entity_id, area_id=rooms.get(item.get("room")))
            self.hass.states.async_set(item["id"], item["state"], {"friendly_name": item["name"], **item.get("attributes", {})})
        for scene, content in self.scenes.items():
            self.hass.states.async_set(scene, "unknown", {"friendly_name": content.get("name", scene)})

    def _register(self) -> None:
        register = self.hass.services.async_register
        for domain, services in SERVICES.items():
            for name in services:
                register(domain, name, self._device_service)
        for name in ("turn_on", "turn_off", "toggle"):
            register("homeassistant", name, self._any_service)
        for name in (*self.home.get("notify", ()), "notify"):
            register("notify", name, self._notify)
        register("persistent_notification", "create", self._notify)
        register("scene", "turn_on", self._scene)
        register("scene", "apply", self._scene)

    def watch(self, begin: float) -> None:
        """Record from now on; second 0 of the scenario is the loop's second `begin`, a moment from now."""
        self.begin = begin
        for state in self.hass.states.async_all():
            if state.domain != "automation":
                self.states[state.entity_id] = [{"t": 0.0, "state": state.state, "n": 0}]
        self.hass.bus.async_listen("state_changed", core.callback(lambda event: self._changed(event)))
        self.hass.bus.async_listen("automation_triggered", core.callback(lambda event: self._triggered(event)))

    def _changed(self, event: Any) -> None:
        new, entity_id = event.data.get("new_state"), event.data["entity_id"]
        if new is None or new.domain == "automation":
            return
        track = self.states.setdefault(entity_id, [])
        if track and track[-1]["state"] == new.state:
            return
        self.changes += 1
        if self.changes > MAX_CHANGES:
            self.loop.stop_run(f"状态变化超过 {MAX_CHANGES} 次")
        track.append({"t": self.now(), "state": str(new.state)[:100], "n": self.order()})

    def _triggered(self, event: Any) -> None:
        self.origin[event.context.id] = self.names.get(event.data.get("entity_id"), "")

    def order(self) -> int:
        """Return 1, 2, 3 …: in which order things happened that have the same time."""
        self.number += 1
        return self.number

    def note(self, sentence: str, automation: str = "") -> None:
        """Keep something that a person should know of, once."""
        entry = {"t": self.now(), "automation": automation, "text": sentence[:300]}
        if len(self.messages) < MAX_MESSAGES and not any(m["text"] == entry["text"] for m in self.messages):
            self.messages.append(entry)

    # Services ------------------------------------------------------------------------------------------------------------

    def _log(self, call: Any, entities: list[str], data: Mapping[str, Any]) -> None:
        if len(self.calls) >= MAX_CALLS:
            self.loop.stop_run(f"服务调用超过 {MAX_CALLS} 次")
            return
        self.calls.append({
            "t": self.now(), "n": self.order(), "service": f"{call.domain}.{call.service}", "entities": entities[:50], "data": plain(data),
            "automation": self.origin.get(call.context.id, ""),
        })

    async def _targets(self, call: Any) -> list[str]:
        found = async_extract_referenced_entity_ids(self.hass, call, True)
        wanted = sorted(found.referenced | found.indirectly_referenced)
        if call.data.get("entity_id") == "all":
            wanted = sorted(item["id"] for item in self.home["entities"])
        return [one for one in wanted if call.domain == "homeassistant" or one.startswith(f"{call.domain}.")] or wanted

    async def _device_service(self, call: Any) -> None:
        data = {key: value for key, value in call.data.items() if key not in _TARGET}
        targets = await self._targets(call)
        self._log(call, targets, data)
        name = f"{call.domain}.{call.service}"
        if not targets:
            raise HomeAssistantError(f"服务 {name} 没有写要控制哪个实体（target）")
        for entity_id in targets:
            self._change(call, name, entity_id, data)

    def _change(self, call: Any, name: str, entity_id: str, data: Mapping[str, Any]) -> None:
        state = self.hass.states.get(entity_id)
        if state is None:
            raise HomeAssistantError(f"这个家里没有实体 {entity_id}")
        if not entity_id.startswith(f"{call.domain}."):
            raise HomeAssistantError(f"服务 {name} 不能控制 {entity_id}")
        try:
            service = SERVICES[call.domain][call.service]
            new, attributes = apply(service, name, state.state, state.attributes, data)
        except BadCall as error:
            raise HomeAssistantError(str(error)) from None
        self.hass.states.async_set(entity_id, new, attributes, context=call.context)

    async def _any_service(self, call: Any) -> None:
        for entity_id in await self._targets(call):
            domain = entity_id.partition(".")[0]
            if not self.hass.services.has_service(domain, call.service):
                self.note(f"homeassistant.{call.service} 不能控制 {entity_id}", self.origin.get(call.context.id, ""))
                continue
            await self.hass.services.async_call(domain, call.service, {"entity_id": entity_id}, blocking=True, context=call.context)

    async def _notify(self, call: Any) -> None:
        if not str(call.data.get("message", "")).strip():
            raise HomeAssistantError(f"服务 {call.domain}.{call.service} 缺少参数 message")
        self._log(call, [], call.data)

    async def _scene(self, call: Any) -> None:
        if call.service == "apply":
            wanted = {"": call.data.get("entities")}
        else:
            ids = await self._targets(call)
            wanted = {one: self.scenes.get(one, {}).get("entities") for one in ids}
        self._log(call, [one for one in wanted if one], {key: value for key, value in call.data.items() if key not in _TARGET})
        for scene, entities in wanted.items():
            if not isinstance(entities, Mapping):
                raise HomeAssistantError(f"没有场景 {scene}")
            for entity_id, value in entities.items():
                self._set(entity_id, value, call.context)
            if scene:
                self.hass.states.async_set(scene, dt.datetime.now(dt.UTC).isoformat(), context=call.context)

    def _set(self, entity_id: str, value: Any, context: Any) -> None:
        current = self.hass.states.get(entity_id)
        if current is None:
            raise HomeAssistantError(f"这个家里没有实体 {entity_id}")
        given = dict(value) if isinstance(value, Mapping) else {"state": value}
        state = given.pop("state", current.state)
        state = {True: "on", False: "off"}.get(state, state) if isinstance(state, bool) else state
        self.hass.states.async_set(entity_id, str(state), {**current.attributes, **given}, context=context)


class Messages(logging.Handler):
    """Takes what Home Assistant logs while a house runs, warnings and worse."""

    def __init__(self, world: World, read: Any) -> None:
        super().__init__(logging.WARNING)
        self.world, self.read = world, read

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line, read by `read(text)` → sentence, '' for what nobody needs to know."""
        object_id = record.name.rpartition(".")[2]
        if sentence := self.read(record.getMessage().splitlines()[0] if record.getMessage() else ""):
            self.world.note(sentence, self.world.names.get(f"automation.{object_id}", ""))


def plain(value: Any, depth: int = 4) -> Any:
    """Return JSON data of bounded size for anything that a candidate handed to a service."""
    if isinstance(value, Mapping):
        return {str(key)[:60]: plain(one, depth - 1) for key, one in list(value.items())[:20]} if depth else "…"
    if isinstance(value, list | tuple | set):
        return [plain(one, depth - 1) for one in list(value)[:20]] if depth else "…"
    if isinstance(value, bool | int | None.__class__):
        return value if not isinstance(value, int) or abs(value) < 2**53 else str(value)[:40]
    if isinstance(value, float):
        return value if abs(value) < 1e300 else str(value)
    return str(value)[:300]
