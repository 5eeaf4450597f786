"""Boxes that people draw on images: the value of a `boxes` field, its JSON, and nothing of any exchange format.

A box is (x, y, w, h) in pixels of the image, x and y of its upper left corner, as in COCO. The JSON of an answer is
``{"<image file>": [{"label": "pit", "box": [x, y, w, h], "attributes": {"depth": "deep"}}]}``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

from grading.errors import ResponseError
from grading.text import listing, shorten

MAX_CHARS = 120_000
MAX_SIDE = 20_000
"""Pixels along one side of an image."""
MIN_SIDE = 1.0
SLACK = 0.5
"""Pixels by which a box may stand over the image's edge: half a pixel is what rounding makes of an honest box."""
_KEYS = {"label", "box", "attributes", "score"}


@dataclass(frozen=True)
class Box:
    """One box: label id, pixels, attributes (name → value), score of a detector (1 for what a person drew)."""

    label: str
    x: float
    y: float
    w: float
    h: float
    attributes: Mapping[str, str] = field(default_factory=dict)
    score: float = 1.0

    @property
    def rank(self) -> tuple[Any, ...]:
        """A key by which boxes stand in one order, whatever order they were drawn in."""
        return (self.x, self.y, self.w, self.h, self.label, tuple(sorted(self.attributes.items())), self.score)


@dataclass(frozen=True)
class Boxes:
    """Boxes on images.

    images : image file → its boxes; sizes : image file → (width, height); labels : label id → its name for people.
    """

    VALUE_KIND: ClassVar[str] = "boxes"

    images: Mapping[str, tuple[Box, ...]]
    sizes: Mapping[str, tuple[int, int]]
    labels: Mapping[str, str]

    @property
    def count(self) -> int:
        """How many boxes there are in all."""
        return sum(len(boxes) for boxes in self.images.values())

    def on(self, image: str) -> tuple[Box, ...]:
        """Return the boxes of one image in one order for every order of drawing."""
        return tuple(sorted(self.images.get(image, ()), key=lambda box: box.rank))


@dataclass(frozen=True)
class Rules:
    """What an answer may hold: images with their (width, height), labels, attributes and their values, boxes per image."""

    images: Mapping[str, tuple[int, int]]
    labels: Mapping[str, str]
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    max_boxes: int = 50


def iou(a: Box, b: Box) -> float:
    """Return intersection over union of two boxes, 0 to 1.

    >>> iou(Box("a", 0, 0, 10, 10), Box("b", 5, 0, 10, 10))
    0.3333333333333333
    """
    wide = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    high = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    return shared / (a.w * a.h + b.w * b.h - shared)


def read_json(text: str, *, limit: int = MAX_CHARS) -> Any:
    """Return parsed JSON of unknown origin; ResponseError for too much, NaN, repeated keys and what is no JSON."""
    if len(text) > limit:
        raise ResponseError(f"标注数据有 {len(text)} 个字符，超过 {limit} 个的上限，请删去多余的框。")
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twins)
    except (ValueError, RecursionError):
        raise ResponseError("标注数据不是合法的 JSON，请检查括号、引号和逗号。") from None


def _no_constant(name: str) -> NoReturn:
    raise ResponseError(f"标注数据里有 {name}，它不是数字。")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ResponseError(f"标注数据里“{shorten(twice, 30)}”出现了两次。")
    return found


def is_empty(text: str) -> bool:
    """Return whether `text` is JSON without any box: nothing was drawn."""
    if not text.strip():
        return True
    if len(text) > MAX_CHARS or '"box"' in text:
        return False
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and not any(data.values())


def parse_boxes(text: str, rules: Rules) -> Boxes:
    """Return the boxes in `text`; ResponseError names image, number of the box, what is wrong and what is allowed."""
    data = read_json(text)
    if not isinstance(data, dict):
        raise ResponseError("标注数据应是“图片文件名 → 框的列表”的 JSON 对象。")
    images: dict[str, tuple[Box, ...]] = {}
    for image, entries in data.items():
        if image not in rules.images:
            raise ResponseError(f"没有名为“{shorten(image, 40)}”的图片；可用：{listing(list(rules.images), 5)}。")
        if not isinstance(entries, list):
            raise ResponseError(f"{image} 的标注应是框的列表。")
        if len(entries) > rules.max_boxes:
            raise ResponseError(f"{image} 有 {len(entries)} 个框，超过每张 {rules.max_boxes} 个的上限，请删去多余的框。")
        images[image] = tuple(
            _box(entry, f"{image} 的第 {n} 个框", rules.images[image], rules) for n, entry in enumerate(entries, start=1)
        )
    return Boxes({name: images.get(name, ()) for name in rules.images}, dict(rules.images), dict(rules.labels))


def _box(entry: Any, where: str, size: tuple[int, int], rules: Rules) -> Box:
    if not isinstance(entry, dict) or not entry.keys() <= _KEYS or not {"label", "box"} <= entry.keys():
        raise ResponseError(f"{where}应写成 label、box 和 attributes 三项。")
    label = entry["label"]
    if not isinstance(label, str) or label not in rules.labels:
        raise ResponseError(f"{where}的标签“{shorten(str(label), 30)}”不存在；可用：{listing(list(rules.labels), 10)}。")
    x, y, w, h = check_box(entry["box"], where, size)
    score = entry.get("score", 1.0)
    if not is_number(score) or not 0 <= score <= 1:
        raise ResponseError(f"{where}的 score 应是 0 到 1 的数。")
    return Box(label, x, y, w, h, _attributes(entry.get("attributes", {}), where, rules), float(score))


def check_box(values: Any, where: str, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return (x, y, w, h) within an image of `size` (width, height); ResponseError begins with `where`."""
    if not isinstance(values, list) or len(values) != 4 or not all(is_number(value) for value in values):
        raise ResponseError(f"{where}的 box 应是四个数：[x, y, 宽, 高]。")
    x, y, w, h = (float(value) for value in values)
    width, height = size
    if w < MIN_SIDE or h < MIN_SIDE:
        raise ResponseError(f"{where}的宽和高都要至少 1 像素，现在是 {w:g}×{h:g}。")
    if x < -SLACK or y < -SLACK or x + w > width + SLACK or y + h > height + SLACK:
        raise ResponseError(f"{where}超出了图片（{width}×{height} 像素）：x {x:g}、y {y:g}、宽 {w:g}、高 {h:g}。")
    return x, y, w, h


def is_number(value: Any) -> bool:
    """Return whether `value` is a finite number; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False


def _attributes(given: Any, where: str, rules: Rules) -> dict[str, str]:
    if not isinstance(given, dict):
        raise ResponseError(f"{where}的 attributes 应是“属性 → 值”。")
    for name, value in given.items():
        if name not in rules.attributes:
            raise ResponseError(f"{where}没有属性“{shorten(name, 30)}”；可用：{listing(list(rules.attributes), 5) or '（无）'}。")
        if value not in ("", *rules.attributes[name]):
            allowed = listing(list(rules.attributes[name]), 10)
            raise ResponseError(f"{where}的“{name}”不能是“{shorten(str(value), 30)}”；可用：{allowed}。")
    return {name: value for name, value in given.items() if value}


def dump_boxes(images: Mapping[str, Iterable[Box]]) -> str:
    """Return the JSON of an answer, pixels with at most two decimals, images without boxes left out."""
    return json.dumps({name: [_entry(box) for box in boxes] for name, boxes in images.items() if boxes}, ensure_ascii=False)


def _entry(box: Box) -> dict[str, Any]:
    entry: dict[str, Any] = {"label": box.label, "box": [tidy(side) for side in (box.x, box.y, box.w, box.h)]}
    if box.attributes:
        entry["attributes"] = dict(box.attributes)
    return entry if box.score == 1.0 else {**entry, "score": box.score}


def tidy(value: float) -> float | int:
    """Return pixels with at most two decimals, whole ones as int.

    >>> tidy(12.0), tidy(1 / 3)
    (12, 0.33)
    """
    rounded = round(value, 2)
    return int(rounded) if rounded == int(rounded) else rounded
