"""Simulated tools: a table of cases for each, failures on demand, and a record of every call."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .pool import NodeError, shown, text_of
from .words import cut, fold

FAILURES = {"timeout": "调用超时，没有返回", "error": "服务返回 500 内部错误", "invalid": "返回的数据格式无效"}
MAX_CALLS = 400


class ToolBox:
    """The tools of one conversation. calls : what was called, in order."""

    def __init__(self, tools: list[dict[str, Any]], failures: dict[str, list[str]], responses: dict[str, list[dict[str, Any]]]) -> None:
        self.tools = {tool["name"]: tool for tool in tools}
        self.failures = {name: list(kinds) for name, kinds in failures.items()}
        self.responses = responses
        self.calls: list[dict[str, Any]] = []

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """Return the tool's result; NodeError if there is no such tool, the arguments are wrong, or it fails."""
        if len(self.calls) >= MAX_CALLS:
            raise NodeError("工具调用次数太多")
        tool = self.tools.get(name)
        if tool is None:
            return self._record(name, arguments, error=f"没有名为 {name[:40]} 的工具")
        typed = {key: _typed(value, _property(tool, key)) for key, value in arguments.items() if value not in (None, "")}
        wrong = _violation(tool["parameters"], typed)
        if wrong:
            return self._record(name, typed, error=f"参数不符合要求：{wrong}")
        waiting = self.failures.get(name, [])
        planned = (waiting.pop(0) if len(waiting) > 1 else waiting[0]) if waiting else "ok"
        if planned != "ok":
            return self._record(name, typed, error=FAILURES[planned])
        return self._answer(tool, typed)

    def request(self, method: str, url: str, arguments: dict[str, Any]) -> Any:
        """Return what the simulated host at `url` answers; query parameters are arguments."""
        parts = urlsplit(url)
        address = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        for tool in self.tools.values():
            known = tool.get("http") or {}
            if known and known["method"] == method.upper() and known["url"].rstrip("/") == address:
                return self.call(tool["name"], {**dict(parse_qsl(parts.query)), **arguments})
        return self._record("http", {"method": method, "url": cut(url, 200)}, error="模拟环境里没有这个网址，请求没有发出")

    def _answer(self, tool: dict[str, Any], arguments: dict[str, Any]) -> Any:
        for case in [*self.responses.get(tool["name"], []), *tool["responses"]]:
            if all(_same(arguments.get(key), wanted) for key, wanted in case["when"].items()):
                if case["failure"]:
                    return self._record(tool["name"], arguments, error=FAILURES[case["failure"]])
                return self._record(tool["name"], arguments, result=case["result"])
        return self._record(tool["name"], arguments, error="没有符合这些参数的记录")

    def _record(self, name: str, arguments: dict[str, Any], *, result: Any = None, error: str = "") -> Any:
        self.calls.append({
            "tool": name[:64], "arguments": {key[:64]: _short(value) for key, value in arguments.items()}, "result": result, "error": error,
        })
        if error:
            raise NodeError(error, "tool")
        return result


def _short(value: Any) -> Any:
    return value if isinstance(value, (int, float, bool)) or value is None else cut(shown(value), 500)


def _property(tool: dict[str, Any], key: str) -> dict[str, Any]:
    found = tool["parameters"].get("properties", {}).get(key, {})
    return found if isinstance(found, dict) else {}


def _typed(value: Any, schema: dict[str, Any]) -> Any:
    """Return text as the number or truth value that the schema wants, if it spells one."""
    wanted, text = schema.get("type"), text_of(value).strip()
    if not isinstance(value, str):
        return shown(value) if wanted == "string" else value
    if wanted == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if wanted in ("integer", "number"):
        try:
            return int(text) if wanted == "integer" else float(text)
        except ValueError:
            return value
    return value


def _violation(schema: dict[str, Any], arguments: dict[str, Any]) -> str:
    import jsonschema

    found = jsonschema.Draft202012Validator(schema).iter_errors(arguments)
    errors = sorted(found, key=lambda error: (list(map(str, error.path)), error.message))
    return cut(_said(errors[0]), 200) if errors else ""


def _said(error: Any) -> str:
    place, wanted = ".".join(map(str, error.path)), error.validator_value
    if error.validator == "required":
        missing = [name for name in wanted if name not in error.instance]
        return f"缺少 {'、'.join(missing)}"
    if error.validator == "enum":
        return f"{place} 只能是 {'、'.join(map(str, wanted))}"
    words = {"type": f"{place} 应是 {wanted}", "pattern": f"{place} 的格式不对", "additionalProperties": "有多余的参数"}
    return words.get(str(error.validator)) or f"{place} {error.message}"


def _same(actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(_same(actual, one) for one in wanted)
    return fold(shown(actual)).strip() == fold(shown(wanted)).strip()
