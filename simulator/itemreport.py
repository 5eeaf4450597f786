"""Item analysis of an exam: the marks of first attempts, by scoring point, task and code, with what a person should look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.itemanalysis import ItemStatistics, TestStatistics, analyse
from grading.model import Task
from grading.text import shorten
from grading.totals import UNSETTLED
from simulator import results
from simulator.catalog import TaskCache
from simulator.models import Attempt, AttemptTask, Exam, Marking, Submission, TaskVersion, VerdictRow

STEM = 60
FEW = 10
"""Candidates below which figures are only hints."""


@dataclass(frozen=True)
class Option:
    """How often one option of a choice was taken: by all, by the upper and by the lower third of the candidates."""

    id: str
    right: bool
    all: int
    upper: int
    lower: int


@dataclass(frozen=True)
class Row:
    """One item: its figures, the shares of blank answers and of failures of ours, and for a choice its options.

    key : (task id, point id), (task id,) or (code,); title : for people.
    """

    key: tuple[str, ...]
    title: str
    marks: Decimal
    figures: ItemStatistics
    blank: float
    errors: float
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Report:
    """The analysis of one exam: candidates, rows by scoring point, task and code, and the test as a whole."""

    candidates: int
    points: tuple[Row, ...]
    tasks: tuple[Row, ...]
    codes: tuple[Row, ...]
    test: TestStatistics | None


@dataclass(frozen=True)
class _Cell:
    """One verdict: whose, of which task and point, and the answer where the task is a choice."""

    attempt: int
    task: str
    point: str
    title: str
    earned: Decimal
    marks: Decimal
    status: str
    tags: tuple[str, ...]
    answer: tuple[str, ...]


Key = Callable[[_Cell], Iterable[tuple[str, ...]]]
Title = Callable[[_Cell, tuple[str, ...]], str]
Test = TestStatistics | None


def report(session: Session, cache: TaskCache, exam: Exam) -> Report:
    """Analyse the first attempts at `exam` that are handed in and marked."""
    cells, tasks = _cells(session, cache, exam)
    if not cells:
        return Report(0, (), (), (), None)
    thirds = _thirds(cells)
    names = {name: shorten(task.statement, STEM) if task.form else task.title for name, task in tasks.items()}
    titled = {name for name, task in tasks.items() if not task.form}
    points, test = _rows(
        cells, lambda cell: [(cell.task, cell.point)], lambda cell, _: cell.title if cell.task in titled else names[cell.task], tasks,
    )
    by_task, _ = _rows(cells, lambda cell: [(cell.task,)], lambda cell, _: names[cell.task])
    by_code, _ = _rows(cells, lambda cell: [(tag,) for tag in cell.tags], lambda _, key: key[0])
    answers = _answers(cells)
    points = tuple(replace(row, options=_options(tasks[row.key[0]], answers[row.key[0]], thirds)) for row in points)
    return Report(len({cell.attempt for cell in cells}), points, by_task, by_code, test)


def _cells(session: Session, cache: TaskCache, exam: Exam) -> tuple[list[_Cell], dict[str, Task]]:
    first = list(session.scalars(select(Attempt.id).where(
        Attempt.exam_id == exam.id, Attempt.number == 1, Attempt.state == "closed"
    )))
    counts = results.counting(results.latest_submissions(first))
    rows = session.execute(
        select(Submission, AttemptTask, TaskVersion, VerdictRow)
        .join(AttemptTask, (AttemptTask.attempt_id == Submission.attempt_id) & (AttemptTask.position == Submission.position))
        .join(Marking, Marking.submission_id == Submission.id)
        .join(TaskVersion, func.coalesce(Marking.task_version_id, Submission.task_version_id) == TaskVersion.id)
        .join(VerdictRow, VerdictRow.marking_id == Marking.id)
        .where(Marking.id.in_(counts), Marking.state.in_(("done", "error")), VerdictRow.board != "public")
        .order_by(Submission.attempt_id, Submission.position, VerdictRow.ordinal)
    )
    cells: list[_Cell] = []
    tasks: dict[str, Task] = {}
    for submission, _item, version, verdict in rows:
        task = tasks.get(version.task_id) or cache.get(session, version)
        tasks[version.task_id] = task
        answer = submission.response.get(task.fields[0].id) if task.form else None
        cells.append(_Cell(
            submission.attempt_id, task.id, verdict.point_id, verdict.title, verdict.earned, verdict.marks, verdict.status,
            task.tags, tuple(answer) if isinstance(answer, list) else (),
        ))
    return cells, tasks


def _rows(cells: list[_Cell], keys: Key, title: Title, choices: Mapping[str, Task] | None = None) -> tuple[tuple[Row, ...], Test]:
    """Return a row for each key, in order of appearance, and the test that they make up.

    choices : the tasks, where a row is one point, so that guessing has a score.
    """
    groups: dict[tuple[str, ...], dict[int, list[_Cell]]] = defaultdict(lambda: defaultdict(list))
    for cell in cells:
        for key in keys(cell):
            groups[key][cell.attempt].append(cell)
    if not groups:
        return (), None
    attempts = sorted({attempt for group in groups.values() for attempt in group})
    maxima = {key: max(sum((c.marks for c in own), Decimal(0)) for own in group.values()) for key, group in groups.items()}
    found = analyse(
        [[_share(group.get(attempt), maxima[key]) for key, group in groups.items()] for attempt in attempts],
        [float(most) for most in maxima.values()], ["/".join(key) for key in groups],
        guess=[_guess(choices[key[0]]) if choices else None for key in groups],
    )
    rows = []
    for (key, group), figures in zip(groups.items(), found.items, strict=True):
        own = [cell for part in group.values() for cell in part]
        rows.append(Row(
            key, title(own[0], key), maxima[key], figures, _part(own, lambda c: c.status == "blank"),
            _part(own, lambda c: c.status in UNSETTLED),
        ))
    return tuple(rows), found.test


def _share(own: list[_Cell] | None, most: Decimal) -> float | None:
    """Return a candidate's marks of one item, on the scale of its maximum; None if they were not set it."""
    if not own:
        return None
    possible = sum((cell.marks for cell in own), Decimal(0))
    return float(sum((cell.earned for cell in own), Decimal(0)) * most / possible) if possible else 0.0


def _part(own: list[_Cell], what: Callable[[_Cell], bool]) -> float:
    return sum(map(what, own)) / len(own)


def _guess(task: Task) -> float | None:
    """Return the expected facility of guessing one option; None where more than one may be right, or nothing is chosen."""
    return {"judge": 1 / 2, "single": 1 / max(len(_option_ids(task)), 1)}.get(task.form)


def _option_ids(task: Task) -> tuple[str, ...]:
    field: Any = task.fields[0]
    return tuple(field.option_ids()) if task.form else ()


def _answers(cells: list[_Cell]) -> Mapping[str, Mapping[int, tuple[str, ...]]]:
    found: dict[str, dict[int, tuple[str, ...]]] = defaultdict(dict)
    for cell in cells:
        found[cell.task][cell.attempt] = cell.answer
    return found


def _thirds(cells: list[_Cell]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the attempts of the upper and of the lower third by total."""
    totals: dict[int, Decimal] = defaultdict(Decimal)
    for cell in cells:
        totals[cell.attempt] += cell.earned
    order = sorted(totals, key=lambda attempt: (totals[attempt], attempt))
    size = max(1, len(order) // 3)
    return frozenset(order[-size:]), frozenset(order[:size])


def _options(task: Task, answers: Mapping[int, tuple[str, ...]], thirds: tuple[frozenset[int], frozenset[int]]) -> tuple[Option, ...]:
    """Return the distractor table of a choice, () for anything else."""
    key = frozenset(task.bound[task.points[0].id]["key"]) if task.form else frozenset()
    upper, lower = thirds
    return tuple(
        Option(name, name in key, *(sum(name in answers[a] for a in answers if a in group) for group in (answers.keys(), upper, lower)))
        for name in _option_ids(task)
    )
