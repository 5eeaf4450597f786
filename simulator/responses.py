"""Responses between the browser, the database and `grading`: checked before they are stored (known fields, plain values, bounded
size), and read back with their files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from grading.errors import ResponseError
from grading.fields import get_kind
from grading.model import FieldSpec, Response, Task, Upload
from grading.response import check_fields
from grading.tables import Table
from simulator.blobs import BlobStore
from simulator.errors import Refused

MAX_CHARS = 300_000
MAX_TEXT = 120_000
MAX_CHOICES = 20
PREVIEW_ROWS = 5


def clean(task: Task, raw: Any, blobs: BlobStore) -> dict[str, Any]:
    """Return the response as plain data; Refused (422) names what is wrong. Blank fields are dropped.

    The content is not judged here: half-typed numbers are kept as they are.
    """
    if not isinstance(raw, Mapping):
        raise Refused("作答的格式不对。", "请刷新页面后再试。", status=422)
    try:
        check_fields(task, raw)
    except ResponseError as error:
        raise Refused(str(error), "请刷新页面后再试。", status=422) from None
    if len(json.dumps(raw, ensure_ascii=False)) > MAX_CHARS:
        raise Refused("这道题的作答太长。", "请删减后再保存。", status=413)
    return {f.id: _value(f, raw[f.id], blobs) for f in task.fields if f.id in raw and not get_kind(f.kind).is_blank(raw[f.id])}


def _value(field: FieldSpec, value: Any, blobs: BlobStore) -> Any:
    kind = get_kind(field.kind)
    if kind.many:
        return _uploads(field, value, blobs)
    if kind.takes_file:
        return _upload(field, value, blobs)
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        return value
    if isinstance(value, list) and len(value) <= MAX_CHOICES and all(isinstance(v, str) and len(v) <= 64 for v in value):
        return value
    raise Refused(_("“%(field)s”的内容不能识别。", field=field.label or field.id), "请重新填写这一项。", status=422)


def _uploads(field: FieldSpec, value: Any, blobs: BlobStore) -> list[dict[str, Any]]:
    most = int(getattr(field, "max_files", MAX_CHOICES))
    if not isinstance(value, list):
        raise Refused(_("“%(field)s”的文件不能识别。", field=field.label or field.id), "请重新上传。", status=422)
    if len(value) > most:
        raise Refused(_("“%(field)s”最多 %(n)s 个文件。", field=field.label or field.id, n=most), "请先移除多余的文件。", status=422)
    return [_upload(field, item, blobs) for item in value]


def _upload(field: FieldSpec, value: Any, blobs: BlobStore) -> dict[str, Any]:
    valid = (
        isinstance(value, Mapping) and set(value) <= {"blob", "name", "size"} and blobs.has(str(value.get("blob", "")))
        and 1 <= len(str(value.get("name", ""))) <= 200 and isinstance(value.get("size"), int)
    )
    if not valid:
        raise Refused(_("“%(field)s”的文件不能识别。", field=field.label or field.id), "请重新上传。", status=422)
    return {"blob": value["blob"], "name": str(value["name"]), "size": value["size"]}


def accept_upload(field: FieldSpec, name: str, data: bytes, blobs: BlobStore) -> dict[str, Any]:
    """Check an uploaded file against its field, store it, and return what the page puts into the response.

    A file that the field's kind cannot read is refused here, while the candidate can still mend it.
    """
    kind = get_kind(field.kind)
    if not kind.takes_file:
        raise Refused("这一项不接收文件。", "请直接在页面上填写。", status=422)
    name = name.replace("\\", "/").rpartition("/")[2][:200] or "file"
    try:
        value = (kind.check_file or kind.parse)(Upload(name, data), field)
    except ResponseError as error:
        raise Refused(str(error), "请检查文件后重新上传；之前上传的文件仍然保留。", status=422) from None
    preview = None
    if isinstance(value, Table):
        rows = [["" if cell is None else str(cell)[:80] for cell in row[:20]] for row in value.rows[:PREVIEW_ROWS]]
        preview = {"columns": [str(column)[:80] for column in value.columns[:20]], "rows": rows, "count": len(value.rows)}
    return {"blob": blobs.put(data), "name": name, "size": len(data), "preview": preview}


def from_form(task: Task, position: int, form: Any) -> dict[str, Any]:
    """Return the response in a plain form post (pages without script): fields are named `f-<position>-<field>`."""
    raw: dict[str, Any] = {}
    for field in task.fields:
        values = form.getlist(f"f-{position}-{field.id}")
        if field.kind == "choice":
            raw[field.id] = values
        elif values and get_kind(field.kind).takes_file:
            raw[field.id] = _json(values[0])
        elif values:
            raw[field.id] = values[0]
    return {name: value for name, value in raw.items() if value not in (None, "", [])}


def _json(text: str) -> Any:
    """Return what a page keeps of uploaded files in a hidden input; the text itself, which no file field takes, if it is none."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text


def stored_file(response: Mapping[str, Any], field_id: str, number: int = 0, begins: str = "") -> dict[str, Any]:
    """Return an uploaded file of a stored response as {blob, name, size}: the one of this number, or whose hash begins so (its
    number may have changed since it was looked at); Refused (404) if there is none."""
    value = response.get(field_id)
    files = value if isinstance(value, list) else [value]
    if begins:
        files, number = [file for file in files if isinstance(file, dict) and file["blob"].startswith(begins)], 0
    found = files[number] if 0 <= number < len(files) else None
    if not isinstance(found, dict):
        raise Refused("这一项还没有上传文件。", "请先上传。", status=404)
    return found


def to_response(task: Task, stored: Mapping[str, Any], blobs: BlobStore) -> Response:
    """Return a stored response with its blobs as uploads."""
    response: dict[str, Any] = {}
    for field in task.fields:
        value = stored.get(field.id)
        kind = get_kind(field.kind)
        if value is not None and kind.takes_file:
            value = [_stored(item, blobs) for item in value] if kind.many else _stored(value, blobs)
        response[field.id] = value
    return response


def _stored(value: Mapping[str, Any], blobs: BlobStore) -> Upload:
    return Upload(str(value["name"]), blobs.get(str(value["blob"])))
