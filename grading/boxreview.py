"""What is wrong with somebody's boxes, and what a reviewer made of it: mistakes are found by comparing with the truth."""

from __future__ import annotations

from dataclasses import dataclass

from grading.boxes import Box, Boxes, iou
from grading.boxmatch import ImageMatch, Mistake, match, match_image

NEAR = 0.1  # IoU from which a box without partner is a true one that was shifted, and not an invention
SAME = 0.8  # IoU from which a box that stayed is still the mistaken one


@dataclass(frozen=True)
class Fault:
    """One mistake in the boxes to review.

    truth : the true box, None for an invented one; box : the wrong box, None where one is missing.
    """

    image: str
    mistake: Mistake
    truth: Box | None
    box: Box | None


@dataclass(frozen=True)
class Review:
    """What became of the mistakes; spoilt : boxes that were right and are no longer, and new wrong ones."""

    faults: tuple[Fault, ...]
    mended: tuple[bool, ...]
    good: int
    spoilt: int


def find_faults(starter: Boxes, truth: Boxes, images: tuple[str, ...], threshold: float) -> list[Fault]:
    """Return all mistakes of `starter`, image by image: wrong labels, shifted, doubled, invented and missing boxes."""
    return [fault for m in match(starter, truth, images, threshold) for fault in _faults(m, threshold)]


def _faults(m: ImageMatch, threshold: float) -> list[Fault]:
    faults = [Fault(m.image, "label", m.truth[p.truth], m.own[p.own]) for p in m.pairs if not p.right]
    missed = set(m.missed)
    for number in m.extra:
        box = m.own[number]
        if any(iou(box, true) >= threshold for true in m.truth):
            faults.append(Fault(m.image, "double", max(m.truth, key=lambda true: iou(box, true)), box))
            continue
        near = max(missed, key=lambda n: iou(box, m.truth[n]), default=None)
        if near is not None and iou(box, m.truth[near]) >= NEAR:
            faults.append(Fault(m.image, "shifted", m.truth[near], box))
            missed.discard(near)
        else:
            faults.append(Fault(m.image, "extra", None, box))
    return faults + [Fault(m.image, "missing", m.truth[number], None) for number in sorted(missed)]


def review(found: Boxes, starter: Boxes, truth: Boxes, images: tuple[str, ...], threshold: float) -> Review:
    """Return which mistakes of `starter` are mended in `found`, and what was spoilt."""
    faults: list[Fault] = []
    mended: list[bool] = []
    good = spoilt = 0
    for image in images:
        before = match_image(image, starter.on(image), truth.on(image), threshold)
        after = match_image(image, found.on(image), truth.on(image), threshold)
        wrong = _faults(before, threshold)
        faults += wrong
        mended += [_is_mended(fault, after) for fault in wrong]
        kept = {pair.truth for pair in after.right}
        good += len(before.right)
        spoilt += sum(pair.truth not in kept for pair in before.right) + _new_wrongs(after, wrong)
    return Review(tuple(faults), tuple(mended), good, spoilt)


def _is_mended(fault: Fault, after: ImageMatch) -> bool:
    """The true box is there once with its label, and the wrong one is gone."""
    left = [after.own[number] for number in after.extra]
    if fault.box is not None and any(iou(box, fault.box) >= SAME for box in left):
        return False
    if fault.truth is None:
        return True
    if fault.mistake == "double" and any(iou(box, fault.truth) >= SAME for box in left):
        return False
    return any(after.truth[pair.truth] == fault.truth for pair in after.right)


def _new_wrongs(after: ImageMatch, faults: list[Fault]) -> int:
    """Count boxes without a partner that were not there before."""
    old = [fault.box for fault in faults if fault.box is not None]
    return sum(all(iou(after.own[number], box) < SAME for box in old) for number in after.extra)
