"""What is said of boxes that are at their places: labels and attributes."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from pydantic import Field as Key

from grading.boxes import Boxes
from grading.errors import TaskError
from grading.graders._boxes import Images, Iou, Unit, check_truth, chosen, compare, nonsense
from grading.graders._report import Share, stretch
from grading.model import Mark
from grading.registry import KeyFile, grader
from grading.text import shorten


def _check_labels(*, key: KeyFile, images: Images, **_: object) -> None:
    check_truth(key, images)


@grader(validate=_check_labels)
def box_labels(
    found: Boxes, *, key: KeyFile, images: Images = (), iou: Iou = 0.5, min_f1: Unit = 0.5, zero_at: Share = 0.0,
) -> Mark:
    """Mark labels: right ones / boxes that were matched.

    Parameters
    ----------
    found : the boxes
    key : the truth in `key/`, COCO JSON
    images : the images that count (default: all of the key)
    iou : the least intersection over union of a pair
    min_f1 : the F1 of the places below which nothing is earned
    zero_at : the share that earns nothing, such as that of one label for all; linear from there to 1

    Returns
    -------
    Mark with the share of right labels

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from grading.boxes import Box
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "truth.json"
    >>> _ = path.write_text(json.dumps({
    ...     "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80}],
    ...     "categories": [{"id": 1, "name": "pit"}, {"id": 2, "name": "scratch"}],
    ...     "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]}]}))
    >>> drawn = Boxes({"a.png": (Box("scratch", 11, 10, 20, 20),)}, {"a.png": (100, 80)}, {"pit": "麻点", "scratch": "划痕"})
    >>> box_labels(drawn, key=KeyFile(path)).reason
    '对上的 1 个框里 0 个标签正确；1 个麻点错标成划痕（a.png）。'
    """
    _truth, matches, counts = compare(found, key, images, iou)
    expected = f"对上的框标签全部正确（IoU ≥ {iou:g}）"
    if (why := nonsense(counts, min_f1)):
        return Mark(0.0, expected, f"对上 {counts.matched} 个", why)
    wrong: Counter[tuple[str, str]] = Counter()
    where: dict[tuple[str, str], str] = {}
    for m in matches:
        for pair in m.pairs:
            if not pair.right:
                confusion = (m.truth[pair.truth].label, m.own[pair.own].label)
                wrong[confusion] += 1
                where.setdefault(confusion, m.image)
    names = found.labels
    texts = [f"{n} 个{names.get(a, a)}错标成{names.get(b, b)}（{shorten(where[a, b], 40)}）" for (a, b), n in wrong.most_common(3)]
    reason = "；".join([f"对上的 {counts.matched} 个框里 {counts.right} 个标签正确", *texts]) + "。"
    return Mark(stretch(counts.right / counts.matched, zero_at), expected, f"{counts.right}/{counts.matched} 个标签正确", reason)


def _check_attributes(*, key: KeyFile, images: Images, names: tuple[str, ...], **_: object) -> None:
    truth = check_truth(key, images)
    for image in chosen(truth, images):
        for box in truth.images[image]:
            missing = [name for name in names if name not in box.attributes]
            if missing:
                raise TaskError(f"标准答案里 {image} 有框没有属性 {missing[0]!r}", file=key.path, key="args.names")


@grader(validate=_check_attributes)
def box_attributes(
    found: Boxes, *, key: KeyFile, names: Annotated[tuple[str, ...], Key(min_length=1)], images: Images = (), iou: Iou = 0.5,
    min_f1: Unit = 0.5, zero_at: Share = 0.0,
) -> Mark:
    """Mark attributes: boxes with all of them right / boxes that were matched.

    Parameters
    ----------
    found : the boxes
    key : the truth in `key/`, COCO JSON with `attributes` in every annotation
    names : the attributes that count
    images : the images that count (default: all of the key)
    iou : the least intersection over union of a pair
    min_f1 : the F1 of the places below which nothing is earned
    zero_at : the share that earns nothing, such as that of one value for all; linear from there to 1

    Returns
    -------
    Mark with the share of boxes whose attributes are right

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from grading.boxes import Box
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "truth.json"
    >>> _ = path.write_text(json.dumps({
    ...     "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80}], "categories": [{"id": 1, "name": "pit"}],
    ...     "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "attributes": {"程度": "轻"}}]}))
    >>> drawn = Boxes({"a.png": (Box("pit", 11, 10, 20, 20, {"程度": "轻"}),)}, {"a.png": (100, 80)}, {"pit": "麻点"})
    >>> box_attributes(drawn, key=KeyFile(path), names=["程度"]).fraction
    1.0
    """
    _truth, matches, counts = compare(found, key, images, iou)
    expected = f"对上的框“{shorten('、'.join(names), 40)}”全部正确（IoU ≥ {iou:g}）"
    if (why := nonsense(counts, min_f1)):
        return Mark(0.0, expected, f"对上 {counts.matched} 个", why)
    wrong: list[str] = []
    for m in matches:
        for pair in m.pairs:
            own, true = m.own[pair.own].attributes, m.truth[pair.truth].attributes
            off = next((name for name in names if own.get(name) != true[name]), None)
            if off is not None:
                wrong.append(f"{shorten(m.image, 40)} 一个框的“{off}”应为“{true[off]}”，标成“{own.get(off) or '未填'}”")
    right = counts.matched - len(wrong)
    reason = shorten("；".join([f"对上的 {counts.matched} 个框里 {right} 个属性正确", *wrong[:2]]), 190) + "。"
    return Mark(stretch(right / counts.matched, zero_at), expected, f"{right}/{counts.matched} 个属性正确", reason)
