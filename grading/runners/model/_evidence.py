"""What people look at to understand a model: what it is, what it takes, what it says."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from grading.cells import as_text
from grading.confusion import confusion
from grading.errors import ResponseError
from grading.model import Upload
from grading.runners.model._answer import Answer
from grading.tables import read_table

SHOWN_CLASSES = 20
SHOWN_ROWS = 8


def evidence(found: Answer, label: str | None, check: bytes) -> dict[str, Any]:
    """Return the evidence of kind `model`; label : the column of true labels in `check`, the CSV of public examples."""
    facts = found.facts
    shown: dict[str, Any] = {
        "kind": "model", "facts": asdict(facts), "ports": {
            "inputs": [str(port) for port in facts.inputs], "outputs": [str(port) for port in facts.outputs],
        },
        "ratio": None if facts.latency_ratio is None else round(facts.latency_ratio, 2),
        "latency_ms": None if facts.latency_ms is None else round(facts.latency_ms, 3),
    }  # fmt: skip
    if found.predictions is not None:
        said = Counter(map(as_text, found.predictions.tolist()))
        shown["said"] = [[name[:30], count] for name, count in said.most_common(SHOWN_CLASSES)] if len(said) <= SHOWN_CLASSES else []
        shown["count"] = len(found.predictions)
        shown["first"] = [as_text(value)[:30] for value in found.predictions.tolist()[:SHOWN_ROWS]]
    if label is not None and found.check_predictions is not None:
        shown["confusion"] = _confusion(label, check, found.check_predictions.tolist())
    return shown


def _confusion(label: str, check: bytes, predictions: list[Any]) -> dict[str, Any] | None:
    try:
        truth = read_table(Upload("check.csv", check)).column(label)
    except (ResponseError, ValueError):
        return None
    return confusion(truth, predictions) if len(truth) == len(predictions) else None
