"""COCO's twelve numbers for boxes, equal to pycocotools' COCOeval (the oracle in its test) without its compiled code.

Protocol (https://cocodataset.org/#detection-eval): IoU 0.50:0.05:0.95, precision at 101 recalls, areas small < 32² ≤ medium
< 96² ≤ large of the annotation's `area`, at most 1, 10, 100 detections per image and category. Crowd regions and boxes
outside the area range are neither found nor missed; a crowd may be hit many times, and its IoU is shared / own area.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NUMBERS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
MAX_DETECTIONS = (1, 10, 100)
AREAS = ((0.0, 1e10), (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, 1e10))
"""All, small, medium, large; both ends belong to the range."""


@dataclass(frozen=True)
class Truth:
    """One annotation: box [x, y, w, h], its area in pixels, and whether it is a crowd."""

    box: Sequence[float]
    area: float
    crowd: bool = False


@dataclass(frozen=True)
class Detection:
    """One detected box [x, y, w, h] and its score; its area is that of the box."""

    box: Sequence[float]
    score: float = 1.0


Group = tuple[Any, Any]
"""(image, category)."""


def evaluate(truths: Mapping[Group, Sequence[Truth]], detections: Mapping[Group, Sequence[Detection]]) -> dict[str, float]:
    """Return the twelve numbers by name; −1 where there is nothing to find, as COCO has it.

    Detections with equal scores count in the order given, and images in the order of their ids.
    """
    import numpy as np

    thresholds = np.linspace(0.5, 0.95, 10)
    groups = sorted(truths.keys() | detections.keys(), key=lambda group: (group[1], group[0]))
    by_category: dict[Any, list[Any]] = defaultdict(list)
    for group in groups:
        found = _Group(truths.get(group, ()), detections.get(group, ()), thresholds.tolist())
        by_category[group[1]].append(found)
    shape = (len(thresholds), len(by_category), len(AREAS), len(MAX_DETECTIONS))
    precision, recall = np.full((101, *shape), -1.0), np.full(shape, -1.0)
    for k, members in enumerate(by_category.values()):
        for a in range(len(AREAS)):
            for m, most in enumerate(MAX_DETECTIONS):
                result = _accumulate(members, a, most)
                if result is not None:
                    precision[:, :, k, a, m], recall[:, k, a, m] = result
    return _summary(precision, recall)


def _summary(precision: Any, recall: Any) -> dict[str, float]:
    """Return means over what is defined; `precision` is [recall, IoU, category, area, detections], `recall` without the first."""
    values = [
        precision[..., 0, 2], precision[:, 0, :, 0, 2], precision[:, 5, :, 0, 2],
        *(precision[..., area, 2] for area in (1, 2, 3)), *(recall[..., 0, most] for most in (0, 1, 2)),
        *(recall[..., area, 2] for area in (1, 2, 3)),
    ]
    means = (float(defined.mean()) if (defined := value[value > -1]).size else -1.0 for value in values)
    return dict(zip(NUMBERS, means, strict=True))


class _Group:
    """One image and category: which detections hit something, for every area range and IoU threshold."""

    def __init__(self, truths: Sequence[Truth], detections: Sequence[Detection], thresholds: Sequence[float]) -> None:
        ordered = sorted(detections, key=lambda one: -one.score)[: MAX_DETECTIONS[-1]]  # stable, as COCO's merge sort
        self.scores = [one.score for one in ordered]
        self.truths = truths
        self.areas = [one.box[2] * one.box[3] for one in ordered]
        overlaps = [[_overlap(one.box, true) for true in truths] for one in ordered]
        # Below the least threshold nothing is ever matched: most detections have one candidate or none.
        self.candidates = [[(j, value) for j, value in enumerate(row) if value >= thresholds[0] - 1e-9] for row in overlaps]
        self.results = [self._match(area, thresholds) for area in AREAS]

    def _match(self, area: tuple[float, float], thresholds: Sequence[float]) -> tuple[Any, Any, int]:
        """Return (hit, ignored) of each threshold and detection as arrays, and how many truths there are to find."""
        import numpy as np

        low, high = area
        ignored = [true.crowd or not low <= true.area <= high for true in self.truths]
        outside = [not low <= size <= high for size in self.areas]
        # Truths that count are tried before those that do not.
        candidates = [sorted(row, key=lambda one: ignored[one[0]]) for row in self.candidates]
        hits, leave_out = [], []
        for threshold in thresholds:
            partners = self._partners(candidates, ignored, min(threshold, 1 - 1e-10))
            hits.append([partner is not None for partner in partners])
            leave_out.append([out if p is None else ignored[p] for p, out in zip(partners, outside, strict=True)])
        return np.array(hits, dtype=bool), np.array(leave_out, dtype=bool), ignored.count(False)

    def _partners(self, candidates: list[list[tuple[int, float]]], ignored: list[bool], threshold: float) -> list[int | None]:
        taken: set[int] = set()
        partners: list[int | None] = []
        for row in candidates:
            if not row:
                partners.append(None)
                continue
            best, partner = threshold, None
            for j, value in row:
                if j in taken and not self.truths[j].crowd:
                    continue
                if partner is not None and ignored[j] and not ignored[partner]:
                    break  # one that counts is found: none that does not may take its place
                if value >= best:
                    best, partner = value, j
            if partner is not None:
                taken.add(partner)
            partners.append(partner)
        return partners


def _overlap(box: Sequence[float], true: Truth) -> float:
    """Return intersection over union, for a crowd intersection over the detection's area."""
    wide = min(box[0] + box[2], true.box[0] + true.box[2]) - max(box[0], true.box[0])
    high = min(box[1] + box[3], true.box[1] + true.box[3]) - max(box[1], true.box[1])
    if wide <= 0 or high <= 0:
        return 0.0
    shared, own = wide * high, box[2] * box[3]
    return shared / (own if true.crowd else own + true.box[2] * true.box[3] - shared)


def _accumulate(members: Iterable[_Group], area: int, most: int) -> tuple[Any, Any] | None:
    """Return (precision at 101 recalls × thresholds, recall of each threshold) of one category; None if nothing is to be found."""
    import numpy as np

    members = list(members)
    results = [member.results[area] for member in members]
    wanted = sum(result[2] for result in results)
    if wanted == 0:
        return None
    scores = np.array([score for member in members for score in member.scores[:most]], dtype=float)
    order = np.argsort(-scores, kind="mergesort")
    hit = np.concatenate([hits[:, :most] for hits, _, _ in results], axis=1)[:, order]
    ignored = np.concatenate([left_out[:, :most] for _, left_out, _ in results], axis=1)[:, order]
    right = np.cumsum(hit & ~ignored, axis=1).astype(float)
    wrong = np.cumsum(~hit & ~ignored, axis=1).astype(float)
    recalls = right / wanted
    precisions = right / (wrong + right + np.spacing(1))
    precisions = np.maximum.accumulate(precisions[:, ::-1], axis=1)[:, ::-1]  # the best at this recall or a higher one
    steps = np.linspace(0.0, 1.0, 101)
    table = np.zeros((len(steps), len(recalls)))
    for t, row in enumerate(recalls):
        places = np.searchsorted(row, steps, side="left")
        inside = places < row.size
        table[inside, t] = precisions[t, places[inside]]
    return table, recalls[:, -1] if scores.size else np.zeros(len(recalls))
