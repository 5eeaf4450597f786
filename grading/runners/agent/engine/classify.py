"""Question classifier: the class whose description is closest to the question in meaning.

A class is described by its name: parts divided by ；, | or new lines, and what follows 例如, 比如 or 如 up to a comma, are
phrases of their own; the closest phrase counts. A class that catches everything else (其他, 闲聊, 无关 …) is also described by
the off-topic sentences of `semantics.BACKGROUND`, less a small handicap. Equal classes: the first one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .semantics import Semantics

CATCH_ALL = re.compile("其他|其它|闲聊|无关|以上都不|不属于|超出范围|other", re.IGNORECASE)
HANDICAP = 0.008
"""By how much an off-topic sentence must be closer than a class, if it is to win a question for the class that catches the rest."""
_DIVIDER = re.compile(r"[；;|\n]|(?:例如|比如|如)[：:，,]?")
_COMMA = re.compile(r"[，,、]")


@dataclass(frozen=True)
class Choice:
    """The chosen class (its place), every class's cosine, and how far the best is above the next."""

    place: int
    scores: tuple[float, ...]
    margin: float


def phrases(name: str) -> list[str]:
    """Return the phrases that describe a class.

    >>> phrases("查询订单物流；例如：货到哪了，发货了吗")
    ['查询订单物流', '货到哪了', '发货了吗', '查询订单物流；例如：货到哪了，发货了吗']
    """
    parts = [part.strip(" ：:，,。“”\"") for part in _DIVIDER.split(name)]
    found = [parts[0], *(piece.strip(" 。“”\"") for part in parts[1:] for piece in _COMMA.split(part))]
    return [phrase for phrase in dict.fromkeys([*found, name.strip()]) if phrase]


def classify(query: str, names: list[str], semantics: Semantics) -> Choice:
    """Return the class that fits `query` best; `names` is not empty."""
    scores = []
    for name in names:
        described = phrases(name) or [name or " "]
        if CATCH_ALL.search(name):
            scores.append(round(max(*semantics.alike(query, described), semantics.background(query) - HANDICAP), 4))
        else:
            scores.append(max(semantics.alike(query, described)))
    order = sorted(range(len(scores)), key=lambda n: (-scores[n], n))
    margin = scores[order[0]] - scores[order[1]] if len(order) > 1 else 1.0
    return Choice(order[0], tuple(scores), round(margin, 4))
