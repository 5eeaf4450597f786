"""Key names of Home Assistant 2024.10 and later, turned into those that this engine's version knows (both are accepted).

Only the places where the grammar has such keys are walked: the data that an action hands to a service stays as it is.
"""

from __future__ import annotations

from typing import Any

RENAMED = {"triggers": "trigger", "conditions": "condition", "actions": "action"}


class Twice(ValueError):
    """A key is written under its old and its new name; args: old, new."""


def automation(item: Any) -> Any:
    """Return an automation with the old key names. Twice if a key is written under both names."""
    if not isinstance(item, dict):
        return item
    for new, old in RENAMED.items():
        if new in item and old in item:
            raise Twice(old, new)
    found = {RENAMED.get(key, key): value for key, value in item.items()}
    if "trigger" in found:
        found["trigger"] = _each(found["trigger"], _trigger)
    if "action" in found:
        found["action"] = sequence(found["action"])
    return found


def sequence(actions: Any) -> Any:
    """Return one action or a list of actions with the old key names."""
    return _each(actions, _action)


def _each(value: Any, change: Any) -> Any:
    return [change(one) for one in value] if isinstance(value, list) else change(value)


def _trigger(item: Any) -> Any:
    if not isinstance(item, dict) or "platform" in item or not isinstance(item.get("trigger"), str):
        return item
    return {("platform" if key == "trigger" else key): value for key, value in item.items()}


def _action(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    found = dict(item)
    if isinstance(found.get("action"), str) and "service" not in found:
        found = {("service" if key == "action" else key): value for key, value in found.items()}
    for key in ("then", "else", "default"):
        if key in found:
            found[key] = sequence(found[key])
    if isinstance(found.get("repeat"), dict) and "sequence" in found["repeat"]:
        found["repeat"] = {**found["repeat"], "sequence": sequence(found["repeat"]["sequence"])}
    if "wait_for_trigger" in found:
        found["wait_for_trigger"] = _each(found["wait_for_trigger"], _trigger)
    for key in ("choose", "parallel"):
        if key in found:
            found[key] = _each(found[key], _branch)
    if "sequence" in found and not found.keys() & {"parallel", "repeat", "choose"}:
        # A group of actions came with 2024.8; one branch of `parallel` is the same.
        found["parallel"] = [{"sequence": sequence(found.pop("sequence"))}]
    return found


def _branch(item: Any) -> Any:
    if isinstance(item, dict) and "sequence" in item:
        return {**item, "sequence": sequence(item["sequence"])}
    return _action(item)
