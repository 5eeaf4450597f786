"""Marks arithmetic. The only place where marks are rounded: half-up to hundredths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from grading.errors import TaskError
from grading.model import ScoringPoint, Status, Task, Verdict

CENT = Decimal("0.01")
UNSETTLED: frozenset[Status] = frozenset({"pending", "error"})


def round_marks(value: Decimal) -> Decimal:
    """Return `value` rounded half-up to two places.

    >>> round_marks(Decimal("0.125"))
    Decimal('0.13')
    """
    return value.quantize(CENT, ROUND_HALF_UP)


def earned(fraction: float, marks: Decimal) -> Decimal:
    """Return fraction × marks, rounded.

    >>> earned(1 / 3, Decimal(3))
    Decimal('1.00')
    """
    return round_marks(Decimal(repr(fraction)) * marks)


def counts(board: str, *, final: bool = True) -> bool:
    """Return whether points of `board` ("", public or private) make up the marks: private ones once they are final, else public ones.

    >>> counts("public"), counts("public", final=False), counts("")
    (False, True, True)
    """
    return board != ("public" if final else "private")


def total(verdicts: Iterable[Verdict], *, final: bool = True) -> Decimal:
    """Return the marks earned by `verdicts`; unsettled ones add nothing yet. final : see `counts`."""
    return sum((v.earned for v in verdicts if counts(v.board, final=final) and v.status not in UNSETTLED), Decimal(0))


def possible(points: Iterable[ScoringPoint], *, final: bool = True) -> Decimal:
    """Return the marks of `points`. final : see `counts`."""
    return sum((p.marks for p in points if counts(p.board or "", final=final)), Decimal(0))


def combined_status(verdicts: Iterable[Verdict]) -> Status:
    """Return one status for a whole task: unsettled first, then by what was earned.

    >>> combined_status([])
    'blank'
    """
    found = list(verdicts)
    statuses = {v.status for v in found}
    for unsettled in ("error", "pending"):
        if unsettled in statuses:
            return unsettled
    if statuses <= {"blank"}:
        return "blank"
    gained, most = total(found), sum((v.marks for v in found if counts(v.board)), Decimal(0))
    if gained == most:
        return "correct"
    return "partial" if gained else "incorrect"


def with_marks(task: Task, marks: Decimal | None) -> Task:
    """Return `task` with its points rescaled to `marks` in all; TaskError if that is not exact in hundredths."""
    if marks is None or marks == task.marks:
        return task
    points = tuple(replace_marks(task, p.marks * marks / task.marks, index) for index, p in enumerate(task.points))
    return replace(task, marks=marks, points=points)


def replace_marks(task: Task, marks: Decimal, index: int) -> ScoringPoint:
    """Return point `index` of `task` with other marks; TaskError if they are not whole hundredths."""
    if marks != round_marks(marks):
        raise TaskError(f"试题 {task.id} 的评分点 {task.points[index].id} 折算后不是 0.01 的整数倍")
    return task.points[index].model_copy(update={"marks": round_marks(marks)})


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """Return part / whole in percent, rounded; 0 for an empty whole."""
    return round_marks(part * 100 / whole) if whole else Decimal(0)
