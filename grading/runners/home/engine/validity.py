"""Is an automation valid? Home Assistant's own check decides; its message becomes a Chinese sentence where we know how."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from homeassistant.components.automation import config as automation_config
from homeassistant.exceptions import HomeAssistantError
from voluptuous import Invalid, MultipleInvalid

from .normalise import Twice, automation as with_old_keys

UNSUPPORTED = {
    "homeassistant": "系统启动", "sun": "日出日落", "zone": "区域", "device": "设备", "mqtt": "MQTT", "webhook": "Webhook", "tag": "标签",
    "calendar": "日历", "geo_location": "地理位置", "conversation": "语音对话", "persistent_notification": "通知",
}
_SECTIONS = {
    "trigger": "触发器", "condition": "条件", "action": "动作", "choose": "分支", "sequence": "动作", "conditions": "条件",
    "default": "默认动作", "then": "then 动作", "else": "else 动作", "if": "if 条件", "parallel": "并行分支",
    "wait_for_trigger": "等待的触发器",
}

_SENTENCES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"required key not provided", "缺少必需的键"),
    (r"extra keys not allowed", "不认识这个键"),
    (r"Invalid platform '(.*?)' specified", lambda m: _platform(m[1])),
    (r"Integration '(.*?)' does not provide (?:trigger|condition) support", lambda m: _platform(m[1])),
    (r"(?:Invalid|Unexpected value for) condition[: \"']+(\w+)", lambda m: _condition(m[1])),
    (r"Unable to determine action", "看不懂这个动作：要有 action（或 service）、delay、choose 等键，检查有没有拼错"),
    (r"Entity (?:ID )?(.*?) is an invalid entity ID", lambda m: f"{m[1]!r} 不是实体编号，应像 light.living_room"),
    (r"Service (.*?) does not match format", lambda m: f"{m[1]!r} 不是服务名，应像 light.turn_on"),
    (r"invalid template \((.*)\)", lambda m: f"模板写错了：{m[1]}"),
    (r"[Oo]ffset (.*?) should be format", lambda m: f"时长 {m[1]!r} 应写成 \"HH:MM:SS\" 或 minutes: 5 这样的形式"),
    (r"Invalid time specified: (.*)", lambda m: f"时刻 {m[1]!r} 不对，应加引号写成 \"22:30:00\""),
    (r"Expected HH:MM", "时刻应加引号，写成 \"22:30:00\""),
    (r"expected str\b", "这里应是文字：on、off、yes、no 会被读成真假，要加引号，写成 \"on\""),
    (r"value should be a string|string value is None", "这里应是文字，不能空着"),
    (r"expected float|expected int", "这里应是数字"),
    (r"must contain at least one of (.*?)[.]?$", lambda m: f"至少要写 {m[1]} 中的一个"),
    (r"value must be one of (\[.*?\])", lambda m: f"只能是 {m[1]} 中的一个"),
    (r"Expected a dictionary", "这里应是一个条件，或一段正确的模板：检查模板的括号和引号"),
    (r"expected a list|expected a dictionary|expected dict", "这里的结构不对，检查缩进和短横线"),
    (r"A value can never be above (.*?) and below (.*?) at the same time", lambda m: f"不可能既大于 {m[1]} 又小于 {m[2]}"),
)


def _platform(name: str) -> str:
    if name in UNSUPPORTED:
        return f"引擎不支持{UNSUPPORTED[name]}触发器（{name}）"
    return f"没有 {name!r} 这种触发器，检查拼写"


def _condition(name: str) -> str:
    if name in UNSUPPORTED:
        return f"引擎不支持{UNSUPPORTED[name]}条件（{name}）"
    return f"没有 {name!r} 这种条件，检查拼写"


async def check(hass: Any, number: int, item: Any, seen: set[str]) -> tuple[Any, str]:
    """Return an automation as Home Assistant will load it, and why it is not valid ('' if it is)."""
    if not isinstance(item, dict):
        return None, "自动化应是“键: 值”的形式，检查缩进和短横线。"
    try:
        config = with_old_keys(item)
    except Twice as error:
        return None, f"同时写了 {error.args[0]} 和 {error.args[1]}，只能写一个。"
    config.setdefault("id", f"exam_{number}")
    config["id"] = str(config["id"])
    config.setdefault("alias", f"自动化 {number + 1}")
    if config["id"] in seen:
        return None, f"id {config['id'][:40]!r} 与前面的自动化重复。"
    seen.add(config["id"])
    if "use_blueprint" in config:
        return None, "引擎不支持蓝图（use_blueprint）。"
    if unsupported := _unsupported(config):
        return None, unsupported
    if not config.get("trigger"):
        return None, "没有触发器，永远不会运行。"
    try:
        await automation_config.async_validate_config_item(hass, config["id"], config)
    except (Invalid, HomeAssistantError) as error:
        return None, sentence(error)
    return config, ""


def _unsupported(value: Any) -> str:
    """Return a sentence if a trigger or condition within is of a kind that the engine leaves out; Home Assistant knows them."""
    if isinstance(value, dict):
        for key, write in (("platform", _platform), ("condition", _condition)):
            if isinstance(value.get(key), str) and value[key] in UNSUPPORTED:
                return f"{write(value[key])}。"
        value = [one for key, one in value.items() if key not in ("data", "variables", "target")]
    if isinstance(value, list):
        return next((found for found in map(_unsupported, value) if found), "")
    return ""


def sentence(error: Exception) -> str:
    """Return what Home Assistant says of a faulty automation as one Chinese sentence."""
    first = error.errors[0] if isinstance(error, MultipleInvalid) else error
    path = list(first.path) if isinstance(first, Invalid) else []
    message = str(first.msg if isinstance(first, Invalid) else first)
    place = _place(path)
    return f"{place}{'：' if place else ''}{translate(message)}。"


def translate(message: str) -> str:
    """Return a message of Home Assistant in Chinese, or as it is."""
    for pattern, write in _SENTENCES:
        if found := re.search(pattern, message):
            return (write if isinstance(write, str) else write(found))[:200]
    return f"Home Assistant 不接受：{message[:200]}"


def _place(path: Iterable[Any]) -> str:
    parts: list[str] = []
    for step in path:
        if isinstance(step, int) and parts:
            parts[-1] += f"第 {step + 1} 项"
        else:
            parts.append(_SECTIONS.get(str(step), f"“{str(step)[:40]}”"))
    return "的".join(parts)
