"""Boxes: rectangles with labels on given images. Raw value: JSON text; parsed: grading.boxes.Boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field as Key

from grading.boxes import MAX_SIDE, Boxes, Rules, is_empty, parse_boxes
from grading.errors import ResponseError, TaskError
from grading.fields import FieldKind
from grading.model import FieldSpec, FileName, Task
from grading.picture import picture_size

Side = Annotated[int, Key(ge=8, le=MAX_SIDE)]
LabelId = Annotated[str, Key(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")]
Word = Annotated[str, Key(pattern=r"^[^\s\"'<>&/\\]{1,20}$")]


class BoxesSpec(FieldSpec):
    """A boxes field; images : file in `files/` → [width, height]; labels : id → name; attributes : name → allowed values;
    file : boxes to begin with (JSON in `files/`); max_boxes : per image."""

    kind: Literal["boxes"] = "boxes"
    images: Annotated[Mapping[FileName, tuple[Side, Side]], Key(min_length=1, max_length=60)]
    labels: Annotated[Mapping[LabelId, Word], Key(min_length=1, max_length=20)]
    attributes: Annotated[Mapping[Word, Annotated[tuple[Word, ...], Key(min_length=1, max_length=12)]], Key(max_length=4)] = {}
    file: FileName | None = None
    max_boxes: int = Key(50, ge=1, le=200)


def rules_of(spec: BoxesSpec) -> Rules:
    """Return what an answer to the field may hold."""
    return Rules(spec.images, spec.labels, spec.attributes, spec.max_boxes)


def is_blank(raw: Any) -> bool:
    """Return True for nothing, and for JSON without a single box."""
    return raw is None or (isinstance(raw, str) and is_empty(raw))


def parse(raw: Any, spec: BoxesSpec) -> Boxes:
    """Return the boxes; ResponseError for what is no JSON, out of the image, too many, or of an unknown label or image."""
    if not isinstance(raw, str):
        raise ResponseError("这里应是标注数据。")
    return parse_boxes(raw, rules_of(spec))


def check(spec: BoxesSpec, task: Task) -> None:
    """Raise TaskError if an image is not in `files/` or has another size, or if the starter is no answer to the field."""
    assert task.root is not None
    for name, size in spec.images.items():
        if name not in task.files:
            raise TaskError(f"files/ 里没有 {name!r}", key=f"images.{name}")
        found = picture_size((task.root / "files" / name).read_bytes())
        if found != tuple(size):
            raise TaskError(f"{name} 的大小是 {found}，不是 {tuple(size)}（只认 PNG、JPEG、WebP）", key=f"images.{name}")
    if spec.file is not None:
        try:
            parse((task.root / "files" / spec.file).read_text("utf-8"), spec)
        except (ResponseError, UnicodeDecodeError) as error:
            raise TaskError(f"{spec.file}：{error}", key="file") from None


def describe(raw: Any) -> str:
    """Return how many boxes a stored answer has."""
    return f"标注了 {str(raw).count(chr(34) + 'box' + chr(34))} 个框"


KIND = FieldKind("boxes", BoxesSpec, "boxes", False, is_blank, parse, describe=describe, check=check)
