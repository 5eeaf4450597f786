"""COCO JSON (https://cocodataset.org, “object detection”): images, categories, annotations with bbox = [x, y, w, h]."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from grading.boxes import MAX_SIDE, Box, Boxes, check_box, is_number, read_json, tidy
from grading.errors import ResponseError
from grading.text import shorten

MAX_BOXES = 20_000
MAX_CHARS = 10_000_000


def read_coco(data: bytes) -> Boxes:
    """Return the boxes of a COCO dataset; crowd regions are left out. ResponseError says which entry is wrong."""
    content = read_json(as_text(data), limit=MAX_CHARS)
    if not isinstance(content, dict) or not all(isinstance(content.get(k), list) for k in ("images", "annotations", "categories")):
        raise ResponseError("COCO 文件应是含 images、annotations、categories 三个列表的 JSON 对象。")
    if len(content["annotations"]) > MAX_BOXES:
        raise ResponseError(f"文件里有 {len(content['annotations'])} 个框，超过 {MAX_BOXES} 个的上限。")
    names, sizes = _images(content["images"])
    labels = {entry["id"]: str(entry["name"]) for entry in _entries(content["categories"], "categories", ("id", "name"))}
    images: dict[str, list[Box]] = {name: [] for name in sizes}
    for number, entry in enumerate(_entries(content["annotations"], "annotations", ("image_id", "category_id", "bbox")), start=1):
        where = f"annotations 的第 {number} 项"
        if entry["image_id"] not in names or entry["category_id"] not in labels:
            raise ResponseError(f"{where}的 image_id 或 category_id 不在 images、categories 里。")
        if entry.get("iscrowd"):
            continue
        image = names[entry["image_id"]]
        sides = check_box(entry["bbox"], where, sizes[image])
        images[image].append(Box(labels[entry["category_id"]], *sides, _attributes(entry), _score(entry, where)))
    return Boxes({name: tuple(boxes) for name, boxes in images.items()}, sizes, {name: name for name in labels.values()})


def as_text(data: bytes) -> str:
    """Return a file as text; ResponseError if it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ResponseError("标注文件不是 UTF-8 编码的文本。") from None


def _entries(entries: list[Any], name: str, keys: tuple[str, ...]) -> Iterable[dict[str, Any]]:
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or not all(key in entry for key in keys):
            raise ResponseError(f"{name} 的第 {number} 项缺少 {'、'.join(keys)}。")
        for key in keys:
            if key.endswith("id") and (isinstance(entry[key], bool) or not isinstance(entry[key], (int, str))):
                raise ResponseError(f"{name} 的第 {number} 项的 {key} 应是整数。")
        yield entry


def _images(entries: list[Any]) -> tuple[dict[Any, str], dict[str, tuple[int, int]]]:
    names: dict[Any, str] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for entry in _entries(entries, "images", ("id", "file_name", "width", "height")):
        name = str(entry["file_name"]).replace("\\", "/").rpartition("/")[2]
        width, height = entry["width"], entry["height"]
        if not (is_number(width) and is_number(height) and 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise ResponseError(f"图片“{shorten(name, 40)}”的 width、height 不对。")
        if name in sizes or entry["id"] in names:
            raise ResponseError(f"图片“{shorten(name, 40)}”或它的 id 出现了两次。")
        names[entry["id"]], sizes[name] = name, (int(width), int(height))
    return names, sizes


def _attributes(entry: dict[str, Any]) -> dict[str, str]:
    given = entry.get("attributes")
    return {name: value for name, value in given.items() if isinstance(value, str) and value} if isinstance(given, dict) else {}


def _score(entry: dict[str, Any], where: str) -> float:
    score = entry.get("score", 1.0)
    if not is_number(score) or not 0 <= score <= 1:
        raise ResponseError(f"{where}的 score 应是 0 到 1 的数。")
    return float(score)


def write_coco(boxes: Boxes) -> bytes:
    """Return a COCO dataset; category names are label ids, ids count from 1."""
    labels = {label: number for number, label in enumerate(boxes.labels, start=1)}
    annotations: list[dict[str, Any]] = []
    for number, image in enumerate(boxes.sizes, start=1):
        for box in boxes.images.get(image, ()):
            sides = [tidy(side) for side in (box.x, box.y, box.w, box.h)]
            entry: dict[str, Any] = {
                "id": len(annotations) + 1, "image_id": number, "category_id": labels[box.label], "bbox": sides,
                "area": tidy(box.w * box.h), "iscrowd": 0,
            }
            entry |= {"attributes": dict(box.attributes)} if box.attributes else {}
            annotations.append(entry if box.score == 1.0 else {**entry, "score": box.score})
    dataset = {
        "images": [
            {"id": n, "file_name": name, "width": size[0], "height": size[1]} for n, (name, size) in enumerate(boxes.sizes.items(), start=1)
        ],
        "categories": [{"id": n, "name": label, "supercategory": ""} for label, n in labels.items()],
        "annotations": annotations,
    }
    return (json.dumps(dataset, ensure_ascii=False, indent=1) + "\n").encode()
