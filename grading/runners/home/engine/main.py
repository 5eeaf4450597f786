"""Answer a request: let automations run through a scenario in a home, and tell everything that happened."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import re
import tempfile
from typing import Any

import yaml
from homeassistant import setup
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.helpers import event as event_helper, script as script_helper

from . import normalise, validity
from .clock import Stopped, VirtualLoop
from .world import Messages, World

LEAD = 2.0
"""Seconds by which Home Assistant is up before the scenario begins, so that a time trigger on its first second is heard."""

MAX_STEPS = 50_000
"""Actions of all automations together, before a run is stopped."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return `{automations, scripts, calls, states, messages, end, stopped}`.

    request : text (YAML of a list of automations, or of `automation:`, `script:`, `scene:`), home, scenario (`start` in UTC as
    ISO text, `duration` in seconds, `initial`, `events` in order of time `t`).
    """
    scenario = request["scenario"]
    loop = VirtualLoop(dt.datetime.fromisoformat(scenario["start"]) - dt.timedelta(seconds=LEAD))
    asyncio.set_event_loop(loop)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return _play(loop, request, folder)
        finally:
            loop.close()
            asyncio.set_event_loop(None)


def _play(loop: VirtualLoop, request: dict[str, Any], folder: str) -> dict[str, Any]:
    event_helper.RANDOM_MICROSECOND_MIN = event_helper.RANDOM_MICROSECOND_MAX = 0  # no jitter: the same run, the same times
    world = World(loop, request["home"], folder)
    found: list[dict[str, Any]] = []
    limit_steps(loop)
    handler = Messages(world, read_log)
    root = logging.getLogger("homeassistant")
    root.addHandler(handler)
    root.propagate = False
    root.setLevel(logging.WARNING)
    with contextlib.suppress(Stopped):
        loop.run_until_complete(_run(world, request, found))
    root.removeHandler(handler)
    root.setLevel(logging.CRITICAL)
    stopped, end = loop.stopped, world.now()
    loop.wind_up()
    return {
        "automations": found, "calls": world.calls, "states": world.states, "messages": world.messages,
        "end": end if stopped else float(request["scenario"]["duration"]), "stopped": stopped,
    }


async def _run(world: World, request: dict[str, Any], found: list[dict[str, Any]]) -> None:
    scenario = request["scenario"]
    await world.build()
    for entity_id, value in scenario.get("initial", {}).items():
        world._set(entity_id, value, None)
    await _load(world, yaml.safe_load(request["text"]), found)
    await asyncio.sleep(LEAD - 0.01)
    world.watch(LEAD)
    world.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    for event in scenario["events"]:
        await _until(world, event["t"])
        for entity_id, value in event["set"].items():
            world._set(entity_id, value, None)
    await _until(world, float(scenario["duration"]))


async def _until(world: World, t: float) -> None:
    await asyncio.sleep(max(0.0, world.begin + t - world.loop.time()))


async def _load(world: World, document: Any, found: list[dict[str, Any]]) -> None:
    parts = document if isinstance(document, dict) else {"automation": document}
    await _load_scripts(world, parts.get("script"))
    _load_scenes(world, parts.get("scene"))
    items = parts.get("automation") or []
    items = items if isinstance(items, list) else [items]
    seen: set[str] = set()
    good: list[Any] = []
    for number, item in enumerate(items):
        config, error = await validity.check(world.hass, number, item, seen)
        named = item if isinstance(item, dict) else {}
        alias = str(named.get("alias") or f"自动化 {number + 1}")[:100]
        found.append({"id": str(named.get("id") or "")[:100], "alias": alias, "valid": not error, "error": error})
        if not error:
            good.append((config, alias))
    await setup.async_setup_component(world.hass, "automation", {"automation": [config for config, _ in good]})
    aliases = {config["id"]: alias for config, alias in good}
    for entity in world.hass.data["automation"].entities:
        world.names[entity.entity_id] = aliases.get(entity.unique_id, "")
        for entity_id in sorted(entity.referenced_entities):
            if world.hass.states.get(entity_id) is None:
                world.note(f"用到了这个家里没有的实体 {entity_id}", world.names[entity.entity_id])


async def _load_scripts(world: World, scripts: Any) -> None:
    if not scripts:
        return
    if not isinstance(scripts, dict):
        world.note("script 应是“名字: 内容”的形式")
        return
    items = {
        str(name): {**one, "sequence": normalise.sequence(one["sequence"])} if isinstance(one, dict) and "sequence" in one else one
        for name, one in scripts.items()
    }
    await setup.async_setup_component(world.hass, "script", {"script": items})


def _load_scenes(world: World, scenes: Any) -> None:
    for scene in scenes if isinstance(scenes, list) else []:
        if isinstance(scene, dict) and isinstance(scene.get("entities"), dict):
            name = re.sub(r"\W+", "_", str(scene.get("id") or scene.get("name") or "")).strip("_").lower()
            world.scenes[f"scene.{name}"] = {"name": str(scene.get("name", name)), "entities": scene["entities"]}
            world.hass.states.async_set(f"scene.{name}", "unknown")
        else:
            world.note("每个 scene 都要有 id（或 name）和 entities")


def limit_steps(loop: VirtualLoop) -> None:
    """Count every action of every automation; too many end the run, even if they never let the loop turn."""
    step = _STEP
    count = 0

    async def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count > MAX_STEPS:
            loop.stop_run("自动化执行的动作没有尽头：检查 repeat 的结束条件")
            raise Stopped
        return await step(self, *args, **kwargs)

    script_helper._ScriptRun._async_step = counted


_STEP = script_helper._ScriptRun._async_step
_SILENT = ("Already running", "already exists", "is taking over", "Setup of ", "Error executing script", "Referenced entities")
_ERRORS = (r"Error while executing automation \S+: (.*)", r"^[^:]*: Error executing script\. .*? at pos \d+: (.*)")


def read_log(message: str) -> str:
    """Return a line of Home Assistant's log as a sentence; '' for what nobody needs to know."""
    for pattern in _ERRORS:
        if found := re.search(pattern, message):
            message = found[1]
    if any(word in message for word in _SILENT):
        return ""
    if found := re.search(r"Service (\S+) not found|Unable to find service (\S+)", message):
        return f"没有服务 {found[1] or found[2]}"
    if found := re.search(r"Template variable \w+: (.*)", message):
        return f"模板里的变量有误：{found[1][:200]}"
    return message.strip()[:250]
