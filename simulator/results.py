"""What an attempt scored: the marking that counts of the latest submission of each task. Totals are derived, never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from grading import totals
from grading.paper import PaperSpec
from simulator import catalog, clocks
from simulator.models import (
    Attempt,
    AttemptModule,
    AttemptTask,
    Candidate,
    Cell as CellRow,
    Exam,
    Group,
    Marking,
    Submission,
    User,
    VerdictRow,
)
from simulator.standings import Cell, Entry

CHUNK = 10_000  # numbers in one question to the database
c = CellRow.__table__.c


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


def final(exam: Exam | Row[Any]) -> bool:
    """Return whether the marks of `exam` are the final ones: of the private halves of metric tasks, under names, nothing frozen.

    Marks that everybody sees at hand-in are final at once, unless a freeze or numbers instead of names wait for the release.
    """
    if exam.mode == "practice" or exam.release == "released":
        return True
    return exam.release == "auto" and exam.freeze_at is None and not exam.blind


def module_cells(session: Session, attempt_ids: list[int], modules: int) -> dict[int, tuple[Cell, ...]]:
    """Return attempt id → one Cell per module, from the cache; `derive`d where an old attempt has none there."""
    cached: dict[int, dict[int, Cell]] = defaultdict(dict)
    for row in _cached(session, attempt_ids):
        cached[row.attempt_id][row.module] = Cell(
            row.earned, row.marks, row.pending, row.errors, public=row.public, submitted=row.submitted_at
        )
    cached.update(derive(session, [attempt_id for attempt_id in attempt_ids if attempt_id not in cached]))
    empty = Cell(Decimal("0.00"), Decimal(0))
    return {attempt_id: tuple(cached[attempt_id].get(number, empty) for number in range(modules)) for attempt_id in attempt_ids}


def _cached(session: Session, attempt_ids: list[int]) -> Iterable[Any]:
    columns = (c.attempt_id, c.module, c.earned, c.public, c.marks, c.pending, c.errors, c.submitted_at)
    for start in range(0, len(attempt_ids), CHUNK):
        yield from session.execute(select(*columns).where(c.attempt_id.in_(attempt_ids[start:start + CHUNK])))


def derive(session: Session, attempt_ids: Collection[int]) -> dict[int, dict[int, Cell]]:
    """Return attempt id → module → Cell from the verdicts themselves: the one truth, of which `cells` keeps a copy."""
    found: dict[int, dict[int, Cell]] = {attempt_id: {} for attempt_id in attempt_ids}
    if not found:
        return found
    latest = latest_submissions(attempt_ids)
    counts = counting(latest)
    earned, zero = _earned(session, counts), Decimal("0.00")
    waiting = Marking.id.is_not(None) & (Marking.state != "done")
    tasks = (
        select(
            AttemptTask.attempt_id, AttemptTask.module, func.sum(AttemptTask.marks), func.sum(case((waiting, 1), else_=0)),
            func.sum(case((Marking.state == "error", 1), else_=0)), func.max(Submission.submitted_at),
        )
        .outerjoin(Submission, (Submission.attempt_id == AttemptTask.attempt_id) & (Submission.position == AttemptTask.position)
                   & Submission.id.in_(latest))
        .outerjoin(Marking, (Marking.submission_id == Submission.id) & Marking.id.in_(counts))
        .where(AttemptTask.attempt_id.in_(attempt_ids)).group_by(AttemptTask.attempt_id, AttemptTask.module)
    )  # fmt: skip
    for attempt_id, module, marks, pending, errors, submitted in session.execute(tasks):
        private, public = earned.get((attempt_id, module), (zero, zero))
        found[attempt_id][module] = Cell(private, _marks(marks), pending, errors, public=public, submitted=submitted)
    return found


def _earned(session: Session, counts: Select[Any]) -> dict[tuple[int, int], tuple[Decimal, Decimal]]:
    """Return (attempt id, module) → settled marks with the private halves of metric tasks, and with the public ones."""

    def gained(other: str) -> Any:
        return func.sum(case((settled & (VerdictRow.board != other), VerdictRow.earned), else_=0))

    settled = VerdictRow.status.not_in(tuple(totals.UNSETTLED))
    rows = session.execute(
        select(Submission.attempt_id, AttemptTask.module, gained("public"), gained("private"))
        .join(Marking, Marking.submission_id == Submission.id)
        .join(AttemptTask, (AttemptTask.attempt_id == Submission.attempt_id) & (AttemptTask.position == Submission.position))
        .join(VerdictRow, VerdictRow.marking_id == Marking.id)
        .where(Marking.id.in_(counts)).group_by(Submission.attempt_id, AttemptTask.module)
    )
    return {(attempt_id, module): (_marks(private), _marks(public)) for attempt_id, module, private, public in rows}


def _marks(value: Any) -> Decimal:
    # SUM keeps the column's type in SQLAlchemy, so a row may hold Decimal marks already.
    return value if isinstance(value, Decimal) else Decimal(int(value)).scaleb(-2)


def entries(session: Session, exam: Exam, user_id: int | None = None) -> list[Entry]:
    """Return one Entry for every attempt of `exam` that has handed in something, in the order in which they began.

    user_id : of this candidate alone.
    """
    paper = catalog.paper_spec(exam.paper)
    handed_in = select(c.attempt_id).where(c.submitted_at.is_not(None))
    query = (
        select(Attempt, User.name, User.username, Group.name, Group.division, Candidate.number)
        .join(User, Attempt.user_id == User.id).outerjoin(Group, User.group_id == Group.id)
        .outerjoin(Candidate, (Candidate.exam_id == Attempt.exam_id) & (Candidate.user_id == Attempt.user_id))
        .where(Attempt.exam_id == exam.id, or_(Attempt.state == "closed", Attempt.id.in_(handed_in))).order_by(Attempt.id)
    )
    if paper.overtime != "hard":
        query = query.options(joinedload(Attempt.candidate))  # what overtime has cost depends on their own time
    found = session.execute(query if user_id is None else query.where(Attempt.user_id == user_id)).all()
    cells = module_cells(session, [row[0].id for row in found], len(paper.modules))
    practical = tuple(module.part == "practical" for module in paper.modules)
    times = _practical_seconds(session, exam, practical, user_id)
    modules = tuple(module.id for module in paper.modules)
    return [
        Entry(
            user_id=a.user_id, name=name, number=username, group=group or "", division=division or "", code=code or "",
            cells=cells[a.id], practical=practical, modules=modules, seconds=_seconds(a), practical_seconds=times.get(a.id),
            ended=a.ended_at, attempt_id=a.id, penalty=clocks.penalty(a),
        ) for a, name, username, group, division, code in found
    ]


def _seconds(attempt: Attempt) -> int | None:
    return int((attempt.ended_at - attempt.started_at).total_seconds()) if attempt.ended_at else None


def _practical_seconds(session: Session, exam: Exam, practical: tuple[bool, ...], user_id: int | None) -> dict[int, int]:
    """Return attempt id → seconds in practical modules that have been left, where modules have clocks of their own."""
    spent: dict[int, int] = defaultdict(int)
    query = (
        select(AttemptModule.attempt_id, AttemptModule.module, AttemptModule.entered_at, AttemptModule.left_at)
        .join(Attempt, AttemptModule.attempt_id == Attempt.id).where(Attempt.exam_id == exam.id, AttemptModule.left_at.is_not(None))
    )
    rows = session.execute(query if user_id is None else query.where(Attempt.user_id == user_id))
    for attempt_id, module, entered, left in rows:
        spent[attempt_id] += int((left - entered).total_seconds()) if left and practical[module] else 0
    return spent


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
