"""Answer one request: what the model is, what it says for the given inputs, how long that takes.

request : {model, inputs, check, reference, drop, repeats}; names of files in the work directory ("" for none), columns of a
CSV that are no features, and how often the time is taken. answer : {facts, error, predictions, probabilities,
check_predictions, latency}; `error` is a Chinese sentence about the candidate's model, "" if all went well. A mistake in our own files
raises.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .given import read_inputs
from .look import ModelError, describe, load
from .speed import compare
from .use import Used, open_model


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to `request`."""
    found: dict[str, Any] = {"facts": None, "error": ""}
    try:
        data = Path(request["model"]).read_bytes()
        model = load(data)
        found["facts"] = describe(model, len(data))
        found.update(_use(request, data))
    except ModelError as error:
        found["error"] = str(error)
    return found


def _use(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    drop = set(request["drop"])
    used = open_model(data)
    inputs = read_inputs(request["inputs"], drop)
    predictions, probabilities = used.predict(inputs)
    found: dict[str, Any] = {"predictions": predictions, "probabilities": probabilities}
    if request["check"]:
        found["check_predictions"], _ = used.predict(read_inputs(request["check"], drop))
    reference = _reference(request["reference"])
    found["latency"] = compare(used, reference, inputs, request["repeats"])
    return found


def _reference(name: str) -> Used | None:
    """Return the task's own model; one that cannot be opened is our fault."""
    try:
        return open_model(Path(name).read_bytes()) if name else None
    except ModelError as error:
        raise RuntimeError(f"reference model: {error}") from None
