"""The 错题本: theory items that somebody had wrong or left blank, and their answers to them since.

An item leaves the book after LEAVE right answers in a row since the last wrong one, and comes back with a wrong one or when it is
brought back (kept as a redo without an answer). Redos are practice: no exam counts them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.drawing import option_order
from grading.engine import grade
from grading.errors import ResponseError
from grading.fields import get_kind
from grading.model import Task
from grading.syllabus import Place
from simulator import reports
from simulator.catalog import TaskCache
from simulator.db import alone
from simulator.errors import Refused
from simulator.models import Attempt, Exam, Redo, TaskVersion, User
from simulator.reports import Answer

LEAVE = 2
"""Right answers in a row after which an item leaves the book."""


class _Try(NamedTuple):
    """One answer to an item, in an exam or in the book."""

    at: datetime
    redo: int
    right: bool


@dataclass(frozen=True)
class Mistake:
    """One item that was wrong at least once.

    version_id : the version last seen in an exam; exams : those in which it was wrong; wrong : how often, redos included; at : when it
    was wrong last; streak : right answers since; last : id of the last redo, 0 if there is none.
    """

    task_id: str
    version_id: int
    form: str
    places: tuple[Place, ...]
    exams: frozenset[int]
    wrong: int
    at: datetime
    streak: int
    last: int

    @property
    def inside(self) -> bool:
        """Whether it stands in the book."""
        return self.streak < LEAVE


@dataclass(frozen=True)
class Wanted:
    """A part of the book. code : a code or the beginning of one; exam_id : 0 for all."""

    code: str = ""
    form: str = ""
    exam_id: int = 0

    def fits(self, mistake: Mistake) -> bool:
        """Return whether `mistake` is of this part."""
        codes = [code for place in mistake.places for code in (place.code, place.content)]
        return (
            (not self.code or any(code == self.code or code.startswith(f"{self.code}.") for code in codes))
            and self.form in ("", mistake.form) and (not self.exam_id or self.exam_id in mistake.exams)
        )


def check_free(session: Session, user: User) -> None:
    """Raise Refused while `user` sits an exam that counts: the book has keys in it."""
    busy = select(Attempt.id).join(Exam).where(Attempt.user_id == user.id, Attempt.state == "running", Exam.mode != "practice")
    if session.scalar(busy.limit(1)) is not None:
        raise Refused("你正在考试，错题本暂时不开放。", "交卷以后再来练习。", status=403)


def book(session: Session, cache: TaskCache, user: User, now: datetime) -> list[Mistake]:
    """Return every item that `user` ever had wrong in a result that they may see, by code; also those that left the book."""
    items: dict[str, list[Answer]] = defaultdict(list)
    for answer in reports.answers(session, cache, reports.attempts_of(session, user, now)):
        if answer.form:
            items[answer.task_id].append(answer)
    redos = _redos(session, user)
    found = [_mistake(own, redos[task_id]) for task_id, own in items.items() if any(a.status != "correct" for a in own)]
    return sorted(found, key=lambda mistake: (mistake.places[0].order, mistake.task_id))


def _redos(session: Session, user: User) -> Mapping[str, list[_Try]]:
    found: dict[str, list[_Try]] = defaultdict(list)
    rows = session.execute(
        select(TaskVersion.task_id, Redo.at, Redo.id, Redo.correct).join(TaskVersion, TaskVersion.id == Redo.task_version_id)
        .where(Redo.user_id == user.id).order_by(Redo.id)
    )
    for task_id, at, redo_id, right in rows:
        found[task_id].append(_Try(at, redo_id, right))
    return found


def _mistake(own: Sequence[Answer], redos: Sequence[_Try]) -> Mistake:
    tries = sorted([*(_Try(a.at, 0, a.status == "correct") for a in own), *redos], key=lambda one: one[:2])
    wrong = [number for number, one in enumerate(tries) if not one.right]
    last = own[-1]
    return Mistake(
        last.task_id, last.version_id, last.form, last.places, frozenset(a.exam_id for a in own if a.status != "correct"), len(wrong),
        tries[wrong[-1]].at, len(tries) - 1 - wrong[-1], redos[-1].redo if redos else 0,
    )


def find(mistakes: Iterable[Mistake], version_id: int) -> Mistake:
    """Return the mistake of this task version; Refused (404) if there is none."""
    found = next((mistake for mistake in mistakes if mistake.version_id == version_id), None)
    if found is None:
        raise Refused("错题本里没有这道题。", "请从错题本进入。", status=404)
    return found


@dataclass(frozen=True)
class Round:
    """A row of redos. since : the newest redo when it began; count : items at most, 0 for all; wanted : of which part."""

    since: int
    count: int
    wanted: Wanted


@dataclass(frozen=True)
class Progress:
    """Where a round stands: the next item (None: it is over), items done and to do, and how many of those done were right."""

    following: Mistake | None
    done: int
    total: int


def newest(session: Session, user: User) -> int:
    """Return the id of the newest redo of `user`, 0 before the first: where a round begins."""
    return session.scalar(select(func.max(Redo.id)).where(Redo.user_id == user.id)) or 0


def progress(mistakes: Iterable[Mistake], a_round: Round) -> Progress:
    """Return where a round stands. Everything follows from the redos: a page may be closed and opened again."""
    own = [mistake for mistake in mistakes if a_round.wanted.fits(mistake)]
    done = sum(mistake.last > a_round.since for mistake in own)
    left = [mistake for mistake in own if mistake.inside and mistake.last <= a_round.since]
    if a_round.count:
        left = sorted(left, key=lambda m: hashlib.sha256(f"{a_round.since}|{m.task_id}".encode()).digest())
        left = left[:max(a_round.count - done, 0)]
    return Progress(left[0] if left else None, done, done + len(left))


def options(task: Task, user_id: int, last: int) -> list[str]:
    """Return a choice's option ids as they stand in the redo after the redo `last`; true and false keep their places."""
    order = list(getattr(task.fields[0], "options", {}) or ("T", "F"))
    return order if task.form == "judge" else option_order(order, seed=user_id * 1_000_003 + last, task_id=task.id)


def answer(
    session: Session, cache: TaskCache, user: User, mistake: Mistake, chosen: Sequence[str], last: int, now: datetime
) -> Redo:
    """Mark and store an answer to one item of the book; the caller commits. Refused (422) if nothing, or no option, is chosen.

    last : the redo after which the page was made. What is sent twice, or from an old page, is stored once.
    """
    alone(session)
    newer = session.scalar(select(Redo).where(
        Redo.user_id == user.id, Redo.task_version_id == mistake.version_id, Redo.id > last
    ).order_by(Redo.id.desc()).limit(1))
    if newer is not None and newer.response:
        return newer
    task = cache.get(session, session.get_one(TaskVersion, mistake.version_id))
    response = _checked(task, chosen)
    right = grade(task, response).verdicts[0].status == "correct"
    redo = Redo(user_id=user.id, task_version_id=mistake.version_id, response=response, correct=right, at=now)
    session.add(redo)
    session.flush()
    return redo


def _checked(task: Task, chosen: Sequence[str]) -> dict[str, Any]:
    field, value = task.fields[0], list(chosen)
    if not any(value):
        raise Refused("还没有选择答案。", "请先选好，再看对错。", status=422)
    try:
        get_kind(field.kind).parse(value, field)
    except ResponseError:
        raise Refused("选择的内容不能识别。", "请从错题本重新打开这道题。", status=422) from None
    return {field.id: value}


def own(session: Session, user: User, redo_id: int) -> Redo:
    """Return one answer of `user`; Refused (404) if it is not theirs."""
    redo = session.get(Redo, redo_id)
    if redo is None or redo.user_id != user.id or not redo.response:
        raise Refused("找不到这次作答。", "请从错题本进入。", status=404)
    return redo


def before(session: Session, redo: Redo) -> int:
    """Return the id of the redo of the same item before this one, 0 if it was the first: the order of its options hangs on it."""
    same = select(TaskVersion.task_id).where(TaskVersion.id == redo.task_version_id).scalar_subquery()
    earlier = select(func.max(Redo.id)).join(TaskVersion, TaskVersion.id == Redo.task_version_id)
    return session.scalar(earlier.where(Redo.user_id == redo.user_id, Redo.id < redo.id, TaskVersion.task_id == same)) or 0


def bring_back(session: Session, user: User, mistake: Mistake, now: datetime) -> None:
    """Put an item that has left the book back into it; the caller commits."""
    if not mistake.inside:
        session.add(Redo(user_id=user.id, task_version_id=mistake.version_id, response={}, correct=False, at=now))


def tally(session: Session, user: User, since: int) -> tuple[int, int]:
    """Return how many answers `user` gave after the redo `since`, and how many of them were right."""
    given = [redo.correct for redo in session.scalars(select(Redo).where(Redo.user_id == user.id, Redo.id > since)) if redo.response]
    return len(given), sum(given)
