"""Boxes against true boxes: found or not, how exactly, and COCO's average precision."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key

from grading.boxes import Boxes
from grading.boxevidence import evidence_of
from grading.cocoeval import Detection, Truth, evaluate
from grading.errors import TaskError
from grading.graders._boxes import (
    Bands,
    Images,
    Iou,
    Reach,
    Unit,
    bands_text,
    check_bands,
    check_truth,
    chosen,
    compare,
    nonsense,
    reached,
    read_truth,
    what_is_wrong,
)
from grading.graders._report import Share, stretch
from grading.model import Mark
from grading.registry import KeyFile, grader
from grading.text import shorten

Cost = Annotated[float, Key(ge=0, le=10)]
Number = Literal["AP", "AP50", "AP75"]


def _check_match(*, key: KeyFile, images: Images, wrong_label: float, by: str, **_: object) -> None:
    check_truth(key, images)
    if by == "f1" and wrong_label > 1:
        raise TaskError("by: f1 时 wrong_label 不超过 1", key="args.wrong_label")


@grader(validate=_check_match)
def boxes_match(
    found: Boxes, *, key: KeyFile, images: Images = (), iou: Iou = 0.5, missed: Cost = 1.0, extra: Cost = 1.0,
    wrong_label: Cost = 1.0, by: Literal["f1", "cost"] = "f1", zero_at: Share = 0.0, evidence: bool = True,
) -> Mark:
    """Mark boxes by what is missed, what is too much and what has a wrong label.

    Boxes are matched one to one, by the optimal assignment of `grading.boxmatch` (most pairs, then most equal labels, then
    the largest sum of IoU). With R right boxes, L of a wrong label, M missed and E extra ones and C = R + (1 − wrong_label) · L:
    `f1` gives C / (C + (missed · M + extra · E) / 2 + wrong_label · L), which with all costs 1 is the F1 value;
    `cost` gives 1 − (missed · M + extra · E + wrong_label · L) / true boxes, not less than 0.

    Parameters
    ----------
    found : the boxes
    key : the truth in `key/`, COCO JSON whose category names are the field's label ids
    images : the images that count (default: all of the key)
    iou : the least intersection over union of a pair
    missed, extra, wrong_label : costs of one box; for `f1` wrong_label is at most 1
    by : `f1` or `cost`
    zero_at : the value that earns nothing; linear from there to 1
    evidence : False if another point of the task shows the boxes already

    Returns
    -------
    Mark with that value; evidence of kind `boxes`

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from grading.boxes import Box
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "truth.json"
    >>> _ = path.write_text(json.dumps({
    ...     "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80}], "categories": [{"id": 1, "name": "pit"}],
    ...     "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]}]}))
    >>> drawn = Boxes({"a.png": (Box("pit", 11, 10, 20, 20), Box("pit", 60, 40, 9, 9))}, {"a.png": (100, 80)}, {"pit": "麻点"})
    >>> mark = boxes_match(drawn, key=KeyFile(path))
    >>> round(mark.fraction, 3), mark.reason
    (0.667, '1 个目标对上 1 个：a.png 多标 1 个（麻点）。')
    """
    truth, matches, counts = compare(found, key, images, iou)
    lost = missed * counts.missed + extra * counts.extra
    credit = counts.right + max(0.0, 1 - wrong_label) * counts.mislabelled
    if by == "cost":
        value = max(0.0, 1 - (lost + wrong_label * counts.mislabelled) / counts.truth)
    else:
        value = credit / (credit + lost / 2 + wrong_label * counts.mislabelled) if credit else 0.0
    wrong = what_is_wrong(matches, found)
    reason = f"{counts.truth} 个目标对上 {counts.matched} 个：{wrong}。" if wrong else f"{counts.truth} 个目标全部标对。"
    said = f"画了 {counts.own} 个：标对 {counts.right}，标签错 {counts.mislabelled}，漏 {counts.missed}，多 {counts.extra}"
    expected = f"{counts.truth} 个框，IoU ≥ {iou:g} 且标签正确"
    return Mark(stretch(value, zero_at), expected, said, reason, evidence=evidence_of(matches, found, truth) if evidence else None)


def _check_mean(*, key: KeyFile, images: Images, bands: tuple[Reach, ...], **_: object) -> None:
    check_truth(key, images)
    check_bands(bands)


@grader(validate=_check_mean)
def mean_iou(
    found: Boxes, *, key: KeyFile, bands: Bands, images: Images = (), iou: Iou = 0.5, min_f1: Unit = 0.5,
) -> Mark:
    """Mark how exactly boxes fit: the mean IoU of the true boxes that were found, whatever their labels.

    Parameters
    ----------
    found : the boxes
    key : the truth in `key/`, COCO JSON
    bands : `at` and `fraction`: the best band that the mean reaches counts
    images : the images that count (default: all of the key)
    iou : the least intersection over union of a pair
    min_f1 : the F1 of the places below which nothing is earned: the mean of a few boxes, or of some among hundreds, says nothing

    Returns
    -------
    Mark with the fraction of the band reached

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from grading.boxes import Box
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "truth.json"
    >>> _ = path.write_text(json.dumps({
    ...     "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80}], "categories": [{"id": 1, "name": "pit"}],
    ...     "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]}]}))
    >>> drawn = Boxes({"a.png": (Box("pit", 11, 10, 20, 20),)}, {"a.png": (100, 80)}, {"pit": "麻点"})
    >>> mean_iou(drawn, key=KeyFile(path), bands=[{"at": 0.95, "fraction": 1}, {"at": 0.9, "fraction": 0.5}]).fraction
    0.5
    """
    steps = [Reach.model_validate(band) for band in bands]
    expected = shorten(f"对上的框平均 IoU {bands_text(steps)}", 190)
    _truth, matches, counts = compare(found, key, images, iou)
    if (why := nonsense(counts, min_f1)):
        return Mark(0.0, expected, f"对上 {counts.matched} 个", why)
    values = [(pair.iou, m.image) for m in matches for pair in m.pairs]
    mean = round(sum(value for value, _ in values) / len(values), 9)
    worst, where = min(values)
    fraction = reached(mean, steps)
    advice = "框得贴合。" if fraction == 1 else f"最松的一个在 {shorten(where, 40)}，IoU 只有 {worst:.2f}，框要紧贴目标的边缘。"
    reason = f"对上的 {len(values)} 个框平均 IoU 为 {mean:.3f}，{advice}"
    return Mark(fraction, expected, f"平均 IoU = {mean:.3f}（{len(values)} 个框）", reason)


@grader(validate=_check_mean)
def boxes_map(found: Boxes, *, key: KeyFile, bands: Bands, images: Images = (), number: Number = "AP") -> Mark:
    """Mark boxes by COCO's average precision (`grading.cocoeval`); boxes without a score have the score 1.

    Parameters
    ----------
    found : the boxes; among equal scores they count in the order of their pixels, so that the order of drawing is irrelevant
    key : the truth in `key/`, COCO JSON
    bands : `at` and `fraction`: the best band that the number reaches counts
    images : the images that count (default: all of the key)
    number : `AP` (mean over IoU 0.50 to 0.95), `AP50` or `AP75`

    Returns
    -------
    Mark with the fraction of the band reached

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from grading.boxes import Box
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "truth.json"
    >>> _ = path.write_text(json.dumps({
    ...     "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80}], "categories": [{"id": 1, "name": "pit"}],
    ...     "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]}]}))
    >>> drawn = Boxes({"a.png": (Box("pit", 11, 10, 20, 20),)}, {"a.png": (100, 80)}, {"pit": "麻点"})
    >>> boxes_map(drawn, key=KeyFile(path), bands=[{"at": 0.9, "fraction": 1}]).found
    'AP = 0.900'
    """
    steps = [Reach.model_validate(band) for band in bands]
    truth = read_truth(key)
    names = chosen(truth, images)
    truths = {
        (image, label): [Truth((b.x, b.y, b.w, b.h), b.w * b.h) for b in truth.on(image) if b.label == label]
        for image in names for label in truth.labels
    }
    detections = {
        (image, label): [Detection((b.x, b.y, b.w, b.h), b.score) for b in found.on(image) if b.label == label]
        for image, label in truths
    }
    value = max(0.0, evaluate(truths, detections)[number])
    fraction = reached(value, steps)
    place = "达到满分线" if fraction == 1 else "达到部分得分线" if fraction else "没有达到得分线"
    expected = shorten(f"{number} {bands_text(steps)}", 190)
    return Mark(fraction, expected, f"{number} = {value:.3f}", f"按 COCO 规则计算的 {number} 为 {value:.3f}，{place}。")
