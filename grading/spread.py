"""How some numbers are spread: mean, median, standard deviation, and how many fall into each tenth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean, median, stdev

BINS = 10


@dataclass(frozen=True)
class Spread:
    """Some marks. sd : of a sample (n − 1), None below two; the others are None without any."""

    n: int
    mean: float | None
    median: float | None
    sd: float | None
    low: Decimal | None
    high: Decimal | None


def spread(values: Sequence[Decimal]) -> Spread:
    """Return how `values` are spread.

    >>> spread([Decimal(2), Decimal(4), Decimal(9)])
    Spread(n=3, mean=5.0, median=4.0, sd=3.605551275463989, low=Decimal('2'), high=Decimal('9'))
    """
    if not values:
        return Spread(0, None, None, None, None, None)
    numbers = [float(value) for value in values]
    return Spread(
        len(values), fmean(numbers), median(numbers), stdev(numbers) if len(numbers) > 1 else None, min(values), max(values),
    )


def tenths(parts: Sequence[tuple[Decimal, Decimal]]) -> list[int]:
    """Return how many of the (earned, possible) pairs lie in [0, 10) %, [10, 20) % … [90, 100] %.

    >>> tenths([(Decimal(6), Decimal(10)), (Decimal(10), Decimal(10)), (Decimal("5.99"), Decimal(10))])
    [0, 0, 0, 0, 0, 1, 1, 0, 0, 1]
    """
    counts = [0] * BINS
    for earned, possible in parts:
        counts[min(int(earned * BINS / possible), BINS - 1) if possible else 0] += 1
    return counts
