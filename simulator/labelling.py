"""Boxes from and to the files of other tools; the conversion itself is `grading.boxformats`."""

from __future__ import annotations

from typing import Any

from grading.boxes import Boxes
from grading.boxformats import WRITERS, import_answer
from grading.errors import ResponseError
from grading.fields import get_kind
from grading.fields.boxes import BoxesSpec, rules_of
from grading.model import Task
from simulator.errors import Refused


def boxes_field(task: Task, field_id: str) -> BoxesSpec:
    """Return a boxes field of `task`; Refused (404) for any other."""
    field = next((f for f in task.fields if f.id == field_id), None)
    if not isinstance(field, BoxesSpec):
        raise Refused("这道题没有这个标注项。", "请从题目页面操作。", status=404)
    return field


def import_boxes(field: BoxesSpec, name: str, data: bytes) -> dict[str, Any]:
    """Return a COCO, Pascal VOC or YOLO file as the field's answer: {value, count}; Refused (422) says why it is none."""
    try:
        value = import_answer(name, data, rules_of(field))
        return {"value": value, "count": get_kind("boxes").parse(value, field).count}
    except ResponseError as error:
        raise Refused(str(error), "请检查文件后重新导入；现有的标注没有改变。", status=422) from None


def export_boxes(field: BoxesSpec, value: Any, form: str) -> tuple[str, bytes]:
    """Return (file name, content) of an answer in one format; Refused (422) for an answer that cannot be read."""
    if form not in WRITERS:
        raise Refused("不支持这种格式。", "可用：COCO、Pascal VOC、YOLO。", status=422)
    ending, write = WRITERS[form]
    if not isinstance(value, str):
        raise Refused("作答的格式不对。", "请刷新页面后再试。", status=422)
    try:
        boxes: Boxes = get_kind("boxes").parse(value or "{}", field)
    except ResponseError as error:
        raise Refused(str(error), "请先改正标注，再导出。", status=422) from None
    return f"{field.id}-{form}.{ending}", write(boxes)
