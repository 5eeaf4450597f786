"""YOLO: one txt per image, each line “class cx cy w h” as shares of the image; classes.txt lists the label ids in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grading.boxes import Box, Boxes, check_box
from grading.boxformats.coco import MAX_BOXES, as_text
from grading.errors import ResponseError
from grading.text import plain_number, shorten

CLASSES = "classes.txt"


def read_yolo(files: Mapping[str, bytes], like: Boxes) -> Boxes:
    """Return the boxes of all txt files (name → content); ResponseError names file and line.

    like : images, sizes and labels; without a classes.txt the class numbers count its labels from 0.
    """
    stems = {name.rpartition(".")[0] or name: name for name in like.sizes}
    classes = _classes(files) or list(like.labels)
    images: dict[str, tuple[Box, ...]] = {}
    for name, data in files.items():
        if name in (CLASSES, "obj.names", "train.txt", "val.txt"):
            continue
        image = stems.get(name.removesuffix(".txt"))
        if image is None:
            raise ResponseError(f"{shorten(name, 40)} 对应不到本题的任何图片（应与图片同名，扩展名改为 .txt）。")
        lines = [line for line in as_text(data).splitlines() if line.strip()]
        if sum(len(boxes) for boxes in images.values()) + len(lines) > MAX_BOXES:
            raise ResponseError(f"文件里的框超过 {MAX_BOXES} 个的上限。")
        size = like.sizes[image]
        images[image] = tuple(_box(line, f"{shorten(name, 40)} 第 {n} 行", size, classes) for n, line in enumerate(lines, start=1))
    labels = {label: like.labels.get(label, label) for label in (*like.labels, *classes)}
    return Boxes(images, {image: like.sizes[image] for image in images}, labels)


def _classes(files: Mapping[str, bytes]) -> list[str]:
    if CLASSES not in files:
        return []
    return [line.strip() for line in as_text(files[CLASSES]).splitlines() if line.strip()]


def _box(line: str, where: str, size: tuple[int, int], classes: Sequence[str]) -> Box:
    numbers = [plain_number(part) for part in line.split()]
    if len(numbers) not in (5, 6) or any(number is None for number in numbers):
        raise ResponseError(f"{where}应是“类别 中心x 中心y 宽 高”五个数字（第六个可以是置信度）。")
    number, cx, cy, w, h, *rest = (n for n in numbers if n is not None)
    if number != int(number) or not 0 <= number < len(classes):
        raise ResponseError(f"{where}的类别编号 {number:g} 不存在，可用 0 到 {len(classes) - 1}。")
    score = rest[0] if rest else 1.0
    if not 0 <= score <= 1:
        raise ResponseError(f"{where}的置信度应在 0 到 1 之间。")
    width, height = size
    left, top = round((cx - w / 2) * width, 2), round((cy - h / 2) * height, 2)
    sides = check_box([left, top, round(w * width, 2), round(h * height, 2)], where, size)
    return Box(classes[int(number)], *sides, {}, score)


def write_yolo(boxes: Boxes) -> dict[str, bytes]:
    """Return classes.txt and one txt for each image, by path; six decimals are a hundredth of a pixel and better."""
    order = {label: number for number, label in enumerate(boxes.labels)}
    files = {CLASSES: "".join(f"{label}\n" for label in order).encode()}
    for image, (width, height) in boxes.sizes.items():
        lines = [
            f"{order[b.label]} {(b.x + b.w / 2) / width:.6f} {(b.y + b.h / 2) / height:.6f} {b.w / width:.6f} {b.h / height:.6f}\n"
            for b in boxes.images.get(image, ())
        ]
        files[f"labels/{image.rpartition('.')[0] or image}.txt"] = "".join(lines).encode()
    return files
