"""Somebody else's boxes, checked and mended."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Key

from grading.boxes import Box, Boxes
from grading.boxevidence import evidence_of
from grading.boxmatch import Mistake, match
from grading.boxreview import Fault, find_faults, review
from grading.errors import TaskError
from grading.graders._boxes import Images, Iou, check_truth, chosen, read_truth
from grading.model import Mark
from grading.registry import KeyFile, grader
from grading.text import shorten

WORDS: dict[str, str] = {
    "missing": "漏标", "extra": "多标", "label": "标签错误", "shifted": "位置偏移", "double": "重复标注",
}


def starting_boxes(starter: KeyFile, truth: Boxes) -> Boxes:
    """Return the boxes to review; TaskError if the file is no COCO JSON of the same images."""
    boxes = read_truth(starter)
    if boxes.sizes != truth.sizes:
        raise TaskError("starter 与 key 的图片不同", file=starter.path, key="args.starter")
    return boxes


def _check(*, key: KeyFile, starter: KeyFile, mistake: Mistake, images: Images, iou: float, **_: object) -> None:
    truth = check_truth(key, images)
    faults = find_faults(starting_boxes(starter, truth), truth, chosen(truth, images), iou)
    if not any(fault.mistake == mistake for fault in faults):
        raise TaskError(f"初始标注里没有这种错误：{mistake}（{WORDS[mistake]}）", key="args.mistake")


@grader(validate=_check)
def box_repairs(
    found: Boxes, *, key: KeyFile, starter: KeyFile, mistake: Mistake, images: Images = (), iou: Iou = 0.6,
    harm: Annotated[float, Key(ge=0, le=10)] = 2.0, evidence: bool = False,
) -> Mark:
    """Mark the repair of one kind of mistake in given boxes: mended / mistakes · max(0, 1 − harm · spoilt / right before).

    A mistake is found by comparing the starter with the truth (`grading.boxreview`). It is mended if the true box is there
    once with its label and the wrong one is gone. Spoilt are boxes that were right and are no longer, and new wrong ones;
    so neither deleting everything nor covering the images with boxes pays.

    Parameters
    ----------
    found : the boxes after the review
    key : the truth in `key/`, COCO JSON
    starter : the boxes before, COCO JSON in `key/` with the content of the field's starter
    mistake : `missing`, `extra`, `label`, `shifted` or `double`
    images : the images that count (default: all of the key)
    iou : the least intersection over union of a right box
    harm : the weight of what was spoilt
    evidence : True for the one point of the task that shows the boxes

    Returns
    -------
    Mark with that share; evidence of kind `boxes` if wanted

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> def write(name, *boxes):
    ...     data = {"images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80}], "categories": [{"id": 1, "name": "pit"}],
    ...             "annotations": [{"image_id": 1, "category_id": 1, "bbox": list(box)} for box in boxes]}
    ...     _ = (folder / name).write_text(json.dumps(data))
    ...     return KeyFile(folder / name)
    >>> truth, starter = write("truth.json", (10, 10, 20, 20)), write("starter.json", (10, 10, 20, 20), (60, 40, 9, 9))
    >>> drawn = Boxes({"a.png": (Box("pit", 10, 10, 20, 20),)}, {"a.png": (100, 80)}, {"pit": "麻点"})
    >>> mark = box_repairs(drawn, key=truth, starter=starter, mistake="extra")
    >>> mark.fraction, mark.reason
    (1.0, '多标共 1 处，改好 1 处。')
    """
    truth = read_truth(key)
    names = chosen(truth, images)
    result = review(found, starting_boxes(starter, truth), truth, names, iou)
    own = [(fault, done) for fault, done in zip(result.faults, result.mended, strict=True) if fault.mistake == mistake]
    mended = sum(done for _, done in own)
    kept = max(0.0, 1 - harm * result.spoilt / max(1, result.good))
    left = [_where(fault) for fault, done in own if not done]
    word = WORDS[mistake]
    reason = f"{word}共 {len(own)} 处，改好 {mended} 处" + (f"；还没有改好：{shorten('、'.join(left[:3]), 120)}" if left else "")
    if result.spoilt:
        reason += f"；原来正确的框改坏或新画错 {result.spoilt} 个，本项按 {100 * kept:.0f}% 计"
    fraction = round(mended / len(own) * kept, 9)
    shown = evidence_of(match(found, truth, names, iou), found, truth) if evidence else None
    return Mark(fraction, f"{len(own)} 处{word}全部改好", f"改好 {mended} 处，改坏 {result.spoilt} 个", f"{reason}。", evidence=shown)


def _where(fault: Fault) -> str:
    box: Box | None = fault.box or fault.truth
    assert box is not None  # a fault has at least one of them
    return f"{shorten(fault.image, 40)}（{box.x:.0f}, {box.y:.0f}）处"
