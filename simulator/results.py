"""What an attempt scored: the marking that counts of the latest submission of each task. Totals are derived, never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from grading.paper import PaperSpec
from simulator import catalog
from simulator.models import Attempt, AttemptTask, Exam, Marking, Submission, VerdictRow
from simulator.standings import Cell, Entry


@dataclass(frozen=True)
class TaskOutcome:
    """One task of an attempt with what was handed in and how the marking that counts stands (None: not handed in)."""

    item: AttemptTask
    submission: Submission | None
    marking: Marking | None


def latest_submissions(attempt_ids: Iterable[int]) -> Select[Any]:
    """Select the id of the latest submission of every task of the given attempts."""
    return (
        select(func.max(Submission.id)).where(Submission.attempt_id.in_(list(attempt_ids)))
        .group_by(Submission.attempt_id, Submission.position)
    )


def submission(session: Session, attempt: Attempt, position: int) -> Submission | None:
    """Return the latest submission of one task, None if it was not handed in."""
    own = (Submission.attempt_id == attempt.id, Submission.position == position)
    return session.scalar(select(Submission).where(*own).order_by(Submission.id.desc()).limit(1))


def counting(submission_ids: Any) -> Select[Any]:
    """Select the id of the marking that counts for each submission: the newest that is done, else the newest.

    So a re-marking changes nothing before it is done, and nothing if it fails for our fault. What a re-marking of the whole exam
    only tries (`Marking.counts` is False) is not looked at.
    """
    done = case((Marking.state == "done", Marking.id))
    return (
        select(func.coalesce(func.max(done), func.max(Marking.id))).where(Marking.submission_id.in_(submission_ids), Marking.counts)
        .group_by(Marking.submission_id)
    )


def outcomes(session: Session, attempt: Attempt) -> list[TaskOutcome]:
    """Return every task of the attempt, in order, with its latest submission and the marking of that which counts."""
    submissions = {
        s.position: s for s in session.scalars(select(Submission).where(Submission.id.in_(latest_submissions([attempt.id]))))
    }
    counts = counting([s.id for s in submissions.values()])
    markings = {m.submission_id: m for m in session.scalars(select(Marking).where(Marking.id.in_(counts)))}
    return [_outcome(item, submissions.get(item.position), markings) for item in attempt.tasks]


def _outcome(item: AttemptTask, submission: Submission | None, markings: Mapping[int, Marking]) -> TaskOutcome:
    return TaskOutcome(item, submission, markings.get(submission.id) if submission else None)


def module_cells(session: Session, attempt_ids: list[int], modules: int) -> dict[int, tuple[Cell, ...]]:
    """Return attempt id → one Cell per module, in one query over the settled verdicts."""
    if not attempt_ids:
        return {}
    possible = _possible_marks(session, attempt_ids)
    counts = counting(latest_submissions(attempt_ids))
    settled = VerdictRow.status.not_in(("pending", "error"))
    rows = session.execute(
        select(
            Submission.attempt_id, AttemptTask.module, func.sum(case((settled, VerdictRow.earned), else_=0)),
        )
        .join(Marking, Marking.submission_id == Submission.id)
        .join(AttemptTask, (AttemptTask.attempt_id == Submission.attempt_id) & (AttemptTask.position == Submission.position))
        .join(VerdictRow, VerdictRow.marking_id == Marking.id)
        .where(Marking.id.in_(counts)).group_by(Submission.attempt_id, AttemptTask.module)
    )
    earned = {(attempt_id, module): Decimal(int(cents)).scaleb(-2) for attempt_id, module, cents in _raw(rows)}
    pending = _pending(session, counts)
    return {
        attempt_id: tuple(
            Cell(
                earned.get((attempt_id, number), Decimal("0.00")), possible.get((attempt_id, number), Decimal(0)),
                *pending.get((attempt_id, number), (0, 0)),
            ) for number in range(modules)
        ) for attempt_id in attempt_ids
    }


def _raw(rows: Iterable[Any]) -> Iterable[tuple[int, int, int]]:
    # SUM keeps the column's type in SQLAlchemy, so a row may hold Decimal marks already.
    return ((a, m, int(v * 100) if isinstance(v, Decimal) else int(v)) for a, m, v in rows)


def _possible_marks(session: Session, attempt_ids: list[int]) -> dict[tuple[int, int], Decimal]:
    found: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    query = select(AttemptTask.attempt_id, AttemptTask.module, AttemptTask.marks).where(AttemptTask.attempt_id.in_(attempt_ids))
    for attempt_id, module, marks in session.execute(query):
        found[attempt_id, module] += marks
    return found


def _pending(session: Session, counts: Select[Any]) -> dict[tuple[int, int], tuple[int, int]]:
    """Return (attempt id, module) → tasks not settled, and how many of these failed for our fault."""
    rows = session.execute(
        select(Submission.attempt_id, AttemptTask.module, func.count(), func.sum(case((Marking.state == "error", 1), else_=0)))
        .join(Marking, Marking.submission_id == Submission.id)
        .join(AttemptTask, (AttemptTask.attempt_id == Submission.attempt_id) & (AttemptTask.position == Submission.position))
        .where(Marking.id.in_(counts), Marking.state != "done").group_by(Submission.attempt_id, AttemptTask.module)
    )
    return {(attempt_id, module): (count, errors) for attempt_id, module, count, errors in rows}


def entries(session: Session, exam: Exam) -> list[Entry]:
    """Return one Entry for every closed attempt of `exam`."""
    paper = catalog.paper_spec(exam.paper)
    closed = list(session.scalars(select(Attempt).where(Attempt.exam_id == exam.id, Attempt.state == "closed")))
    cells = module_cells(session, [attempt.id for attempt in closed], len(paper.modules))
    practical = tuple(module.part == "practical" for module in paper.modules)
    return [_entry(attempt, cells[attempt.id], practical) for attempt in closed]


def _entry(attempt: Attempt, cells: tuple[Cell, ...], practical: tuple[bool, ...]) -> Entry:
    used = (attempt.ended_at - attempt.started_at) if attempt.ended_at else timedelta(0)
    return Entry(
        user_id=attempt.user_id, name=attempt.user.name, number=attempt.user.username,
        group=attempt.user.group.name if attempt.user.group else "", cells=cells, practical=practical,
        seconds=int(used.total_seconds()), ended=attempt.ended_at, attempt_id=attempt.id,
    )


@dataclass(frozen=True)
class PartResult:
    """Theory or practical as a whole, against its pass mark (None: the paper sets none)."""

    part: str
    earned: Decimal
    marks: Decimal
    pass_marks: Decimal | None

    @property
    def passed(self) -> bool | None:
        """Whether the pass mark is reached; None if there is none."""
        return None if self.pass_marks is None else self.earned >= self.pass_marks


def parts(paper: PaperSpec, cells: tuple[Cell, ...]) -> list[PartResult]:
    """Return the result of each part of the paper, in order of appearance."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for module, cell in zip(paper.modules, cells, strict=True):
        earned, marks = found.get(module.part, (Decimal(0), Decimal(0)))
        found[module.part] = (earned + cell.earned, marks + cell.marks)
    limits: Mapping[str, Decimal] = {str(k): v for k, v in paper.pass_percent.items()}
    return [
        PartResult(part, earned, marks, limits[part] * marks / 100 if part in limits else None)
        for part, (earned, marks) in found.items()
    ]


def passed(results: list[PartResult]) -> bool | None:
    """Return whether every part with a pass mark is passed; None if no part has one."""
    decided = [result.passed for result in results if result.passed is not None]
    return all(decided) if decided else None
