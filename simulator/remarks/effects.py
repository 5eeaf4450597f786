"""Who changes by a re-marking, and how: point by point, in total, in rank, and over the pass mark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, selectinload

from grading import totals
from simulator import catalog, overrides, results
from simulator.models import Attempt, AttemptTask, Exam, Marking, Remarking, Submission
from simulator.overrides import Row
from simulator.remarks.shadow import OPEN, newest_tries
from simulator.standings import Cell, Entry, best_per_candidate, rank

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class PointChange:
    """One scoring point before and after; None for a point that is new, or gone. note : kept or lost, of a person's decision."""

    id: str
    title: str
    before: Row | None
    after: Row | None
    note: str = ""

    @property
    def changed(self) -> bool:
        """Whether its marks or its outcome are others."""
        return self._outcome(self.before) != self._outcome(self.after)

    @property
    def board(self) -> str:
        """The half of a metric task that it belongs to, "" for any other point."""
        return str((self.after or self.before or {"board": ""})["board"])

    @staticmethod
    def _outcome(row: Row | None) -> tuple[Any, ...] | None:
        return None if row is None else (row["earned"], row["marks"], row["status"])


@dataclass(frozen=True)
class TaskEffect:
    """One submission before and after. was, rows : its verdicts (rows None: it failed for our fault, the marks stay)."""

    item: AttemptTask
    attempt: Attempt
    tried: Marking
    old: Marking | None
    was: tuple[Row, ...]
    rows: tuple[Row, ...] | None
    points: tuple[PointChange, ...]

    def gain(self, *, final: bool) -> Decimal:
        """Return what it gains, with the private halves of metric tasks or before the release with the public ones."""
        return ZERO if self.rows is None else earned(self.rows, final=final) - earned(self.was, final=final)


@dataclass(frozen=True)
class Effect:
    """One attempt before and after. passed : None if the paper sets no pass mark or something is pending."""

    attempt: Attempt
    tasks: tuple[TaskEffect, ...]
    before: Decimal
    after: Decimal
    rank_before: int
    rank_after: int
    passed_before: bool | None
    passed_after: bool | None

    @property
    def changed(self) -> bool:
        """Whether any point of theirs, their rank or their result changes."""
        points = any(point.changed for task in self.tasks for point in task.points)
        return points or self.before != self.after or self.rank_before != self.rank_after

    @property
    def flips(self) -> bool:
        """Whether they pass and did not, or the other way round."""
        return self.passed_before != self.passed_after


def task_effects(session: Session, remarking: Remarking) -> list[TaskEffect]:
    """Return what a re-marking changes in each submission that it has tried, by attempt and position."""
    rows = session.execute(
        select(Marking, AttemptTask, Attempt).join(Submission, Marking.submission_id == Submission.id)
        .join(Attempt, Submission.attempt_id == Attempt.id)
        .join(AttemptTask, (AttemptTask.attempt_id == Attempt.id) & (AttemptTask.position == Submission.position))
        .options(selectinload(Marking.verdicts)).where(Marking.id.in_(newest_tries(remarking.id)))
        .order_by(Attempt.id, AttemptTask.position)
    ).all()
    ids = [tried.submission_id for tried, _, _ in rows]
    old = _before(session, remarking, ids)
    return [_task_effect(tried, item, attempt, old.get(tried.submission_id)) for tried, item, attempt in rows]


def _before(session: Session, remarking: Remarking, submission_ids: list[int]) -> dict[int, Marking]:
    """Return submission id → the marking that counts, or counted when the re-marking was decided."""
    others = [Marking.counts, Marking.remarking_id.is_distinct_from(remarking.id), Marking.submission_id.in_(submission_ids)]
    if remarking.state not in OPEN and remarking.decided_at is not None:
        others.append(Marking.queued_at <= remarking.decided_at)
    done = case((Marking.state == "done", Marking.id))
    newest = select(func.coalesce(func.max(done), func.max(Marking.id))).where(*others).group_by(Marking.submission_id)
    found = session.scalars(select(Marking).options(selectinload(Marking.verdicts)).where(Marking.id.in_(newest)))
    return {marking.submission_id: marking for marking in found}


def _task_effect(tried: Marking, item: AttemptTask, attempt: Attempt, old: Marking | None) -> TaskEffect:
    before = [overrides.plain(v) for v in old.verdicts] if old is not None else []
    if tried.state != "done":
        return TaskEffect(item, attempt, tried, old, tuple(before), None, ())
    decisions = overrides.decided(before)
    after = overrides.keep(decisions, [overrides.plain(v) for v in tried.verdicts])
    return TaskEffect(item, attempt, tried, old, tuple(before), tuple(after), tuple(_points(before, after)))


def _points(before: list[Row], after: list[Row]) -> Iterable[PointChange]:
    was, becomes = ({row["point_id"]: row for row in rows} for rows in (before, after))
    for name in dict.fromkeys([*becomes, *was]):
        old, new = was.get(name), becomes.get(name)
        person = old is not None and old["cause"] == overrides.PERSON
        yield PointChange(name, (new or old or {})["title"], old, new, "" if not person else "kept" if new else "lost")


def earned(rows: Iterable[Row], *, final: bool) -> Decimal:
    """Return the marks of the settled ones among `rows` that count. final : see `totals.counts`."""
    counting = (row for row in rows if totals.counts(row["board"], final=final))
    return sum((row["earned"] for row in counting if row["status"] not in totals.UNSETTLED), ZERO)


def effects(session: Session, exam: Exam, remarking: Remarking) -> list[Effect]:
    """Return every attempt that a re-marking touches, those with the greatest change first."""
    own: dict[int, list[TaskEffect]] = defaultdict(list)
    for effect in task_effects(session, remarking):
        own[effect.attempt.id].append(effect)
    paper = catalog.paper_spec(exam.paper)
    now = {entry.attempt_id: entry for entry in results.entries(session, exam)}
    sign = -1 if remarking.state == "applied" else 1
    other = {attempt_id: _moved(entry, own.get(attempt_id, []), sign) for attempt_id, entry in now.items()}
    before, after = (other, now) if remarking.state == "applied" else (now, other)
    was, becomes = (_ranks(entries.values(), paper.tie_break) for entries in (before, after))
    found = []
    for name, tasks in own.items():
        if name in now:
            old, new = before[name], after[name]
            found.append(Effect(
                tasks[0].attempt, tuple(tasks), old.total, new.total, was[old.user_id], becomes[new.user_id],
                _passed(paper, old), _passed(paper, new),
            ))
    return sorted(found, key=lambda one: (not one.changed, -abs(one.after - one.before), one.attempt.id))


def _moved(entry: Entry, tasks: list[TaskEffect], sign: int) -> Entry:
    """Return the entry with the marks that the tasks gain (sign 1) or had gained (-1)."""
    cells: list[Cell] = list(entry.cells)
    for task in tasks:
        cell = cells[task.item.module]
        old = task.old.state if task.old is not None else "queued"
        settled = sign if task.rows is not None and old != "done" else 0  # what had no marks has some now
        cells[task.item.module] = replace(
            cell, earned=cell.earned + sign * task.gain(final=True), pending=max(cell.pending - settled, 0),
            public=None if cell.public is None else cell.public + sign * task.gain(final=False),
            errors=max(cell.errors - settled * (old == "error"), 0),
        )
    return replace(entry, cells=tuple(cells))


def _ranks(entries: Iterable[Entry], tie_break: Any) -> dict[int, int]:
    return {standing.entry.user_id: standing.rank for standing in rank(best_per_candidate(entries), tie_break)}


def _passed(paper: Any, entry: Entry) -> bool | None:
    return None if entry.pending else results.passed(results.parts(paper, entry.cells))
