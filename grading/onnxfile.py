"""What an ONNX file wants and gives, read from the file itself: no weights are loaded, no library is needed.

An ONNX file is one protocol buffer message, a ModelProto of onnx.proto; the numbers below are the numbers of its fields.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TYPES: Mapping[int, str] = {1: "float32", 6: "int32", 7: "int64", 10: "float16", 11: "float64"}
"""Number of an element type → its name; only those that matter to us."""

MAX_PORTS = 2000
"""Inputs (old models count their weights among them) and outputs that a sane model has at most."""
MAX_NAME = 1000
"""Bytes of the name of an input, output or weight."""

_MODEL = {"ir_version": 1, "graph": 7}
_GRAPH = {"initializer": 5, "input": 11, "output": 12}
_TENSOR = {"name": 8, "data_location": 14}
_VALUE = {"name": 1, "type": 2}
_TYPE = {"tensor": 1}
_SHAPED = {"element": 1, "shape": 2}

Place = tuple[int, int]
"""Where the bytes of a field begin and end."""


class NotOnnx(ValueError):
    """The file is no ONNX model, or only a part of one."""


@dataclass(frozen=True)
class Port:
    """An input or output. kind : type of the elements, e.g. `float32`; shape : its sides, None for a free one."""

    kind: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class OnnxFacts:
    """Inputs and outputs by name; external : some weights lie in another file."""

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    external: bool = False


def read(path: Path) -> OnnxFacts:
    """Return what stands in the file at `path`; NotOnnx if it is no ONNX model, OSError if it cannot be read."""
    with path.open("rb") as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _model(data)
        except (ValueError, IndexError) as error:  # also an empty file, and names that are no text
            raise NotOnnx(str(error)) from None


def _model(data: Any) -> OnnxFacts:
    parts = _parts(data, (0, len(data)), _MODEL)
    if len(parts["graph"]) != 1 or not parts["ir_version"]:
        raise NotOnnx("no graph")
    graph = _parts(data, parts["graph"][0], _GRAPH)
    if max(len(graph["input"]), len(graph["output"])) > MAX_PORTS:
        raise NotOnnx("too many inputs or outputs")
    weights = [_parts(data, place, _TENSOR) for place in graph["initializer"]]
    stored = {_text(data, name) for weight in weights for name in weight["name"]}
    inputs, outputs = (dict(_port(data, place) for place in graph[which]) for which in ("input", "output"))
    external = any(1 in weight["data_location"] for weight in weights)
    return OnnxFacts({name: port for name, port in inputs.items() if name not in stored}, outputs, external)


def _port(data: Any, place: Place) -> tuple[str, Port]:
    value = _parts(data, place, _VALUE)
    tensors = [tensor for kind in value["type"] for tensor in _parts(data, kind, _TYPE)["tensor"]]
    shaped = _parts(data, tensors[0], _SHAPED) if tensors else {"element": [], "shape": []}
    kind = TYPES.get(shaped["element"][0], "") if shaped["element"] else ""
    sides = [side for shape in shaped["shape"] for _, side in _fields(data, shape)]
    return _text(data, value["name"][0]), Port(kind, tuple(_side(data, side) for side in sides))


def _side(data: Any, place: Any) -> int | None:
    """Return the value of a dimension (field 1), None for one that only has a name."""
    known = [value for number, value in _fields(data, place) if number == 1 and isinstance(value, int)]
    return known[0] if known and 0 < known[0] < 1 << 31 else None  # some programs write −1 for a free one


def _text(data: Any, place: Place) -> str:
    if place[1] - place[0] > MAX_NAME:
        raise NotOnnx("a name that is none")
    return bytes(data[slice(*place)]).decode("utf-8")


def _parts(data: Any, place: Any, names: Mapping[str, int]) -> dict[str, list[Any]]:
    """Return the values of the named fields of the message at `place`."""
    found: dict[str, list[Any]] = {name: [] for name in names}
    by_number = {number: found[name] for name, number in names.items()}
    for number, value in _fields(data, place):
        if number in by_number:
            by_number[number].append(value)
    return found


def _fields(data: Any, place: Any) -> Iterator[tuple[int, Any]]:
    """Yield (number, value) of a message's fields: an int, or the Place of text, bytes or an inner message."""
    if not isinstance(place, tuple):
        raise NotOnnx("a number where a message should be")
    at, end = place
    while at < end:
        tag, at = _varint(data, at, end)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(data, at, end)
            yield tag >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            size, at = _varint(data, at, end)
        if size is None or at + size > end:
            raise NotOnnx("not a protocol buffer")
        yield tag >> 3, (at, at + size)
        at += size


def _varint(data: Any, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise NotOnnx("cut off")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
    raise NotOnnx("not a protocol buffer")
