"""The nodes that compute, remember and call: code, template, aggregator, assigner, tool, HTTP request."""

from __future__ import annotations

import json
from typing import Any

from .pool import NodeError, Pool, dicts, mapping, shown, text_of
from .turn import Done, Turn

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "boolean": (bool,), "object": (dict,), "array[string]": (list,),
    "array[number]": (list,), "array[object]": (list,), "array[boolean]": (list,), "array": (list,),
}


def code(data: dict[str, Any], turn: Turn) -> Done:
    """Run the candidate's Python function `main` apart from everything else."""
    if str(data.get("code_language", "python3")) not in ("python3", "python"):
        raise NodeError("代码节点只执行 python3")
    given = _inputs(data, turn.pool)
    value = turn.isolation.run("code", str(data.get("code") or ""), given)
    if not isinstance(value, dict):
        raise NodeError("函数 main 应返回字典")
    outputs: dict[str, Any] = {}
    for name, declared in mapping(data.get("outputs")).items():
        kind = text_of(mapping(declared).get("type")) or "string"
        if name not in value:
            raise NodeError(f"函数 main 的结果里没有 {name[:40]}")
        if not _fits(value[name], kind):
            raise NodeError(f"输出 {name[:40]} 应是 {kind}，实际是 {type(value[name]).__name__}")
        outputs[name] = value[name]
    return Done(outputs, shown=shown(given))


def _fits(value: Any, kind: str) -> bool:
    if value is None:
        return True
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _TYPES.get(kind, (object,)))


def template_transform(data: dict[str, Any], turn: Turn) -> Done:
    """Render a Jinja template, apart from everything else."""
    given = _inputs(data, turn.pool)
    return Done({"output": shown(turn.isolation.run("template", str(data.get("template") or ""), given))[:20_000]}, shown=shown(given))


def _inputs(data: dict[str, Any], pool: Pool) -> dict[str, Any]:
    entries = [entry for entry in dicts(data.get("variables")) if isinstance(entry.get("value_selector"), list)]
    return {text_of(entry.get("variable")): pool.get(entry["value_selector"]) for entry in entries}


def variable_aggregator(data: dict[str, Any], turn: Turn) -> Done:
    """Give the first of several variables that has a value."""
    settings = mapping(data.get("advanced_settings"))
    outputs: dict[str, Any] = {"output": _first(data.get("variables"), turn.pool)}
    if settings.get("group_enabled"):
        for group in dicts(settings.get("groups")):
            outputs[text_of(group.get("group_name"))] = {"output": _first(group.get("variables"), turn.pool)}
    return Done(outputs)


def _first(selectors: Any, pool: Pool) -> Any:
    found = [pool.get(selector) for selector in selectors if isinstance(selector, list)] if isinstance(selectors, list) else []
    return next((value for value in found if value not in (None, "")), "")


def assigner(data: dict[str, Any], turn: Turn) -> Done:
    """Write conversation variables (both forms: one variable, or a list of items)."""
    items = dicts(data.get("items"))
    if not items:
        items = [{
            "variable_selector": data.get("assigned_variable_selector"), "operation": data.get("write_mode"),
            "input_type": "variable", "value": data.get("input_variable_selector"),
        }]
    changed = []
    for item in items:
        target = item.get("variable_selector")
        if not isinstance(target, list) or len(target) != 2 or target[0] != "conversation":
            raise NodeError("只能给会话变量赋值")
        pool = turn.pool.values["conversation"]
        name = str(target[1])
        if name not in pool:
            raise NodeError(f"没有会话变量 {name[:40]}")
        value = item.get("value")
        if item.get("input_type") != "constant" and isinstance(value, list):
            value = turn.pool.get(value)
        pool[name] = _changed(pool[name], text_of(item.get("operation")), turn.pool.render(value) if isinstance(value, str) else value)
        changed.append(f"{name}={shown(pool[name])[:60]}")
    return Done({}, note="；".join(changed))


def _changed(old: Any, operation: str, value: Any) -> Any:
    if operation == "clear":
        return [] if isinstance(old, list) else {} if isinstance(old, dict) else 0 if isinstance(old, (int, float)) else ""
    if operation in ("over-write", "set", ""):
        return value
    if operation in ("append", "extend") and isinstance(old, list):
        return [*old, *(value if operation == "extend" and isinstance(value, list) else [value])][:200]
    numbers = isinstance(old, (int, float)) and isinstance(value, (int, float))
    if operation in ("+=", "-=") and numbers:
        return old + value if operation == "+=" else old - value
    raise NodeError(f"会话变量的操作 {operation[:20]} 用不上")


def tool(data: dict[str, Any], turn: Turn) -> Done:
    """Call a simulated tool."""
    name = text_of(data.get("tool_name"))
    given = {key: _parameter(value, turn.pool) for key, value in mapping(data.get("tool_parameters")).items()}
    return _called(data, lambda: turn.tools.call(name, given), given)


def _parameter(value: Any, pool: Pool) -> Any:
    if not isinstance(value, dict):
        return pool.render(value) if isinstance(value, str) else value
    inner = value.get("value")
    if isinstance(inner, list) and value.get("type") == "variable":
        return pool.get(inner)
    return pool.render(inner) if isinstance(inner, str) else inner


def _called(data: dict[str, Any], call: Any, given: dict[str, Any]) -> Done:
    """Call, again if the node says so and it failed; the result goes out as text, as JSON and, of an object, field by field."""
    retry = mapping(data.get("retry_config"))
    count = retry.get("max_retries")
    times = 1 + (min(max(count, 0), 5) if retry.get("retry_enabled") and isinstance(count, int) else 0)
    for left in range(times - 1, -1, -1):
        try:
            result = call()
            break
        except NodeError:
            if not left:
                raise
    fields = dict(result) if isinstance(result, dict) else {}
    return Done({**fields, "text": shown(result), "json": result if isinstance(result, list) else [result]}, shown=shown(given))


def http_request(data: dict[str, Any], turn: Turn) -> Done:
    """Ask a simulated host; real ones are never reached."""
    url, method = turn.pool.render(data.get("url")), (text_of(data.get("method")) or "get").upper()
    given = dict(_pairs(turn.pool.render(data.get("params"))))
    given |= _body(mapping(data.get("body")), turn.pool)
    done = _called(data, lambda: turn.tools.request(method, url, given), {"url": url, **given})
    return Done({"body": done.outputs["text"], "status_code": 200, "headers": {"content-type": "application/json"}}, shown=done.shown)


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in text.splitlines()) if key.strip()]


def _body(body: dict[str, Any], pool: Pool) -> dict[str, Any]:
    data = body.get("data")
    text = pool.render(data if isinstance(data, str) else "".join(str(part.get("value") or "") for part in dicts(data)))
    if not text.strip():
        return {}
    if body.get("type") != "json":
        return {"body": text}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise NodeError("请求正文不是正确的 JSON") from None
    return found if isinstance(found, dict) else {"body": text}
