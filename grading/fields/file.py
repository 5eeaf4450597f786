"""File: any file, handed in as it is. Raw and parsed value: Upload."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field as Key

from grading.errors import ResponseError
from grading.fields import FieldKind
from grading.model import FieldSpec, Upload
from grading.tables import MB
from grading.text import shorten

Extension = Annotated[str, Key(pattern=r"^\.[a-z0-9]{1,10}$")]


class FileSpec(FieldSpec):
    """A file field; accept : extensions such as `.png` (none: any), max_mb : MiB of the file."""

    kind: Literal["file"] = "file"
    accept: tuple[Extension, ...] = ()
    max_mb: float = Key(10, gt=0, le=20)


def is_blank(raw: Any) -> bool:
    """Return True if no file was handed in."""
    return raw is None or raw == ""


def parse(raw: Any, spec: FileSpec) -> Upload:
    """Return the file; ResponseError if it is empty, too large or not of an accepted extension."""
    if not isinstance(raw, Upload):
        raise ResponseError("这里应上传一个文件。")
    if spec.accept and not raw.name.lower().endswith(spec.accept):
        raise ResponseError(f"只接受 {'、'.join(spec.accept)} 文件，收到的是“{shorten(raw.name)}”。")
    if not raw.data:
        raise ResponseError("文件是空的（0 字节）。")
    if len(raw.data) > spec.max_mb * MB:
        raise ResponseError(f"文件有 {len(raw.data) / MB:.1f} MB，超过 {spec.max_mb:g} MB。")
    return raw


KIND = FieldKind("file", FileSpec, "upload", True, is_blank, parse)
