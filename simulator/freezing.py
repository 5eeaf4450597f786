"""PURE: what a frozen board shows, and the staged release (滚榜) that opens it row by row from the bottom.

A freeze is a filter on time: what was handed in after it is not told, and counts nothing for the rank, until it is revealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from simulator.standings import Cell, Entry, Standing, best_per_candidate, rank


@dataclass(frozen=True)
class Frozen:
    """A board as it may be shown.

    hidden : whose rows keep something back; steps : how many rows the staged release opens in all; latest : whose row was opened
    last, None before the first.
    """

    standings: list[Standing]
    hidden: frozenset[int]
    steps: int
    latest: int | None


def mask(entry: Entry, since: datetime) -> Entry:
    """Return `entry` without what was handed in after `since`: no marks, no time, no penalty."""
    cells = tuple(_mask(cell) if cell.submitted is not None and cell.submitted > since else cell for cell in entry.cells)
    if cells == entry.cells:
        return entry
    return replace(entry, cells=cells, seconds=None, practical_seconds=None, ended=None, penalty=Decimal(0))


def _mask(cell: Cell) -> Cell:
    return Cell(Decimal(0), cell.marks, public=Decimal(0), submitted=None, hidden=True)


def frozen(entries: Iterable[Entry], since: datetime | None, revealed: int, tie_break: Sequence[str]) -> Frozen:
    """Return the board of each candidate's best attempt, frozen at `since` (None: not at all) with `revealed` rows opened again.

    The rows that keep something back are opened in the order in which they stand on the frozen board, the lowest first. One that
    is opened moves up to where it belongs; those still closed keep their order among themselves.
    """
    known = list(entries)
    if since is None:
        return Frozen(rank(best_per_candidate(known), tie_break), frozenset(), 0, None)
    masked = [mask(entry, since) for entry in known]
    closed = {entry.user_id for entry in masked if entry.hidden}
    order = [s.entry.user_id for s in reversed(rank(best_per_candidate(masked), tie_break)) if s.entry.user_id in closed]
    opened = order[:revealed]
    shown = frozenset(opened)
    best = best_per_candidate(entry if entry.user_id in shown else hidden for entry, hidden in zip(known, masked, strict=True))
    return Frozen(rank(best, tie_break), frozenset(closed - shown), len(order), opened[-1] if opened else None)
