"""A confusion matrix and what it says, as plain data for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from grading.cells import Cell, identity, show

MAX_CLASSES = 12


def confusion(truth: Sequence[Cell], guesses: Sequence[Cell]) -> dict[str, Any] | None:
    """Return {labels, rows, recall, precision, accuracy}, or None if there are too many classes for a table.

    rows[i][j] : how many of true class i were called j; a last column `其他` (only if needed) counts guesses that are no
    class. recall, precision : for each class, rounded to three places, None where nothing was there to count.
    """
    known = sorted({identity(value): value for value in truth}.items(), key=lambda item: (str(type(item[0])), item[0]))
    if not 1 < len(known) <= MAX_CLASSES:
        return None
    places = {key: place for place, (key, _) in enumerate(known)}
    counts = Counter((places[identity(a)], places.get(identity(b), len(known))) for a, b in zip(truth, guesses, strict=True))
    strange = any(column == len(known) for _, column in counts)
    width = len(known) + strange
    rows = [[counts[row, column] for column in range(width)] for row in range(len(known))]
    said = [sum(row[column] for row in rows) for column in range(width)]
    return {
        "labels": [show(value, 16).strip("“”") for _, value in known], "strange": bool(strange), "rows": rows,
        "recall": [_share(row[place], sum(row)) for place, row in enumerate(rows)],
        "precision": [_share(rows[place][place], said[place]) for place in range(len(known))],
        "accuracy": _share(sum(row[place] for place, row in enumerate(rows)), len(truth)),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
