"""What an exam tells about a class: how the marks are spread, who passed, what went worst, and for what reasons marks were lost.

Of each candidate the attempt with the best total counts, as on the board; those that are not wholly marked count for nothing yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading import ability, spread
from grading.ability import ENOUGH, Figure
from grading.spread import Spread
from grading.syllabus import Place
from simulator import catalog, reports, results
from simulator.catalog import TaskCache
from simulator.models import Attempt, Candidate, Exam, Group
from simulator.reports import Answer
from simulator.standings import Entry, best_per_candidate

WORST = 15
"""Codes and points that are listed."""
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Weak:
    """One code or scoring point of the class: candidates who were set it, and how it went. place : None of a point."""

    place: Place | None
    task_id: str
    point: str
    title: str
    form: str
    candidates: int
    figure: Figure


@dataclass(frozen=True)
class Part:
    """Theory or practical: how many reached its pass mark (None: the paper sets none), of how many."""

    part: str
    passed: int | None
    of: int
    marks: Spread


@dataclass(frozen=True)
class Loss:
    """Marks lost for one kind of cause: a `Cause` of grading, or blank. points : scoring points concerned."""

    cause: str
    points: int
    marks: Decimal


@dataclass(frozen=True)
class ClassReport:
    """The whole report. rows : every candidate, the best first; settled : those that are wholly marked, of whom all figures speak."""

    rows: tuple[Entry, ...]
    settled: tuple[Entry, ...]
    total: Spread
    tenths: list[int]
    modules: tuple[Spread, ...]
    parts: tuple[Part, ...]
    passed: int | None
    codes: tuple[Weak, ...]
    points: tuple[Weak, ...]
    losses: tuple[Loss, ...]


def report(session: Session, cache: TaskCache, exam: Exam, group: Group | None = None) -> ClassReport:
    """Return the report of `exam`, of one class if given."""
    paper = catalog.paper_spec(exam.paper)
    rows = tuple(best(session, exam, group))
    settled = tuple(entry for entry in rows if not entry.pending)
    decided = [results.parts(paper, entry.cells) for entry in settled]
    outcomes = [results.passed(parts) for parts in decided]
    found = reports.answers(session, cache, attempts(session, settled), staff=True)
    return ClassReport(
        rows, settled, spread.spread([e.total for e in settled]), spread.tenths([(e.total, e.marks) for e in settled]),
        tuple(spread.spread([e.cells[number].earned for e in settled]) for number in range(len(paper.modules))), _parts(decided),
        None if None in outcomes or not outcomes else sum(map(bool, outcomes)),
        _worst(_by(found, lambda a: a.places), of_code=True), _worst(_by(found, lambda a: [(a.task_id, a.point)]), of_code=False),
        losses(found),
    )


def best(session: Session, exam: Exam, group: Group | None = None) -> list[Entry]:
    """Return the best closed attempt of every candidate, of one class if given, the highest total first."""
    closed = (entry for entry in results.entries(session, exam) if entry.ended is not None)
    entries = best_per_candidate(entry for entry in closed if group is None or entry.group == group.name)
    return sorted(entries, key=lambda entry: (-entry.total, entry.number))


def attempts(session: Session, entries: Iterable[Entry]) -> list[Attempt]:
    """Return the attempts of some rows, in their order."""
    ids = [entry.attempt_id for entry in entries]
    found = {attempt.id: attempt for attempt in session.scalars(select(Attempt).where(Attempt.id.in_(ids)))}
    return [found[attempt_id] for attempt_id in ids]


def _parts(decided: Sequence[Sequence[results.PartResult]]) -> tuple[Part, ...]:
    by_part: dict[str, list[results.PartResult]] = defaultdict(list)
    for parts in decided:
        for part in parts:
            by_part[part.part].append(part)
    return tuple(
        Part(
            name, None if own[0].pass_marks is None else sum(bool(p.passed) for p in own), len(own), spread.spread([p.earned for p in own]),
        ) for name, own in by_part.items()
    )


def _by(found: Iterable[Answer], keys: Callable[[Answer], Iterable[Key]]) -> Mapping[tuple[Key, bool], list[Answer]]:
    """Group answers by key, theory apart from practical: their shares mean different things."""
    groups: dict[tuple[Key, bool], list[Answer]] = defaultdict(list)
    for answer in found:
        for key in keys(answer):
            groups[key, bool(answer.form)].append(answer)
    return groups


def _worst(groups: Mapping[tuple[Key, bool], list[Answer]], *, of_code: bool) -> tuple[Weak, ...]:
    """Return what went worst, of what was set at least ENOUGH times; what everybody had right is not weak."""
    weak = [_weak(key, own, theory=theory, of_code=of_code) for (key, theory), own in groups.items() if len(own) >= ENOUGH]
    known = [one for one in weak if one.figure.share is not None and one.figure.share < 1 and (one.place is None or one.place.code)]
    return tuple(sorted(known, key=lambda one: (one.figure.share or 0.0, one.task_id, one.point))[:WORST])


def _weak(key: Hashable, own: Sequence[Answer], *, theory: bool, of_code: bool) -> Weak:
    figure = (ability.theory if theory else ability.practical)([answer.observation for answer in own])
    first, place = own[0], key if isinstance(key, Place) else None
    candidates = len({answer.attempt_id for answer in own})
    names = ("", "", "") if of_code else (first.task_id, first.point, first.title)
    return Weak(place, *names, first.form, candidates, figure)


def losses(found: Iterable[Answer]) -> tuple[Loss, ...]:
    """Return the marks lost by kind of cause, the most first."""
    lost: dict[str, list[Decimal]] = defaultdict(list)
    for answer in found:
        if answer.earned < answer.marks:
            lost[cause(answer)].append(answer.marks - answer.earned)
    whole = [Loss(name, len(marks), sum(marks, Decimal(0))) for name, marks in lost.items()]
    return tuple(sorted(whole, key=lambda loss: (-loss.marks, loss.cause)))


def cause(answer: Answer) -> str:
    """Return why marks were lost: the verdict's own cause, blank where nothing was answered, else wrong."""
    return "blank" if answer.status == "blank" else answer.cause or "wrong"


def numbers(session: Session, exam: Exam) -> dict[int, str]:
    """Return user id → their number (考号) in `exam`, of those who have one."""
    rows = session.execute(select(Candidate.user_id, Candidate.number).where(Candidate.exam_id == exam.id))
    return {row.user_id: row.number for row in rows}


def anonymous(exam: Exam) -> bool:
    """Return whether names are kept back: a blind exam before its release."""
    return exam.blind and not results.final(exam)
