"""One row of a board as its template takes it: short texts, so that two thousand of them are rendered quickly."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from flask import url_for

from simulator.standings import Cell, Standing

STEPS = 10  # lengths that the bar behind a cell can have


@dataclass(frozen=True)
class Naming:
    """How candidates are called. blind : by their number alone; codes : by it too; divisions : with theirs; links : to their sheet."""

    blind: bool
    codes: bool
    divisions: bool
    links: bool


def row(
    standing: Standing, naming: Naming, *, award: str = "", me: bool = False, live: bool = False, closed: bool = False, latest: bool = False
) -> dict[str, Any]:
    """Return a row. live : one's own marks, as they are; closed : the freeze keeps something back; latest : just opened."""
    entry = standing.entry
    about = [entry.division] if naming.divisions else []
    if not naming.blind:
        about = [entry.number, *([entry.code] if naming.codes else []), *([entry.group] if entry.group else []), *about]
    return {
        "rank": standing.rank, "name": (entry.code or "—") if naming.blind else entry.name, "about": " · ".join(filter(None, about)),
        "total": short(entry.total), "pending": entry.pending, "penalty": short(entry.penalty) if entry.penalty else "",
        "cells": [_cell(cell) for cell in entry.cells], "seconds": entry.seconds, "ended": entry.ended, "award": award,
        "me": me, "live": live, "closed": closed, "latest": latest,
        "url": url_for("results.show", attempt_id=entry.attempt_id) if naming.links else "",
    }


def _cell(cell: Cell) -> tuple[str, str, int, int, bool]:
    """Return earned, possible, how far the bar is filled, tasks that are not settled, and whether it is hidden.

    A tuple: the names of twelve thousand dictionaries would take half of the time that a board of 2,000 takes.
    """
    filled = int(cell.earned * STEPS / cell.marks) if cell.marks else 0
    return short(cell.earned), short(cell.marks), filled, cell.pending, cell.hidden


@lru_cache(maxsize=4096)
def short(marks: Decimal) -> str:
    """Return marks without zeros at the end."""
    text = f"{marks:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
