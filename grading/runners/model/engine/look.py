"""What an ONNX file says of itself, and what keeps it from being used. Nothing is executed here."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import onnx
from onnx import TensorProto

STANDARD = {"", "ai.onnx", "ai.onnx.ml"}
MAX_DEPTH = 20
MOST = 2**53
"""Numbers above this are a mistake in the file, and no number of anything."""


class ModelError(Exception):
    """What is wrong with a model: one Chinese sentence for the candidate."""


def load(data: bytes) -> Any:
    """Return the parsed model; ModelError if the bytes are none, or need what cannot be handed in."""
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # protobuf's own, which differ between its versions
        raise ModelError(_no_model(data)) from None
    if not model.graph.node or not model.opset_import:
        raise ModelError(_no_model(data))
    external = [tensor.name for tensor in _tensors(model.graph) if tensor.data_location == TensorProto.EXTERNAL]
    if external:
        raise ModelError(f"模型的权重（如 {plain(external[0])}）存放在另外的文件里，请把权重保存在 ONNX 文件内部再提交。")
    own = {function.domain for function in model.functions}
    custom = sorted({f"{node.domain}.{node.op_type}" for node in nodes(model.graph) if node.domain not in STANDARD | own})
    if custom:
        raise ModelError(f"模型用了标准之外的算子（如 {plain(custom[0])}），请只用 ai.onnx 和 ai.onnx.ml 的标准算子导出。")
    return model


def describe(model: Any, size: int) -> dict[str, Any]:
    """Return the model's facts as plain data; size : bytes of the file."""
    opsets = {item.domain or "ai.onnx": _number(item.version) for item in model.opset_import}
    known = {tensor.name for tensor in model.graph.initializer}
    return {
        "size_bytes": size, "ir_version": _number(model.ir_version),
        "opset": opsets.get("ai.onnx", 0), "ml_opset": opsets.get("ai.onnx.ml", 0),
        "producer": plain(f"{model.producer_name} {model.producer_version}"),
        "nodes": sum(1 for _ in nodes(model.graph)), "parameters": _parameters(model.graph),
        "inputs": [_port(value) for value in model.graph.input if value.name not in known],
        "outputs": [_port(value) for value in model.graph.output],
    }


def nodes(graph: Any, depth: int = 0) -> Iterator[Any]:
    """Yield every node of `graph` and of the graphs inside its nodes."""
    if depth > MAX_DEPTH:
        raise ModelError("模型的子图嵌套太深，不能识别。")
    for node in graph.node:
        yield node
        for inner in _graphs(node):
            yield from nodes(inner, depth + 1)


def _graphs(node: Any) -> Iterator[Any]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield every stored tensor: initialisers and attributes, also of inner graphs."""
    yield from graph.initializer
    for node in nodes(graph):
        for inner in _graphs(node):
            yield from inner.initializer
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _parameters(graph: Any) -> int:
    """Return how many numbers the model stores: elements of tensors, and lists of numbers in operators (trees, coefficients)."""
    lists = sum(len(attribute.floats) + len(attribute.ints) for node in nodes(graph) for attribute in node.attribute)
    return min(sum(prod(max(0, int(side)) for side in tensor.dims) for tensor in _tensors(graph)) + lists, MOST)


def _port(value: Any) -> dict[str, Any]:
    """Return name, type and shape (None for a side that is free) of an input or output."""
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        return {"name": plain(value.name), "type": {"sequence_type": "sequence", "map_type": "map"}.get(kind, str(kind)), "shape": []}
    tensor = value.type.tensor_type
    number = tensor.elem_type
    name = TensorProto.DataType.Name(number).lower() if number in TensorProto.DataType.values() else str(number)
    sides = [_number(side.dim_value) or None if side.WhichOneof("value") == "dim_value" else None for side in tensor.shape.dim]
    return {"name": plain(value.name), "type": {"float": "float32", "double": "float64"}.get(name, name), "shape": sides[:8]}


def plain(name: str) -> str:
    """Return a name from a model as part of one line: short, without line breaks and control characters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name[:200]).split())[:60]


def _number(value: int) -> int:
    return min(max(int(value), 0), MOST)


def _no_model(data: bytes) -> str:
    if data[:2] == b"\x80\x04" or data[:2] == b"\x80\x05":
        return "文件是 pickle（joblib）格式，不是 ONNX。请用 skl2onnx 等工具转换成 ONNX。"
    if data[:4] == b"PK\x03\x04":
        return "文件是压缩包（或 PyTorch 权重），不是 ONNX。请导出成 .onnx 文件。"
    return "文件不是完整的 ONNX 模型：可能没有导出完，或只是改了扩展名。"
