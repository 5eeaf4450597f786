"""A running exam at a glance: one row per candidate, also of those who have not started, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Select, Text, and_, cast, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from simulator import attempts, clocks, presence
from simulator.models import Attempt, AttemptTask, Candidate, Credit, Draft, Event, Exam, Group, Marking, Submission, User

CONNECTED = presence.GAP
"""Silence that is longer counts as an outage."""
QUIET = timedelta(minutes=5)
"""Without a save for so long, somebody should have a look."""

MOVED = "attempt.moved"
"""The event of a page that is seen from another address than before."""

State = Literal["not_started", "running", "closed"]


@dataclass(frozen=True)
class Seat:
    """One candidate. number : 考号; answered : tasks with a saved answer, by module; module : where they work, from 0, None before
    the first save; queued : markings that wait or run; asked : outages that wait for a decision; moved : how
    often the page has been seen from another address than before.
    """

    user_id: int
    username: str
    name: str
    group: str
    number: str
    state: State
    attempt: Attempt | None
    deadline: datetime | None
    connected: bool
    quiet: bool
    answered: tuple[int, ...]
    module: int | None
    queued: int
    asked: int
    moved: int

    @property
    def paused(self) -> bool:
        """Whether the clock stands still."""
        return self.state == "running" and self.attempt is not None and self.attempt.paused_at is not None

    @property
    def saved(self) -> datetime | None:
        """When something was saved last."""
        return self.attempt.last_save_at if self.attempt is not None else None


def connected(attempt: Attempt, now: datetime) -> bool:
    """Return whether the page of a running attempt has been heard of lately; a save is a sign of life too."""
    heard = [moment for moment in (attempt.seen_at, attempt.last_save_at) if moment is not None]
    return attempt.state == "running" and bool(heard) and now - max(heard) < CONNECTED


def seats(session: Session, exam: Exam, modules: int, now: datetime) -> list[Seat]:
    """Return the candidates of `exam` by 考号 and account: who sits or sat (the newest attempt), and who may.

    modules : of the paper.
    """
    answered, last = _progress(session, exam, modules)
    rows = session.execute(_people(exam)).all()
    found = [_seat(row, answered, last, modules, now) for row in rows]
    return sorted(found, key=lambda seat: (not seat.number, seat.number, seat.username))


def _people(exam: Exam) -> Select[Any]:
    newest = (
        select(Attempt.user_id, func.max(Attempt.id).label("id")).where(Attempt.exam_id == exam.id).group_by(Attempt.user_id).subquery()
    )
    queued = (
        select(Submission.attempt_id, func.count().label("n")).join(Marking, Marking.submission_id == Submission.id)
        .where(Marking.state.in_(("queued", "leased"))).group_by(Submission.attempt_id).subquery()
    )
    asked = (
        select(Credit.attempt_id, func.count().label("n")).where(Credit.state == "proposed").group_by(Credit.attempt_id).subquery()
    )
    moved = (
        select(Event.attempt_id, func.count().label("n")).where(Event.what == MOVED, Event.exam_id == exam.id)
        .group_by(Event.attempt_id).subquery()
    )
    invited = and_(User.group_id.in_([group.id for group in exam.groups]), User.active, User.role == "student")
    return (
        select(User.id, User.username, User.name, Group.name, Candidate.number, Attempt, queued.c.n, asked.c.n, moved.c.n)
        .outerjoin(Group, User.group_id == Group.id)
        .outerjoin(Candidate, and_(Candidate.user_id == User.id, Candidate.exam_id == exam.id))
        .outerjoin(newest, newest.c.user_id == User.id).outerjoin(Attempt, Attempt.id == newest.c.id)
        .outerjoin(queued, queued.c.attempt_id == Attempt.id).outerjoin(asked, asked.c.attempt_id == Attempt.id)
        .outerjoin(moved, moved.c.attempt_id == Attempt.id)
        .where(or_(Attempt.id.is_not(None), Candidate.exam_id.is_not(None), invited))
        .options(joinedload(Attempt.candidate), selectinload(Attempt.modules))  # deadlines look at them
    )


def _progress(session: Session, exam: Exam, modules: int) -> tuple[Mapping[int, list[int]], Mapping[int, int]]:
    """Return attempt → answered tasks by module, and attempt → module of the last save."""
    rows = session.execute(
        select(Draft.attempt_id, AttemptTask.module, func.count(), func.max(Draft.saved_at))
        .join(AttemptTask, and_(AttemptTask.attempt_id == Draft.attempt_id, AttemptTask.position == Draft.position))
        .join(Attempt, Attempt.id == Draft.attempt_id).where(Attempt.exam_id == exam.id, cast(Draft.response, Text) != "{}")
        .group_by(Draft.attempt_id, AttemptTask.module)
    )
    counts: dict[int, list[int]] = defaultdict(lambda: [0] * modules)
    latest: dict[int, tuple[datetime, int]] = {}
    for attempt_id, module, count, saved_at in rows:
        counts[attempt_id][module] = count
        latest[attempt_id] = max(latest.get(attempt_id, (saved_at, module)), (saved_at, module))
    return counts, {attempt_id: module for attempt_id, (_saved, module) in latest.items()}


def _seat(row: Any, answered: Mapping[int, list[int]], last: Mapping[int, int], modules: int, now: datetime) -> Seat:
    user_id, username, name, group, number, attempt, queued, asked, moved = row
    running = attempt is not None and attempt.state == "running"
    return Seat(
        user_id, username, name, group or "", number or "", "not_started" if attempt is None else "running" if running else "closed",
        attempt, attempts.deadline(attempt) if running else None,
        connected=attempt is not None and connected(attempt, now),
        quiet=running and attempt.paused_at is None and now - (attempt.last_save_at or attempt.started_at) >= QUIET,
        answered=tuple(answered[attempt.id]) if attempt is not None and attempt.id in answered else (0,) * modules,
        module=_module(attempt, last) if running else None, queued=queued or 0, asked=asked or 0,
        moved=moved or 0,
    )


def _module(attempt: Attempt, last: Mapping[int, int]) -> int | None:
    """The module whose clock runs; without module clocks that of the last save."""
    row = clocks.current(attempt)
    return row.module if row else last.get(attempt.id)


@dataclass(frozen=True)
class Totals:
    """How many candidates: connected and sitting, sitting, paused, handed in, not started; asking for time; quiet."""

    connected: int
    sitting: int
    paused: int
    closed: int
    not_started: int
    asking: int
    quiet: int


def totals(found: Iterable[Seat]) -> Totals:
    """Return the numbers of all seats."""
    every = list(found)
    return Totals(
        connected=sum(seat.connected for seat in every), sitting=sum(seat.state == "running" for seat in every),
        paused=sum(seat.paused for seat in every),
        closed=sum(seat.state == "closed" for seat in every), not_started=sum(seat.state == "not_started" for seat in every),
        asking=sum(bool(seat.asked) for seat in every), quiet=sum(seat.quiet for seat in every),
    )
