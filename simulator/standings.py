"""PURE: rows → ranked rows with per-module cells; ties share a rank and the paper's tie-break keys decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Cell:
    """Marks of one module: earned so far, possible; tasks not settled yet, and how many of these wait for a person."""

    earned: Decimal
    marks: Decimal
    pending: int = 0
    errors: int = 0


@dataclass(frozen=True)
class Entry:
    """One candidate's attempt as the board sees it. seconds: time used; practical: which modules are practical."""

    user_id: int
    name: str
    number: str
    group: str
    cells: tuple[Cell, ...]
    practical: tuple[bool, ...]
    seconds: int
    ended: datetime | None
    attempt_id: int = 0

    @property
    def total(self) -> Decimal:
        """Marks over all modules."""
        return sum((cell.earned for cell in self.cells), Decimal(0))

    @property
    def marks(self) -> Decimal:
        """Possible marks over all modules."""
        return sum((cell.marks for cell in self.cells), Decimal(0))

    @property
    def pending(self) -> int:
        """Points not settled yet."""
        return sum(cell.pending for cell in self.cells)

    def part(self, practical: bool) -> Decimal:
        """Marks of the practical or of the theory modules."""
        return sum((c.earned for c, p in zip(self.cells, self.practical, strict=True) if p is practical), Decimal(0))


@dataclass(frozen=True)
class Standing:
    """One ranked row."""

    rank: int
    entry: Entry


# Larger is better in every key, so times are negated. `practical_time` needs module clocks; on one common clock the
# time used as a whole is the only time there is.
KEYS: Mapping[str, Callable[[Entry], Decimal | float]] = {
    "practical": lambda entry: entry.part(True),
    "theory": lambda entry: entry.part(False),
    "practical_time": lambda entry: -entry.seconds,
    "time": lambda entry: -entry.seconds,
    "submitted": lambda entry: -entry.ended.timestamp() if entry.ended else float("-inf"),
}

TIE_TEXT: Mapping[str, str] = {
    "practical": "实操得分高者在前", "theory": "理论得分高者在前", "practical_time": "用时短者在前", "time": "用时短者在前",
    "submitted": "交卷早者在前",
}


def rank(entries: Iterable[Entry], tie_break: Sequence[str]) -> list[Standing]:
    """Return the entries from best to worst; equal in total and all keys → the same rank, the next rank is skipped."""

    def key(entry: Entry) -> tuple[Decimal | float, ...]:
        return (entry.total, *(KEYS[name](entry) for name in tie_break))

    ordered = sorted(entries, key=lambda entry: (key(entry), ), reverse=True)
    standings: list[Standing] = []
    for place, entry in enumerate(ordered, 1):
        tied = standings and key(standings[-1].entry) == key(entry)
        standings.append(Standing(standings[-1].rank if tied else place, entry))
    return standings


def best_per_candidate(entries: Iterable[Entry]) -> list[Entry]:
    """Return each candidate's attempt with the highest total (the earlier one if equal)."""
    best: dict[int, Entry] = {}
    for entry in entries:
        if entry.user_id not in best or entry.total > best[entry.user_id].total:
            best[entry.user_id] = entry
    return list(best.values())


def tie_rules(tie_break: Sequence[str]) -> list[str]:
    """Return the tie-break keys in words, each once, in order."""
    return list(dict.fromkeys(TIE_TEXT[key] for key in tie_break))
