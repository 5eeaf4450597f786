"""What the graders of boxes have in common: the truth in `key/`, bands, and sentences that name images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field as Key, FiniteFloat

from grading.boxes import Boxes
from grading.boxformats.coco import read_coco
from grading.boxmatch import ImageMatch, Tally, match, tally
from grading.errors import ResponseError, TaskError
from grading.model import Spec
from grading.registry import KeyFile
from grading.text import listing, shorten, show_number

Images = tuple[Annotated[str, Key(min_length=1)], ...]
Iou = Annotated[float, Key(gt=0, le=1)]
Unit = Annotated[float, Key(ge=0, le=1)]
Limit = 3  # images that a reason names


class Reach(Spec):
    """A value, and the share of the marks earned from there on."""

    at: FiniteFloat
    fraction: float = Key(ge=0, le=1)


Bands = Annotated[tuple[Reach, ...], Key(min_length=1)]


def read_truth(key: KeyFile) -> Boxes:
    """Return the true boxes of a COCO file in `key/`; TaskError if it cannot be read."""
    try:
        return read_coco(key.path.read_bytes())
    except ResponseError as error:
        raise TaskError(str(error), file=key.path) from None


def chosen(truth: Boxes, images: Iterable[str]) -> tuple[str, ...]:
    """Return `images`, or all of the truth's if there are none."""
    return tuple(images) or tuple(truth.sizes)


def check_truth(key: KeyFile, images: Images) -> Boxes:
    """Return the truth; TaskError if an image is not in it, or if there is no box to find on the images chosen."""
    truth = read_truth(key)
    unknown = [image for image in images if image not in truth.sizes]
    if unknown:
        raise TaskError(f"标准答案里没有图片 {unknown[0]!r}；可用：{', '.join(truth.sizes)}", key="args.images")
    if not any(truth.images[image] for image in chosen(truth, images)):
        raise TaskError("标准答案在这些图片上没有框", file=key.path)
    return truth


def compare(found: Boxes, key: KeyFile, images: Images, iou: float) -> tuple[Boxes, list[ImageMatch], Tally]:
    """Return the truth, the match on each image, and the counts over all."""
    truth = read_truth(key)
    matches = match(found, truth, chosen(truth, images), iou)
    return truth, matches, tally(matches)


def check_bands(bands: Sequence[Reach]) -> None:
    """Raise TaskError unless a better value earns more, and the best possible, 1, everything."""
    ordered = sorted(bands, key=lambda band: -band.at)
    if any(a.at == b.at or a.fraction <= b.fraction for a, b in pairwise(ordered)) or ordered[0].at > 1 or ordered[0].fraction != 1:
        raise TaskError("bands 里 at 越大，fraction 应越大；最高的 at 不超过 1，fraction 是 1", key="args.bands")


def reached(value: float, bands: Sequence[Reach]) -> float:
    """Return the fraction of the best band that `value` reaches; a billionth is forgiven."""
    return max((band.fraction for band in bands if value >= band.at - 1e-9), default=0.0)


def bands_text(bands: Sequence[Reach]) -> str:
    """Return the bands for people: ≥ 0.8 得满分；≥ 0.7 得 60%."""
    return "；".join(
        f"≥ {show_number(b.at)} 得{'满分' if b.fraction == 1 else f' {show_number(100 * b.fraction)}%'}"
        for b in sorted(bands, key=lambda band: -band.at)
    )


def nonsense(counts: Tally, min_f1: float) -> str:
    """Return why so few or so many boxes cannot be judged; "" if they can."""
    if counts.matched and counts.f1 >= min_f1 - 1e-9:
        return ""
    return (
        f"{counts.truth} 个目标只对上 {counts.matched} 个、多标 {counts.extra} 个（位置的 F1 为 {counts.f1:.2f}，"
        f"要求至少 {min_f1:g}），不足以判定，不得分。"
    )


def what_is_wrong(matches: Sequence[ImageMatch], found: Boxes) -> str:
    """Return a clause for each of the first wrong images, such as `a.png 漏标 1 个（划痕）、多标 2 个`; "" if all is right."""
    texts = [f"{shorten(m.image, 40)} {'、'.join(parts)}" for m in matches if (parts := _parts(m, found))]
    if not texts:
        return ""
    more = f"等，共 {len(texts)} 张有错" if len(texts) > Limit else ""
    return "；".join(texts[:Limit]) + more


def _parts(m: ImageMatch, found: Boxes) -> list[str]:
    def names(labels: Iterable[str]) -> str:
        return listing(list(dict.fromkeys(found.labels.get(label, label) for label in labels)), 3)

    missed = [m.truth[n].label for n in m.missed]
    extra = [m.own[n].label for n in m.extra]
    wrong = Counter((m.own[p.own].label, m.truth[p.truth].label) for p in m.pairs if not p.right)
    parts = [f"漏标 {len(missed)} 个（{names(missed)}）"] if missed else []
    parts += [f"多标 {len(extra)} 个（{names(extra)}）"] if extra else []
    return parts + [f"{n} 个{names([true])}错标成{names([own])}" for (own, true), n in list(wrong.items())[:2]]
