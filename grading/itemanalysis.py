"""Item analysis: how each item of a test behaves, and how reliable the whole test is.

Formulas as Moodle documents them (docs.moodle.org, "Quiz statistics calculations"), for x = marks of an item, T = total marks,
X = T − x the rest of the test, over candidates' first attempts. All shares are fractions, not percent. A figure that is not
defined (no variance, too few candidates, negative covariance) is None, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Any

from grading.errors import GradingError

if TYPE_CHECKING:
    import numpy as np

    Vector = np.ndarray[Any, np.dtype[np.float64]]

TINY = 1e-12
"""Relative to the size of the marks: a variance below is rounding, not difference."""


@dataclass(frozen=True)
class ItemStatistics:
    """One item.

    n : candidates; facility : mean ÷ maximum; sd : standard deviation (n − 1) ÷ maximum; random_guess_score : expected facility
    of guessing, where it is known; intended_weight : maximum ÷ sum of maxima; effective_weight : √C(x, T) ÷ Σ √C(x, T);
    discrimination_index : correlation of x with X; discriminative_efficiency : C(x, X) ÷ the largest covariance that these
    marks could have had (both sorted).
    """

    id: str
    n: int
    facility: float | None
    sd: float | None
    random_guess_score: float | None
    intended_weight: float
    effective_weight: float | None
    discrimination_index: float | None
    discriminative_efficiency: float | None


@dataclass(frozen=True)
class TestStatistics:
    """The whole test.

    mean, sd : of the totals ÷ maximum; skewness, kurtosis : k3 ÷ k2^1.5 and k4 ÷ k2² of Fisher's k-statistics; alpha : Cronbach's
    coefficient of internal consistency; error_ratio : √(1 − alpha); standard_error : error_ratio × sd.
    """

    n: int
    mean: float | None
    sd: float | None
    skewness: float | None
    kurtosis: float | None
    alpha: float | None
    error_ratio: float | None
    standard_error: float | None


@dataclass(frozen=True)
class ItemAnalysis:
    """All items in the order given, and the test."""

    items: tuple[ItemStatistics, ...]
    test: TestStatistics

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"items": [asdict(item) for item in self.items], "test": asdict(self.test)}


def analyse(
    marks: Sequence[Sequence[float | None]], maxima: Sequence[float], ids: Sequence[str], *, guess: Sequence[float | None] | None = None
) -> ItemAnalysis:
    """Analyse a table of marks.

    marks : candidates × items, one first attempt a row; an omitted item is 0, one that a candidate was not set (drawn papers)
    is None and counts neither for the item nor for the candidate; maxima : largest mark of each item, > 0; ids : names of the
    items; guess : random-guess score of each item as a fraction, None where unknown. GradingError if the shapes do not fit.
    """
    import numpy as np

    most = np.asarray(maxima, dtype=float)
    fits = bool(ids) and len(most) == len(ids) and all(len(row) == len(ids) for row in marks)
    numbers = all(mark is None or isfinite(mark) for row in marks for mark in row)
    if not fits or not numbers or not (np.isfinite(most) & (most > 0)).all():
        raise GradingError("题目分析：每道题要有大于 0 的满分，得分要是数字。")
    table = np.asarray([list(row) for row in marks], dtype=float).reshape(len(marks), len(ids))  # None becomes NaN
    total = np.nansum(table, axis=1)
    columns = [(table[had, p], total[had]) for p in range(len(ids)) for had in [~np.isnan(table[:, p])]]
    roots = [_root(_covariance(x, whole)) for x, whole in columns]
    sum_of_roots = sum(root for root in roots if root is not None)
    known = guess or [None] * len(ids)
    items = tuple(
        _item(ids[p], x, whole - x, most[p] / most.sum(), most[p], known[p], _share(roots[p], sum_of_roots))
        for p, (x, whole) in enumerate(columns)
    )
    return ItemAnalysis(items, _test(table, total, most))


def _root(covariance: float | None) -> float | None:
    return None if covariance is None or covariance < 0 else sqrt(covariance)


def _item(
    name: str, x: Vector, rest: Vector, weight: float, maximum: float, guess: float | None, effective: float | None
) -> ItemStatistics:
    import numpy as np

    variance, other, together = _variance(x), _variance(rest), _covariance(x, rest)
    best = _covariance(np.sort(x), np.sort(rest))
    index = efficiency = None
    if together is not None and variance and other:
        index = together / sqrt(variance * other)
    if together is not None and best is not None and best > 0:
        efficiency = together / best
    return ItemStatistics(
        name, len(x), float(x.mean()) / maximum if len(x) else None, None if variance is None else sqrt(variance) / maximum, guess,
        float(weight), effective, index, efficiency,
    )


def _test(table: Vector, total: Vector, most: Vector) -> TestStatistics:
    import numpy as np

    n, items = table.shape
    set_to_all = not np.isnan(table).any()
    share = total / np.where(np.isnan(table), 0.0, most).sum(axis=1)
    spread, variance = _variance(share), _variance(total)
    sd = None if spread is None else sqrt(spread)
    alpha = None
    if items > 1 and variance and set_to_all:
        own = sum(_variance(table[:, p]) or 0.0 for p in range(items))
        alpha = items / (items - 1) * (1 - own / variance)
    ratio = None if alpha is None else sqrt(max(0.0, 1 - alpha))
    return TestStatistics(
        n, float(share.mean()) if n else None, sd, _skewness(share), _kurtosis(share), alpha, ratio,
        None if ratio is None or sd is None else ratio * sd,
    )


def _variance(x: Vector) -> float | None:
    """Return the variance with n − 1; None below two candidates; exactly 0 for what differs by rounding only."""
    if len(x) < 2:
        return None
    found = float(x.var(ddof=1))
    return 0.0 if found <= TINY * max(1.0, float((x * x).max())) else found


def _covariance(x: Vector, y: Vector) -> float | None:
    if len(x) < 2:
        return None
    found = float(((x - x.mean()) * (y - y.mean())).sum() / (len(x) - 1))
    return 0.0 if abs(found) <= TINY * max(1.0, float((x * x).max()), float((y * y).max())) else found


def _share(part: float | None, whole: float) -> float | None:
    return None if part is None or whole <= 0 else part / whole


def _skewness(x: Vector) -> float | None:
    n, k2 = len(x), _variance(x)
    if n < 3 or not k2:
        return None
    m3 = float(((x - x.mean()) ** 3).mean())
    return float(n * n * m3 / ((n - 1) * (n - 2)) / k2**1.5)


def _kurtosis(x: Vector) -> float | None:
    n, k2 = len(x), _variance(x)
    if n < 4 or not k2:
        return None
    m2, m4 = (float(((x - x.mean()) ** power).mean()) for power in (2, 4))
    k4 = n * n * ((n + 1) * m4 - 3 * (n - 1) * m2 * m2) / ((n - 1) * (n - 2) * (n - 3))
    return k4 / (k2 * k2)
