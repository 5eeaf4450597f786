"""Exchange formats of boxes: COCO JSON, Pascal VOC (XML, alone or zipped) and YOLO (txt, alone or zipped).

Everything that is read is of unknown origin: bounded before it is unpacked, parsed without entities, and refused with a
sentence. What COCO and VOC say of attributes is kept; YOLO knows none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from grading.boxes import Box, Boxes, Rules, dump_boxes, parse_boxes
from grading.boxformats.archive import pack, unpack
from grading.boxformats.coco import read_coco, write_coco
from grading.boxformats.voc import read_voc, write_voc
from grading.boxformats.yolo import read_yolo, write_yolo
from grading.errors import ResponseError
from grading.text import listing, shorten

Format = Literal["coco", "voc", "yolo"]
MAX_FILE = 5 * 1024 * 1024
"""Bytes of an import."""

WRITERS: dict[str, tuple[str, Callable[[Boxes], bytes]]] = {
    "coco": ("json", write_coco),
    "voc": ("zip", lambda boxes: pack(write_voc(boxes))),
    "yolo": ("zip", lambda boxes: pack(write_yolo(boxes))),
}
"""Format → ending and function that writes the whole file."""


def read(name: str, data: bytes, like: Boxes | None, form: Format | None = None) -> Boxes:
    """Return the boxes in a file, told by its ending and content, or as `form`; ResponseError says what is wrong.

    like : images, sizes and labels that are known already; YOLO has none of its own and cannot be read without.
    """
    if len(data) > MAX_FILE:
        raise ResponseError(f"文件有 {len(data) / 1024 / 1024:.1f} MB，超过 {MAX_FILE // 1024 // 1024} MB 的上限。")
    if not data:
        raise ResponseError("文件是空的（0 字节）。")
    files = unpack(data) if data.startswith(b"PK") else {name.replace("\\", "/").rpartition("/")[2]: data}
    found = form or _format(files)
    if found == "coco":
        return read_coco(_only_json(files))
    if found == "voc":
        return read_voc({n: d for n, d in files.items() if n.lower().endswith(".xml")})
    if like is None:
        raise ResponseError("YOLO 文件不带图片大小和标签名，要同时给出一份 COCO 文件（--like）才能读取。")
    return read_yolo({n: d for n, d in files.items() if n.lower().endswith(".txt")}, like)


def _format(files: dict[str, bytes]) -> Format:
    forms: dict[str, Format] = {".json": "coco", ".xml": "voc", ".txt": "yolo"}
    for ending, form in forms.items():
        if any(name.lower().endswith(ending) for name in files):
            return form
    raise ResponseError("认不出标注文件：应是 COCO 的 .json、Pascal VOC 的 .xml、YOLO 的 .txt，或它们的 .zip。")


def _only_json(files: dict[str, bytes]) -> bytes:
    found = [data for name, data in files.items() if name.lower().endswith(".json")]
    if len(found) != 1:
        raise ResponseError(f"压缩包里应有且只有一个 COCO 的 .json 文件，现在有 {len(found)} 个。")
    return found[0]


def import_answer(name: str, data: bytes, rules: Rules) -> str:
    """Return a file's boxes as the JSON of an answer that keeps to `rules`; ResponseError says what does not fit."""
    like = Boxes(dict.fromkeys(rules.images, ()), rules.images, rules.labels)
    found = dump_boxes(adapt(read(name, data, like), rules).images)
    parse_boxes(found, rules)
    return found


def adapt(found: Boxes, rules: Rules) -> Boxes:
    """Return `found` with the names of `rules`: images by file name or stem, labels by id or by name for people."""
    names = {**{_stem(name): name for name in rules.images}, **{name: name for name in rules.images}}
    labels = {**{text: label for label, text in rules.labels.items()}, **{label: label for label in rules.labels}}
    images: dict[str, tuple[Box, ...]] = dict.fromkeys(rules.images, ())
    for image, boxes in found.images.items():
        name = names.get(image) or names.get(_stem(image))
        if name is None:
            raise ResponseError(f"文件里的图片“{shorten(image, 40)}”不属于本题；本题的图片：{listing(list(rules.images), 5)}。")
        size = found.sizes.get(image)
        if size is not None and tuple(size) != tuple(rules.images[name]):
            own = rules.images[name]
            raise ResponseError(f"文件里 {name} 的大小是 {size[0]}×{size[1]}，本题的是 {own[0]}×{own[1]}，坐标对不上。")
        images[name] += tuple(_relabelled(box, labels, rules, found) for box in boxes)
    return Boxes(images, rules.images, rules.labels)


def _relabelled(box: Box, labels: dict[str, str], rules: Rules, found: Boxes) -> Box:
    label = labels.get(box.label) or labels.get(found.labels.get(box.label, ""))
    if label is None:
        raise ResponseError(f"文件里的标签“{shorten(box.label, 30)}”不属于本题；可用：{listing(list(rules.labels), 10)}。")
    kept = {name: value for name, value in box.attributes.items() if name in rules.attributes}
    return Box(label, box.x, box.y, box.w, box.h, kept, box.score)


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name
