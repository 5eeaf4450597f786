"""The variables of one turn: what nodes put out, and `sys`, `conversation` and `env`; references in texts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from .words import clean

REFERENCE = re.compile(r"\{\{#([\w-]{1,64}(?:\.[\w-]{1,64}){0,10})#\}\}")
LONGEST = 20_000


class NodeError(Exception):
    """A node cannot do its work; the Chinese sentence goes into the transcript."""

    def __init__(self, message: str, kind: str = "error") -> None:
        super().__init__(message)
        self.kind = kind


class Pool:
    """Values by node and name."""

    def __init__(self, values: dict[str, dict[str, Any]]) -> None:
        self.values = values

    def get(self, path: Sequence[Any]) -> Any:
        """Return the value at `path` (node, variable, then keys or places in lists); None if there is none."""
        if len(path) < 2:
            return None
        value: Any = self.values.get(str(path[0]), {})
        for part in path[1:]:
            if isinstance(value, dict):
                value = value.get(str(part))
            elif isinstance(value, list) and str(part).isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def render(self, text: Any) -> str:
        """Return `text` with every `{{#node.variable#}}` replaced by its value as text."""
        found = REFERENCE.sub(lambda match: shown(self.get(match.group(1).split("."))), text if isinstance(text, str) else "")
        return found[:LONGEST]

    def put(self, node: str, outputs: dict[str, Any]) -> None:
        """Set the outputs of a node."""
        self.values[node] = outputs


def shown(value: Any) -> str:
    """Return a value as text: retrieved chunks as their contents, other lists and objects as JSON.

    >>> shown([{"content": "甲"}, {"content": "乙"}]), shown(None), shown({"a": True}), shown(2.0)
    ('甲\\n\\n乙', '', '{"a": true}', '2')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list) and value and all(isinstance(item, dict) and "content" in item for item in value):
        return "\n\n".join(shown(item["content"]) for item in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return clean(json.dumps(value, ensure_ascii=False))


def dicts(value: Any) -> list[dict[str, Any]]:
    """Return the mappings in a list, [] for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping, {} for anything else."""
    return value if isinstance(value, dict) else {}


def text_of(value: Any) -> str:
    """Return what an author typed as text: numbers as written, nothing for lists and mappings."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float)) else ""


def number_in(value: Any, default: float, low: float, high: float) -> float:
    """Return a setting as a number within bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return default
    try:
        number = float(value)
    except ValueError:
        return default
    return min(max(number, low), high) if number == number else default
