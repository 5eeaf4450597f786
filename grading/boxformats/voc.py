"""Pascal VOC: one XML per image; xmin, ymin, xmax, ymax in pixels from 0, as labelImg and CVAT write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from grading.boxes import MAX_SIDE, Box, Boxes, check_box, tidy
from grading.boxformats.coco import MAX_BOXES
from grading.errors import ResponseError
from grading.text import plain_number, shorten


def read_voc(files: Mapping[str, bytes]) -> Boxes:
    """Return the boxes of all XML files (name → content); ResponseError names the file and what is wrong in it."""
    images: dict[str, tuple[Box, ...]] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for name, data in files.items():
        root = _root(name, data)
        image = (_text(root, "filename") or name.removesuffix(".xml")).replace("\\", "/").rpartition("/")[2]
        if image in images:
            raise ResponseError(f"图片“{shorten(image, 40)}”有两份 XML。")
        sizes[image] = _size(root, name)
        objects = root.findall("object")
        if sum(len(boxes) for boxes in images.values()) + len(objects) > MAX_BOXES:
            raise ResponseError(f"文件里的框超过 {MAX_BOXES} 个的上限。")
        images[image] = tuple(_box(entry, f"{name} 的第 {n} 个 object", sizes[image]) for n, entry in enumerate(objects, start=1))
    return Boxes(images, sizes, {box.label: box.label for boxes in images.values() for box in boxes})


def _root(name: str, data: bytes) -> Any:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(data, forbid_dtd=True)
    except (DefusedXmlException, ElementTree.ParseError, ValueError, LookupError):
        # a document type is all that entity bombs need, and no annotation has one
        raise ResponseError(f"{shorten(name, 40)} 不是合法的 XML，或者含有不允许的文档类型声明。") from None
    if re.sub(r"^\{.*\}", "", str(root.tag)) != "annotation":
        raise ResponseError(f"{shorten(name, 40)} 不是 Pascal VOC 标注：最外层应是 <annotation>。")
    return root


def _text(element: Any, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(element: Any, path: str, where: str) -> float:
    number = plain_number(_text(element, path))
    if number is None:
        raise ResponseError(f"{where}的 {path} 应是数字。")
    return number


def _size(root: Any, name: str) -> tuple[int, int]:
    width, height = (_number(root, f"size/{side}", shorten(name, 40)) for side in ("width", "height"))
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ResponseError(f"{shorten(name, 40)} 的图片大小不对：{width:g}×{height:g}。")
    return int(width), int(height)


def _box(entry: Any, where: str, size: tuple[int, int]) -> Box:
    left, top, right, bottom = (_number(entry, f"bndbox/{side}", where) for side in ("xmin", "ymin", "xmax", "ymax"))
    sides = check_box([left, top, round(right - left, 6), round(bottom - top, 6)], where, size)
    pairs = ((_text(a, "name"), _text(a, "value")) for a in entry.findall("attributes/attribute"))
    return Box(_text(entry, "name"), *sides, {name: value for name, value in pairs if name and value})


def write_voc(boxes: Boxes) -> dict[str, bytes]:
    """Return one XML for each image, by file name; images without boxes have one too."""
    return {f"{image.rpartition('.')[0] or image}.xml": _annotation(image, boxes) for image in boxes.sizes}


def _annotation(image: str, boxes: Boxes) -> bytes:
    width, height = boxes.sizes[image]
    lines = [
        "<annotation>", f"  <filename>{escape(image)}</filename>",
        f"  <size><width>{width}</width><height>{height}</height><depth>1</depth></size>",
    ]
    for box in boxes.images.get(image, ()):
        sides = zip(("xmin", "ymin", "xmax", "ymax"), (box.x, box.y, box.x + box.w, box.y + box.h), strict=True)
        lines += ["  <object>", f"    <name>{escape(box.label)}</name>"]
        lines += [f"    <bndbox>{''.join(f'<{side}>{tidy(value)}</{side}>' for side, value in sides)}</bndbox>"]
        if box.attributes:
            pairs = (f"<attribute><name>{escape(n)}</name><value>{escape(v)}</value></attribute>" for n, v in box.attributes.items())
            lines += [f"    <attributes>{''.join(pairs)}</attributes>"]
        lines += ["  </object>"]
    return ("\n".join([*lines, "</annotation>"]) + "\n").encode()
