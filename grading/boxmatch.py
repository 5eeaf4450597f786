"""One-to-one matching of an answer's boxes with the true ones, image by image.

The assignment is optimal, not greedy: of all ways to pair boxes whose IoU reaches the threshold it takes one with the most
pairs, among these one with the most equal labels, among these one with the largest sum of IoU. These three numbers are the
same for every order of the boxes; boxes are sorted before, so that the pairs are too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from grading.boxes import Box, Boxes, iou

Mistake = Literal["missing", "extra", "label", "shifted", "double"]
_PAIR, _LABEL = 1e6, 1e3  # an image has at most some hundred boxes, so that no sum of the lesser reaches one of the greater


@dataclass(frozen=True)
class Pair:
    """An own and a true box that belong together, by their numbers in the image; right : the labels agree."""

    own: int
    truth: int
    iou: float
    right: bool


@dataclass(frozen=True)
class ImageMatch:
    """The match on one image; boxes are sorted by `Box.rank`."""

    image: str
    own: tuple[Box, ...]
    truth: tuple[Box, ...]
    pairs: tuple[Pair, ...]

    @property
    def extra(self) -> list[int]:
        """Numbers of own boxes without a true one."""
        return sorted(set(range(len(self.own))) - {pair.own for pair in self.pairs})

    @property
    def missed(self) -> list[int]:
        """Numbers of true boxes that nobody found."""
        return sorted(set(range(len(self.truth))) - {pair.truth for pair in self.pairs})

    @property
    def right(self) -> list[Pair]:
        """Pairs with the same label."""
        return [pair for pair in self.pairs if pair.right]


def match(found: Boxes, truth: Boxes, images: Iterable[str], threshold: float) -> list[ImageMatch]:
    """Return the match on each of `images`; `threshold` is the least IoU of a pair, above 0."""
    return [match_image(image, found.on(image), truth.on(image), threshold) for image in images]


def match_image(image: str, own: tuple[Box, ...], truth: tuple[Box, ...], threshold: float) -> ImageMatch:
    """Return the best one-to-one match of two sorted sets of boxes."""
    found = [
        Pair(i, j, value, a.label == b.label)
        for i, a in enumerate(own) for j, b in enumerate(truth) if (value := iou(a, b)) >= threshold - 1e-9
    ]
    pairs = [pair for group in _groups(found) for pair in (group if len(group) == 1 else _assign(group))]
    return ImageMatch(image, own, truth, tuple(sorted(pairs, key=lambda pair: pair.own)))


def _groups(pairs: Sequence[Pair]) -> Iterable[list[Pair]]:
    """Return `pairs` in groups that share no box; most boxes have one candidate, and groups of one need no solver."""
    leader: dict[tuple[str, int], tuple[str, int]] = {}

    def find(box: tuple[str, int]) -> tuple[str, int]:
        while leader.setdefault(box, box) != box:
            leader[box] = leader[leader[box]]  # half the way for those who ask later
            box = leader[box]
        return box

    for pair in pairs:
        leader[find(("own", pair.own))] = find(("truth", pair.truth))
    groups: dict[tuple[str, int], list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[find(("own", pair.own))].append(pair)
    return groups.values()


def _assign(pairs: Sequence[Pair]) -> list[Pair]:
    import numpy as np  # heavy, and most images need no solver
    from scipy.optimize import linear_sum_assignment

    rows, columns = sorted({p.own for p in pairs}), sorted({p.truth for p in pairs})
    worth = np.zeros((len(rows), len(columns)))
    row_of, column_of = ({box: place for place, box in enumerate(boxes)} for boxes in (rows, columns))
    by_place = {(row_of[p.own], column_of[p.truth]): p for p in pairs}
    for place, pair in by_place.items():
        worth[place] = _PAIR + _LABEL * pair.right + pair.iou
    chosen = linear_sum_assignment(worth, maximize=True)
    return [by_place[place] for place in zip(*(side.tolist() for side in chosen), strict=True) if place in by_place]


@dataclass(frozen=True)
class Tally:
    """Counts over images."""

    own: int
    truth: int
    matched: int
    right: int

    @property
    def missed(self) -> int:
        """True boxes that nobody found."""
        return self.truth - self.matched

    @property
    def extra(self) -> int:
        """Own boxes without a true one."""
        return self.own - self.matched

    @property
    def mislabelled(self) -> int:
        """Boxes at a right place with a wrong label."""
        return self.matched - self.right

    @property
    def f1(self) -> float:
        """2 · matched / (own + true), labels aside: 0 for nothing or nonsense, 1 for every box at its place."""
        return 2 * self.matched / (self.own + self.truth) if self.own + self.truth else 0.0


def tally(matches: Iterable[ImageMatch]) -> Tally:
    """Return the counts of all `matches` together."""
    rows = [(len(m.own), len(m.truth), len(m.pairs), len(m.right)) for m in matches]
    own, truth, matched, right = (sum(column) for column in zip(*rows, strict=True)) if rows else (0, 0, 0, 0)
    return Tally(own, truth, matched, right)
