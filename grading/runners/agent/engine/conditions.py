"""The conditions of if-else nodes, in the old form (one list, branches true and false) and the new one (cases)."""

from __future__ import annotations

from typing import Any

from .pool import NodeError, Pool, dicts, shown


def choose(data: dict[str, Any], pool: Pool) -> tuple[str, str]:
    """Return the branch of the first case that holds (`false` if none does), and what was compared."""
    cases = dicts(data.get("cases")) or [{**data, "case_id": "true"}]
    seen: list[str] = []
    for case in cases:
        results = [_holds(condition, pool, seen) for condition in dicts(case.get("conditions"))]
        joined = any(results) if case.get("logical_operator") == "or" else all(results)
        if results and joined:
            return str(case.get("case_id") or case.get("id") or "true"), "；".join(seen)
    return "false", "；".join(seen)


def _holds(condition: dict[str, Any], pool: Pool, seen: list[str]) -> bool:
    selector = condition.get("variable_selector")
    path = selector if isinstance(selector, list) else []
    actual, operator = pool.get(path), str(condition.get("comparison_operator", ""))
    raw = condition.get("value")
    wanted = [pool.render(item) for item in raw] if isinstance(raw, list) else pool.render("" if raw is None else shown(raw))
    result = compare(actual, operator, wanted)
    seen.append(f"{'.'.join(map(str, path))}={shown(actual)[:24]} {operator} {shown(wanted)[:24]} → {'是' if result else '否'}")
    return result


def compare(actual: Any, operator: str, wanted: Any) -> bool:
    """Return whether the comparison holds, as Dify decides it. NodeError for an unknown operator.

    >>> compare("SO123", "start with", "SO"), compare("", "empty", ""), compare("12", "≥", "9"), compare("a", "in", ["a"])
    (True, True, True, True)
    """
    positive = {"not contains": "contains", "is not": "is", "not empty": "empty", "not in": "in", "≠": "=", "not null": "null",
                "not exists": "exists"}
    if operator in positive:
        return not compare(actual, positive[operator], wanted)
    text = shown(actual)
    if operator in ("empty", "null"):
        return actual in (None, "", [], {})
    if operator == "exists":
        return actual is not None
    if operator == "contains":
        return shown(wanted) in actual if isinstance(actual, list) else shown(wanted) in text
    if operator in ("start with", "end with"):
        return text.startswith(shown(wanted)) if operator == "start with" else text.endswith(shown(wanted))
    if operator == "is":
        return text.casefold() == shown(wanted).casefold() if isinstance(actual, bool) else text == shown(wanted)
    if operator in ("in", "all of"):
        listed = wanted if isinstance(wanted, list) else [part.strip() for part in shown(wanted).split(",")]
        return text in listed if operator == "in" else all(item in text for item in listed)
    return _compare_numbers(actual, operator, wanted)


def _compare_numbers(actual: Any, operator: str, wanted: Any) -> bool:
    if operator not in ("=", ">", "<", "≥", "≤"):
        raise NodeError(f"条件里的比较方式 {operator[:20]} 不认识")
    try:
        left, right = float(shown(actual)), float(shown(wanted))
    except ValueError:
        if shown(actual) == "":
            return False
        raise NodeError(f"不能按数字比较“{shown(actual)[:30]}”和“{shown(wanted)[:30]}”") from None
    return {"=": left == right, ">": left > right, "<": left < right, "≥": left >= right, "≤": left <= right}[operator]
