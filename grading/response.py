"""A response as a folder: `response.yaml` plus the files that it names (used by samples and the command line)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grading.errors import ResponseError
from grading.fields import get_kind
from grading.model import FieldSpec, Response, Task, Upload
from grading.yamlfile import read_mapping

MAX_UPLOAD = 20 * 1024 * 1024


def load_response(task: Task, folder: Path) -> Response:
    """Return the response in `folder`; ResponseError for unknown fields, missing or oversized files."""
    raw = read_mapping(folder / "response.yaml", may_be_empty=True)
    check_fields(task, raw)
    return {field.id: _value(field, raw[field.id], folder) for field in task.fields if field.id in raw}


def check_fields(task: Task, response: Mapping[str, Any]) -> None:
    """Raise ResponseError if `response` names a field that the task does not have."""
    known = [field.id for field in task.fields]
    unknown = [name for name in response if name not in known]
    if unknown:
        raise ResponseError(f"作答里有本题没有的项：{', '.join(map(str, unknown[:5]))}；本题的作答项：{', '.join(known)}。")


def _value(field: FieldSpec, value: Any, folder: Path) -> Any:
    if isinstance(value, Mapping):
        if set(value) != {"file"}:
            raise ResponseError(f"{field.id}：应写成 {{file: 文件名}}。")
        data = _read(folder, str(value["file"]))
        return Upload(str(value["file"]), data) if get_kind(field.kind).takes_file else _as_text(field, data)
    if isinstance(value, list) and get_kind(field.kind).many:
        return [_value(field, item, folder) for item in value]
    if isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, bool):
        if field.kind != "choice":
            raise ResponseError(f"{field.id}：{str(value).lower()} 在 YAML 里是真假值，要作为文字请加引号。")
        return ["T" if value else "F"]
    return None if value is None else str(value)


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    if "/" in name or path.is_symlink() or not path.is_file():
        raise ResponseError(f"找不到文件 {name}。")
    if path.stat().st_size > MAX_UPLOAD:
        raise ResponseError(f"文件 {name} 超过 {MAX_UPLOAD // 1024 // 1024} MB。")
    return path.read_bytes()


def _as_text(field: FieldSpec, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ResponseError(f"{field.id}：文件不是 UTF-8 编码。") from None
