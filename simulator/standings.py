"""PURE: rows → ranked rows with per-module cells; ties share a rank and the paper's tie-break keys decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

MODULE_KEY = "module:"
LAST = float("-inf")


@dataclass(frozen=True)
class Cell:
    """Marks of one module: earned so far, possible; tasks not settled yet, and how many of these wait for a person.

    public : earned as long as the private halves of metric tasks are not released (None: nothing differs); submitted : when it
    was handed in; hidden : handed in after the freeze, so nothing of it may be told.
    """

    earned: Decimal
    marks: Decimal
    pending: int = 0
    errors: int = 0
    public: Decimal | None = None
    submitted: datetime | None = None
    hidden: bool = False

    def shown(self, *, final: bool) -> Cell:
        """Return the cell with the marks that are told: the final ones, or before the release the public ones."""
        return self if final or self.public is None else replace(self, earned=self.public)


@dataclass(frozen=True)
class Entry:
    """One candidate's attempt as the board sees it. practical : which modules are practical; modules : their ids.

    seconds : time used, practical_seconds : in practical modules with clocks of their own (None: there are none); division : 组别,
    ranked apart; code : 考号; penalty : marks taken off for overtime.
    """

    user_id: int
    name: str
    number: str
    group: str
    cells: tuple[Cell, ...]
    practical: tuple[bool, ...]
    seconds: int | None
    ended: datetime | None
    attempt_id: int = 0
    modules: tuple[str, ...] = ()
    practical_seconds: int | None = None
    division: str = ""
    code: str = ""
    penalty: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """Marks over all modules."""
        return total(self.cells, self.penalty)

    @property
    def marks(self) -> Decimal:
        """Possible marks over all modules."""
        return sum((cell.marks for cell in self.cells), Decimal(0))

    @property
    def pending(self) -> int:
        """Points not settled yet."""
        return sum(cell.pending for cell in self.cells)

    @property
    def hidden(self) -> bool:
        """Whether the freeze hides some of it."""
        return any(cell.hidden for cell in self.cells)

    def part(self, practical: bool) -> Decimal:
        """Marks of the practical or of the theory modules."""
        return sum((c.earned for c, p in zip(self.cells, self.practical, strict=True) if p is practical), Decimal(0))

    def module(self, module_id: str) -> Decimal:
        """Marks of one module."""
        return self.cells[self.modules.index(module_id)].earned


def with_cells(entry: Entry, *, final: bool) -> Entry:
    """Return `entry` with the marks that are told: the final ones, or before the release the public ones."""
    return entry if final else replace(entry, cells=tuple(cell.shown(final=False) for cell in entry.cells))


def total(cells: Iterable[Cell], penalty: Decimal = Decimal(0)) -> Decimal:
    """Return the marks over all modules less the penalty, never below 0."""
    return max(sum((cell.earned for cell in cells), Decimal(0)) - penalty, Decimal(0))


@dataclass(frozen=True)
class Standing:
    """One ranked row."""

    rank: int
    entry: Entry


Key = Callable[[Entry], Decimal | float]


def _practical_time(entry: Entry) -> float:
    # On one common clock the time used as a whole is the only time there is.
    seconds = entry.practical_seconds if entry.practical_seconds is not None else entry.seconds
    return LAST if seconds is None else -seconds


# Larger is better in every key, so times are negated; what is not known stands last.
KEYS: Mapping[str, Key] = {
    "practical": lambda entry: entry.part(True),
    "theory": lambda entry: entry.part(False),
    "practical_time": _practical_time,
    "time": lambda entry: LAST if entry.seconds is None else -entry.seconds,
    "submitted": lambda entry: -entry.ended.timestamp() if entry.ended else LAST,
}

TIE_TEXT: Mapping[str, str] = {
    "practical": "实操得分高者在前", "theory": "理论得分高者在前", "practical_time": "用时短者在前", "time": "用时短者在前",
    "submitted": "交卷早者在前", MODULE_KEY: "“%(module)s”得分高者在前",
}


def _key(name: str) -> Key:
    if not name.startswith(MODULE_KEY):
        return KEYS[name]
    module_id = name.removeprefix(MODULE_KEY)
    return lambda entry: entry.module(module_id)


def rank(entries: Iterable[Entry], tie_break: Sequence[str]) -> list[Standing]:
    """Return the entries from best to worst; equal in total and all keys → the same rank, the next rank is skipped."""
    keys = [_key(name) for name in tie_break]
    worth = [((entry.total, *(key(entry) for key in keys)), entry) for entry in entries]
    worth.sort(key=lambda pair: pair[0], reverse=True)
    standings: list[Standing] = []
    for place, (value, entry) in enumerate(worth, 1):
        tied = place > 1 and worth[place - 2][0] == value
        standings.append(Standing(standings[-1].rank if tied else place, entry))
    return standings


def best_per_candidate(entries: Iterable[Entry]) -> list[Entry]:
    """Return each candidate's attempt with the highest total (the earlier one if equal)."""
    best: dict[int, Entry] = {}
    for entry in entries:
        if entry.user_id not in best or entry.total > best[entry.user_id].total:
            best[entry.user_id] = entry
    return list(best.values())


def tie_rules(tie_break: Sequence[str]) -> list[tuple[str, str]]:
    """Return the tie-break keys in words, each once, in order: the text and the module's id that it has a place for ("" if none)."""
    pairs = ((key.partition(":")[0] + ":", key.partition(":")[2]) if ":" in key else (key, "") for key in tie_break)
    return list(dict.fromkeys((TIE_TEXT[key], module) for key, module in pairs))
