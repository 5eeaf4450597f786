"""What closed attempts tell about people and classes: every scoring point as it was marked, with its codes.

Of a person only results that they may see themselves are told, to anybody: nothing held back, nothing of a contest that others
still sit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from grading.ability import Observation
from grading.paper import StandardSpec
from grading.syllabus import Place, places
from grading.totals import UNSETTLED, counts
from simulator import catalog, results
from simulator.catalog import TaskCache
from simulator.models import Attempt, AttemptTask, Exam, Marking, PaperVersion, Submission, TaskVersion, User, VerdictRow
from simulator.phases import exam_phase

CHUNK = 500
"""Attempts of one query."""


@dataclass(frozen=True)
class Answer:
    """One scoring point of one closed attempt as it was marked. status is settled; form : of a theory item, "" for practical ones."""

    attempt_id: int
    exam_id: int
    at: datetime
    position: int
    version_id: int
    task_id: str
    form: str
    point: str
    title: str
    places: tuple[Place, ...]
    earned: Decimal
    marks: Decimal
    status: str
    cause: str
    reason: str

    @property
    def observation(self) -> Observation:
        """What it says of an ability."""
        return Observation(self.status == "correct", self.earned, self.marks)


def told(exam: Exam, now: datetime) -> bool:
    """Return whether the results of `exam` may be used for reports: they are released, and no contest over them goes on."""
    if exam.mode == "practice":
        return True
    running = exam.mode == "contest" and exam_phase(exam.opens_at, exam.closes_at, now) != "after"
    return exam.release != "held" and not running


def attempts_of(session: Session, user: User, now: datetime) -> list[Attempt]:
    """Return the closed attempts of `user` whose results are told, in the order in which they were handed in."""
    closed = session.scalars(
        select(Attempt).where(Attempt.user_id == user.id, Attempt.state == "closed").order_by(Attempt.ended_at, Attempt.id)
    )
    return [attempt for attempt in closed if told(attempt.exam, now)]


def answers(session: Session, cache: TaskCache, attempts: Sequence[Attempt], *, staff: bool = False) -> list[Answer]:
    """Return every settled scoring point of the attempts that makes up their marks, by attempt, task and point.

    staff : of metric tasks the private half, even before the release.
    """
    exams = {attempt.id: attempt.exam for attempt in attempts}
    ids = list(exams)
    rows = [row for start in range(0, len(ids), CHUNK) for row in session.execute(_rows(ids[start:start + CHUNK]))]
    versions = _versions(session, {row.version_id for row in rows})
    tags = {(row.version_id, row.point_id): _tags(session, cache, versions[row.version_id], row.point_id) for row in rows}
    order = {attempt_id: number for number, attempt_id in enumerate(ids)}
    found = [
        _answer(row, exams[row.attempt_id], versions[row.version_id], tags[row.version_id, row.point_id])
        for row in rows if counts(row.board, final=staff or results.final(exams[row.attempt_id]))
    ]
    return sorted(found, key=lambda answer: (order[answer.attempt_id], answer.position))


def _rows(attempt_ids: list[int]) -> Select[*tuple[Any, ...]]:
    """Select the settled verdicts of some attempts."""
    markings = results.counting(results.latest_submissions(attempt_ids))
    return (
        select(
            Submission.attempt_id, Submission.position, Submission.submitted_at, AttemptTask.module,
            func.coalesce(Marking.task_version_id, Submission.task_version_id).label("version_id"),
            VerdictRow.point_id, VerdictRow.title, VerdictRow.status, VerdictRow.earned, VerdictRow.marks, VerdictRow.cause,
            VerdictRow.reason, VerdictRow.board,
        )
        .join(Marking, Marking.submission_id == Submission.id).join(VerdictRow, VerdictRow.marking_id == Marking.id)
        .join(AttemptTask, (AttemptTask.attempt_id == Submission.attempt_id) & (AttemptTask.position == Submission.position))
        .where(Marking.id.in_(markings), Marking.state == "done", VerdictRow.status.not_in(UNSETTLED))
        .order_by(Submission.attempt_id, Submission.position, VerdictRow.ordinal)
    )


def _versions(session: Session, ids: Iterable[int]) -> dict[int, TaskVersion]:
    return {version.id: version for version in session.scalars(select(TaskVersion).where(TaskVersion.id.in_(list(ids))))}


def _tags(session: Session, cache: TaskCache, version: TaskVersion, point_id: str) -> tuple[str, ...]:
    """Return a point's own codes, else its task's; theory items need not be loaded for that."""
    if version.form:
        return tuple(version.tags)
    task = cache.get(session, version)
    return next((point.tags for point in task.points if point.id == point_id), ()) or task.tags


def _answer(row: Any, exam: Exam, version: TaskVersion, tags: tuple[str, ...]) -> Answer:
    module = catalog.paper_spec(exam.paper).modules[row.module].id
    found = [place for place in places([*tags, module]) if place.content]  # the modules of a contest are codes as well
    return Answer(
        row.attempt_id, exam.id, row.submitted_at, row.position, version.id, version.task_id, version.form, row.point_id, row.title,
        tuple(found) or places(tags), row.earned, row.marks, row.status, row.cause, row.reason,
    )


def first_only(found: Iterable[Answer]) -> list[Answer]:
    """Return the answers to points that were never answered before: what was known without having seen the task."""
    first: dict[tuple[str, str], int] = {}
    return [a for a in found if first.setdefault((a.task_id, a.point), a.attempt_id) == a.attempt_id]


def standards(session: Session, attempts: Iterable[Attempt]) -> list[StandardSpec]:
    """Return the standards that the attempts' papers and the present ones draw by, each once, by level."""
    papers = {attempt.exam.paper.id: attempt.exam.paper for attempt in attempts}
    papers |= {paper.id: paper for paper in catalog.latest_papers(session)}
    return sorted(_standards(papers.values()), key=lambda standard: standard.level)


def _standards(papers: Iterable[PaperVersion]) -> Iterator[StandardSpec]:
    seen: set[int] = set()
    for paper in sorted(papers, key=lambda paper: -paper.id):  # the newest edition of a level
        for standard in catalog.paper_standards(paper).values():
            if standard.level not in seen:
                seen.add(standard.level)
                yield standard


def contest_names(attempts: Iterable[Attempt]) -> Mapping[str, str]:
    """Return the titles of the contest modules (ids C1, C2 …) of the attempts' papers."""
    modules = (module for attempt in attempts for module in catalog.paper_spec(attempt.exam.paper).modules)
    return {place.code: module.title for module in modules for place in places([module.id]) if place.function == "C"}


def seconds(session: Session, attempt_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    """Return (attempt id, position) → seconds for which a task's page was in front; tasks that were not measured are left out."""
    query = select(AttemptTask.attempt_id, AttemptTask.position, AttemptTask.seconds)
    rows = session.execute(query.where(AttemptTask.attempt_id.in_(list(attempt_ids)), AttemptTask.seconds > 0))
    return {(attempt_id, position): found for attempt_id, position, found in rows}
