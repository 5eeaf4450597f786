"""Progress: the attempts at one paper in order, as a table and as a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy.orm import Session

from grading import totals
from simulator import catalog, clocks, reports, results
from simulator.models import Attempt, User
from simulator.pages.report import chosen, chosen_form, who
from simulator.standings import total

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 600, 180, 40, 24, 24, 28
"""The chart in units of its own view box, and its margins."""


def progress_view(session: Session, user: User, viewer: User, args: Mapping[str, str], zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """Return the attempts of `user` by paper, the paper that was sat last first."""
    wanted = chosen(args, zone)
    by_paper: dict[str, list[Attempt]] = {}
    for attempt in wanted.of(reports.attempts_of(session, user, now)):
        by_paper.setdefault(attempt.exam.paper.paper_id, []).append(attempt)
    groups = sorted(by_paper.values(), key=lambda own: own[-1].ended_at or own[-1].started_at, reverse=True)
    return {"person": who(user, viewer), "form": chosen_form(args, wanted), "papers": [_paper(session, own) for own in groups]}


def _paper(session: Session, attempts: Sequence[Attempt]) -> dict[str, Any]:
    paper = catalog.paper_spec(attempts[-1].exam.paper)
    rows = [_row(session, attempt, number) for number, attempt in enumerate(attempts, 1)]
    modules = [module.title for module in paper.modules]
    return {
        "title": paper.title, "minutes": paper.minutes, "modules": modules, "rows": rows, "line": line([row["percent"] for row in rows]),
        "columns": all(len(row["cells"]) == len(modules) for row in rows),
    }


def _row(session: Session, attempt: Attempt, number: int) -> dict[str, Any]:
    paper = catalog.paper_spec(attempt.exam.paper)
    kept = results.module_cells(session, [attempt.id], len(paper.modules))[attempt.id]
    cells = [cell.shown(final=results.final(attempt.exam)) for cell in kept]
    earned, marks = total(cells, clocks.penalty(attempt)), sum((cell.marks for cell in cells), Decimal(0))
    return {
        "number": number, "title": attempt.exam.title, "mode": attempt.exam.mode, "ended": attempt.ended_at, "earned": earned,
        "marks": marks, "percent": totals.percent(earned, marks), "pending": sum(cell.pending for cell in cells),
        "cells": [{"earned": cell.earned, "marks": cell.marks} for cell in cells],
        "duration": (attempt.ended_at or attempt.started_at) - attempt.started_at,
        "url": url_for("results.show", attempt_id=attempt.id),
    }


def line(percents: Sequence[Decimal]) -> dict[str, Any] | None:
    """Return the chart of at least two shares in percent: points, the line through them, and the lines at 0, 60 and 100 %."""
    if len(percents) < 2:
        return None
    step = (WIDTH - LEFT - RIGHT) / (len(percents) - 1)
    points = [{"x": round(LEFT + n * step, 1), "y": _height(float(p)), "number": n + 1, "percent": p} for n, p in enumerate(percents)]
    every = max(1, len(points) // 12)  # more labels would run into each other
    return {
        "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "base": HEIGHT - 8,
        "points": [{**point, "label": n % every == 0 or n == len(points) - 1} for n, point in enumerate(points)],
        "path": " ".join(f"{point['x']},{point['y']}" for point in points),
        "grid": [{"y": _height(share), "share": share} for share in (0, 60, 100)],
    }


def _height(percent: float) -> float:
    return round(TOP + (100 - percent) / 100 * (HEIGHT - TOP - BOTTOM), 1)
