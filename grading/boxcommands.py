"""Commands for boxes: `score boxes` (COCO's twelve numbers) and `convert boxes` (between COCO, Pascal VOC and YOLO)."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from grading.boxes import is_number, read_json
from grading.boxformats import WRITERS, Format, read
from grading.cocoeval import Detection, Group, Truth, evaluate
from grading.errors import GradingError, ResponseError

MAX_CHARS = 200_000_000
FORMATS: tuple[Format, ...] = ("coco", "voc", "yolo")


def add_score(commands: Any) -> None:
    """Add `boxes` to the kinds of `score`."""
    parser = commands.add_parser("boxes", help="COCO's twelve numbers of detected boxes")
    parser.add_argument("--truth", type=Path, required=True, metavar="COCO.json", help="COCO dataset with the true boxes")
    parser.add_argument("--pred", type=Path, required=True, metavar="COCO.json", help="COCO results list or dataset; no score means 1")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(command=score)


def add_convert(commands: Any) -> None:
    """Add `boxes` to the kinds of `convert`."""
    parser = commands.add_parser("boxes", help="boxes between COCO JSON, Pascal VOC (xml or zip) and YOLO (txt or zip)")
    parser.add_argument("--from", dest="source", choices=FORMATS, required=True)
    parser.add_argument("--to", dest="target", choices=FORMATS, required=True)
    parser.add_argument("--like", type=Path, metavar="COCO.json", help="where YOLO's images, sizes and labels are to be found")
    parser.add_argument("path", type=Path, metavar="PATH")
    parser.add_argument("out", type=Path, metavar="OUT", help="a .json for coco, a .zip for voc and yolo")
    parser.set_defaults(command=convert)


def convert(options: argparse.Namespace) -> int:
    """Convert one file; ResponseError if it cannot be read or if OUT has another ending than the format."""
    ending, write = WRITERS[options.target]
    if options.out.suffix.lower() != f".{ending}":
        raise ResponseError(f"{options.target} 写成 .{ending} 文件，OUT 应以 .{ending} 结尾。")
    like = read(options.like.name, options.like.read_bytes(), None, "coco") if options.like else None
    boxes = read(options.path.name, options.path.read_bytes(), like, options.source)
    if not boxes.sizes:
        raise ResponseError(f"{options.path} 里没有 {options.source} 标注。")
    options.out.write_bytes(write(boxes))
    print(f"{options.out}：{len(boxes.sizes)} 张图片，{boxes.count} 个框")
    return 0


def score(options: argparse.Namespace) -> int:
    """Print the twelve numbers."""
    numbers = score_files(options.truth, options.pred)
    print(json.dumps(numbers) if options.json else "\n".join(f"{name:<6} {value:.6f}" for name, value in numbers.items()))
    return 0


def score_files(truth: Path, pred: Path) -> dict[str, float]:
    """Return COCO's twelve numbers of two files; GradingError says in a sentence which entry of which file is wrong."""
    dataset = _load(truth)
    if not isinstance(dataset, dict) or not all(isinstance(dataset.get(k), list) for k in ("images", "annotations", "categories")):
        raise GradingError(f"{truth}：应是含 images、annotations、categories 三个列表的 COCO 数据集。")
    images, categories = (_ids(dataset[name], f"{truth}：{name}") for name in ("images", "categories"))
    truths: dict[Group, list[Truth]] = defaultdict(list)
    for where, entry in _annotations(dataset["annotations"], truth, images):
        box = _box(entry, where)
        area = entry.get("area", box[2] * box[3])
        if not is_number(area):
            raise GradingError(f"{where}的 area 应是数。")
        if entry["category_id"] in categories:
            truths[entry["image_id"], entry["category_id"]].append(Truth(box, float(area), bool(entry.get("iscrowd"))))
    results = _load(pred)
    results = results.get("annotations") if isinstance(results, dict) else results
    detections: dict[Group, list[Detection]] = defaultdict(list)
    for where, entry in _annotations(results, pred, images):
        value = entry.get("score", 1.0)
        if not is_number(value):
            raise GradingError(f"{where}的 score 应是数。")
        box = _box(entry, where)
        if entry["category_id"] in categories:  # COCO looks at no other
            detections[entry["image_id"], entry["category_id"]].append(Detection(box, float(value)))
    return evaluate(truths, detections)


def _load(path: Path) -> Any:
    try:
        return read_json(path.read_text("utf-8-sig"), limit=MAX_CHARS)
    except UnicodeDecodeError:
        raise GradingError(f"{path}：不是 UTF-8 编码的 JSON。") from None
    except ResponseError as error:
        raise GradingError(f"{path}：{error}") from None


def _ids(entries: list[Any], where: str) -> set[int]:
    ids = [entry["id"] for entry in entries if isinstance(entry, dict) and type(entry.get("id")) is int]  # True is no id
    if len(ids) < len(entries):
        raise GradingError(f"{where} 里每一项都要有整数 id。")
    return set(ids)


def _annotations(entries: Any, path: Path, images: set[int]) -> list[tuple[str, dict[str, Any]]]:
    """Return (place for a sentence, entry) of all entries that name an image of the truth and a category."""
    if not isinstance(entries, list):
        raise GradingError(f"{path}：应是 COCO 结果列表，或含 annotations 列表的 COCO 数据集。")
    found: list[tuple[str, dict[str, Any]]] = []
    for number, entry in enumerate(entries, start=1):
        where = f"{path}：第 {number} 个框"
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), int) for key in ("image_id", "category_id")):
            raise GradingError(f"{where}应有整数 image_id、category_id 和 bbox。")
        if entry["image_id"] not in images:
            raise GradingError(f"{where}的 image_id {entry['image_id']} 不在标准数据集的 images 里。")
        found.append((where, entry))
    return found


def _box(entry: dict[str, Any], where: str) -> list[float]:
    box = entry.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(is_number(side) for side in box) or box[2] < 0 or box[3] < 0:
        raise GradingError(f"{where}的 bbox 应是四个数 [x, y, 宽, 高]，宽高不为负。")
    return [float(side) for side in box]
