"""Ability: what answered items say about what somebody can do, and with how much certainty.

Not tested is not the same as 0 %: without an answer there is no share, no interval and no statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import Literal

Level = Literal["mastered", "fair", "weak", "few", "untested"]
"""What may be said: 掌握, 基本掌握, 薄弱, 题数不足, 未测."""

Z95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: 95 % lie within ± Z95 standard deviations."""
ENOUGH = 3
"""Answers below which nothing is said but how they went."""
MASTERED, FAIR = Decimal("0.8"), Decimal("0.6")
"""Shares from which a code is mastered, or fairly so; 60 % is the pass mark of the certificate exam."""


@dataclass(frozen=True)
class Observation:
    """One scoring point that somebody answered: was it right, and the marks (all or nothing for a theory item)."""

    right: bool
    earned: Decimal
    marks: Decimal


@dataclass(frozen=True)
class Figure:
    """Several observations together.

    n : how many; right : of these quite right; earned, marks : sums; share : right ÷ n of theory items, earned ÷ marks of practical
    points, None if there is none; low, high : the 95 % interval of a share of theory items, else None; level : what may be said.
    """

    n: int
    right: int
    earned: Decimal
    marks: Decimal
    share: float | None
    low: float | None
    high: float | None
    level: Level


def wilson(right: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Return the Wilson score interval of a share of `right` in `n` > 0 answers.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22 (1927) 209-212. With p = right ÷ n:
    (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) ÷ (1 + z²/n). Unlike p ± z √(p(1 − p)/n) it stays within 0 to 1 and is of use for few answers.

    >>> low, high = wilson(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    """
    if not 0 <= right <= n or n == 0:
        raise ValueError(f"{right} right of {n}")
    p, square = right / n, z * z
    middle = p + square / (2 * n)
    spread = z * sqrt(p * (1 - p) / n + square / (4 * n * n))
    whole = 1 + square / n
    # p lies within, but not to the last bit where it is 0 or 1.
    return max(0.0, min(p, (middle - spread) / whole)), min(1.0, max(p, (middle + spread) / whole))


def level(share: Decimal | None, n: int) -> Level:
    """Return what `n` answers with this share of success allow to say.

    >>> level(Decimal("0.8"), 5), level(Decimal("0.8"), 2), level(None, 0)
    ('mastered', 'few', 'untested')
    """
    if share is None or n == 0:
        return "untested"
    if n < ENOUGH:
        return "few"
    return "mastered" if share >= MASTERED else "fair" if share >= FAIR else "weak"


def theory(observations: Sequence[Observation]) -> Figure:
    """Return the figure of theory items: each is right or it is not, whatever marks a part of it earned."""
    n, right = len(observations), sum(o.right for o in observations)
    share = Decimal(right) / n if n else None
    low, high = wilson(right, n) if n else (None, None)
    return Figure(n, right, *_sums(observations), None if share is None else float(share), low, high, level(share, n))


def practical(observations: Sequence[Observation]) -> Figure:
    """Return the figure of practical scoring points: the share of their marks. They are no sample of like items: no interval."""
    earned, marks = _sums(observations)
    share = earned / marks if marks else None
    right = sum(o.right for o in observations)
    return Figure(
        len(observations), right, earned, marks, None if share is None else float(share), None, None, level(share, len(observations)),
    )


def _sums(observations: Iterable[Observation]) -> tuple[Decimal, Decimal]:
    found = list(observations)
    return sum((o.earned for o in found), Decimal(0)), sum((o.marks for o in found), Decimal(0))
