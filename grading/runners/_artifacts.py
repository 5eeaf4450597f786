"""From what a run left behind (files, plain data, text) to artifacts. Only plain data is read; nothing is executed.

Every function raises ResponseError with a Chinese sentence if what is there is not of the wanted kind.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grading.errors import ResponseError
from grading.model import ArtifactKind, Upload
from grading.tables import read_table

MAX_JSON = 32 * 1024 * 1024


def parse_json(data: bytes | str) -> Any:
    """Return parsed JSON (NaN and Infinity allowed)."""
    if len(data) > MAX_JSON:
        raise ResponseError(f"数据超过 {MAX_JSON // 1024 // 1024} MB。")
    try:
        found = json.loads(data)
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # half of a surrogate pair is no text
    except (ValueError, RecursionError):
        raise ResponseError("内容不是正确的 JSON。") from None
    return found


def from_value(kind: ArtifactKind, name: str, value: Any) -> Any:
    """Return an artifact of `kind` from plain data (parsed JSON); a table comes as CSV text."""
    what = f"变量 {name}"
    if kind == "json":
        return value
    if kind == "number":
        return _number(what, value)
    if kind == "array":
        return _array(what, value)
    if kind in ("text", "table") and type(value) is str:
        return value if kind == "text" else read_table(Upload(f"{name}.csv", value.encode("utf-8", "replace")))
    raise ResponseError(f"{what} 应是{_KIND_NAMES[kind]}，实际是 {type(value).__name__}。")


def from_file(kind: ArtifactKind, name: str, data: bytes) -> Any:
    """Return an artifact of `kind` from a file."""
    upload = Upload(name, data)
    if kind == "bytes":
        return upload
    if kind == "table":
        return read_table(upload)
    if kind == "array" and name.lower().endswith(".npy"):
        return _npy(name, data)
    return from_text(kind, f"文件 {name}", _decode(name, data))


def from_text(kind: ArtifactKind, what: str, text: str) -> Any:
    """Return an artifact of `kind` from text, e.g. standard output."""
    if kind not in _FROM_TEXT:
        raise ResponseError(f"{what} 不能作为{_KIND_NAMES[kind]}读取。")
    return _FROM_TEXT[kind](what, text)


def _text_in(what: str, text: str) -> str:
    if len(text) > MAX_JSON:
        raise ResponseError(f"{what} 太长。")
    return text


def _json_in(what: str, text: str) -> Any:
    try:
        return parse_json(text)
    except ResponseError as error:
        raise ResponseError(f"{what}：{error}") from None


def _decode(name: str, data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ResponseError(f"文件 {name} 既不是 UTF-8 也不是 GBK 文本。")


def _number(what: str, value: Any) -> float:
    if type(value) not in (int, float):
        raise ResponseError(f"{what} 应是数字，实际是 {type(value).__name__}。")
    try:
        return float(value)
    except OverflowError:
        raise ResponseError(f"{what} 的数值过大。") from None


def _number_in(what: str, text: str) -> float:
    try:
        return float(text.strip())
    except ValueError:
        raise ResponseError(f"{what} 应只有一个数字，实际是“{text.strip()[:40]}”。") from None


def _array(what: str, value: Any) -> np.ndarray[Any, Any]:
    try:
        array = np.asarray(value) if type(value) is list else None
    except (ValueError, OverflowError):
        array = None
    if array is None or array.dtype.kind not in "biufU":
        raise ResponseError(f"{what} 应是由数字或文字组成的规则数组。")
    return array


def _npy(name: str, data: bytes) -> np.ndarray[Any, Any]:
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError, MemoryError, OverflowError):
        raise ResponseError(f"文件 {name} 不是可读取的 .npy 数组。") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufU":
        raise ResponseError(f"文件 {name} 应是由数字或文字组成的数组。")
    return array


_FROM_TEXT: Mapping[str, Callable[[str, str], Any]] = {
    "text": _text_in,
    "json": _json_in,
    "number": _number_in,
    "array": lambda what, text: _array(what, _json_in(what, text)),
}
_KIND_NAMES: Mapping[str, str] = {
    "table": "表格", "number": "数字", "text": "文字", "array": "数组", "bytes": "文件", "json": "JSON 数据",
}
