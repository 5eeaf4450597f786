"""What is known of a model that was handed in as an ONNX file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Port:
    """An input or output: name, type of its elements (`float32`, `int64`, `sequence`…), sides of its shape (None: free)."""

    name: str
    type: str
    shape: tuple[int | None, ...] = ()

    def __str__(self) -> str:
        sides = ", ".join("N" if side is None else str(side) for side in self.shape)
        return f"{self.name}: {self.type}[{sides}]"


@dataclass(frozen=True)
class ModelFacts:
    """A model's own data, and what it took to run it.

    size_bytes : size of the file; opset, ml_opset : versions of the operator sets `ai.onnx` and `ai.onnx.ml` (0: not used);
    nodes : operators, inner graphs included; parameters : stored numbers; latency_ms, reference_ms : median time for all
    inputs at once, in ms, None if not measured; error : a Chinese sentence if the model could not be used, else "".
    """

    VALUE_KIND: ClassVar[str] = "model_facts"

    size_bytes: int
    opset: int = 0
    ml_opset: int = 0
    ir_version: int = 0
    producer: str = ""
    nodes: int = 0
    parameters: int = 0
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    latency_ms: float | None = None
    reference_ms: float | None = None
    error: str = ""

    @property
    def latency_ratio(self) -> float | None:
        """How many times as long as the reference the model takes; None if it was not measured."""
        if self.latency_ms is None or not self.reference_ms:
            return None
        return self.latency_ms / self.reference_ms
