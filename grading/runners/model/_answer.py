"""From the engine's answer to checked values: nothing that came out of the sandbox is believed by its looks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grading.errors import ResponseError, SandboxError
from grading.model_facts import ModelFacts, Port
from grading.runners._artifacts import from_value

MAX_ROWS = 1_000_000
_COUNTS = ("opset", "ml_opset", "ir_version", "nodes", "parameters")


@dataclass(frozen=True)
class Answer:
    """What the engine found; arrays are numpy's, None where the model gave none."""

    facts: ModelFacts
    predictions: Any = None
    probabilities: Any = None
    check_predictions: Any = None


def read_answer(answer: Any, size: int) -> Answer:
    """Return the checked answer; size : bytes of the model. SandboxError if it is not what the engine writes."""
    if not isinstance(answer, dict) or not isinstance(answer.get("error"), str):
        raise SandboxError("推理程序的结果不能识别。")
    try:
        facts = _facts(answer, size)
        if facts.error:
            return Answer(facts)
        return Answer(facts, _rows(answer, "predictions", 1), _rows(answer, "probabilities", 2), _rows(answer, "check_predictions", 1))
    except (KeyError, TypeError, ValueError, OverflowError, ResponseError) as error:
        raise SandboxError(f"推理程序的结果不能识别：{str(error)[:80]}") from None


def _facts(answer: Mapping[str, Any], size: int) -> ModelFacts:
    error, found = answer["error"][:200], answer.get("facts")
    if found is None:
        return ModelFacts(size, error=error or "模型没有任何信息。")
    times = answer.get("latency") or {}
    counts = {name: _count(found[name]) for name in _COUNTS}
    return ModelFacts(
        size, **counts, producer=str(found["producer"])[:80], inputs=_ports(found["inputs"]), outputs=_ports(found["outputs"]),
        latency_ms=_time(times.get("model")), reference_ms=_time(times.get("reference")), error=error,
    )


def _ports(found: Any) -> tuple[Port, ...]:
    return tuple(
        Port(str(one["name"])[:80], str(one["type"])[:20], tuple(None if side is None else _count(side) for side in one["shape"][:8]))
        for one in found[:50]
    )


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"{value!r} is no count")
    return value


def _time(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{value!r} is no time")
    return number


def _rows(answer: Mapping[str, Any], name: str, axes: int) -> Any:
    value = answer.get(name)
    if value is None:
        return None
    array = from_value("array", name, value)
    if array.ndim != axes or not 0 < len(array) <= MAX_ROWS or (array.dtype.kind == "f" and not _finite(array)):
        raise ValueError(f"{name} has another shape")
    return array


def _finite(array: Any) -> bool:
    import numpy as np  # not needed to load a task

    return bool(np.isfinite(array).all())
