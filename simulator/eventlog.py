"""Read the event log: what happened, when, by whom, filtered and page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from simulator.models import Attempt, Event, Exam, User

PAGE = 100
MOST = 100_000
"""Rows of an export."""


@dataclass(frozen=True)
class Filter:
    """What is looked for; "" and None leave it open.

    area : the word before the point (attempt, exam, marking, person); person : part of a name or user name of who did it or
    whose attempt it is; exam_id; since, until : from, and before.
    """

    area: str = ""
    person: str = ""
    exam_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One event with the names that belong to its numbers; who : "" for the system; candidate, exam : "" if there is none."""

    event: Event
    who: str
    candidate: str
    exam: str


def find(session: Session, wanted: Filter, *, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """Return the newest events that fit, at most `limit`. before : the id of the last one shown (the next page)."""
    query = _query(wanted).order_by(Event.id.desc()).limit(limit)
    return [_entry(row) for row in session.execute(query.where(Event.id < before) if before else query)]


def everything(session: Session, wanted: Filter) -> Iterator[Entry]:
    """Yield the newest events that fit, for an export."""
    for row in session.execute(_query(wanted).order_by(Event.id.desc()).limit(MOST).execution_options(yield_per=1000)):
        yield _entry(row)


def _query(wanted: Filter) -> Select[Event, User, User, Exam]:
    actor, candidate = aliased(User), aliased(User)
    query = (
        select(Event, actor, candidate, Exam).outerjoin(actor, Event.who == actor.id).outerjoin(Attempt, Event.attempt_id == Attempt.id)
        .outerjoin(candidate, Attempt.user_id == candidate.id).outerjoin(Exam, Event.exam_id == Exam.id)
    )
    if wanted.area:
        query = query.where(Event.what.startswith(f"{wanted.area}.", autoescape=True))
    if wanted.person:
        names = (actor.name, actor.username, candidate.name, candidate.username)
        query = query.where(or_(*(name.contains(wanted.person, autoescape=True) for name in names)))
    if wanted.exam_id is not None:
        query = query.where(Event.exam_id == wanted.exam_id)
    if wanted.since is not None:
        query = query.where(Event.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Event.at < wanted.until)
    return query


def _entry(row: Any) -> Entry:
    event, actor, candidate, exam = row
    return Entry(event, _named(actor), _named(candidate), exam.title if exam else "")


def _named(user: User | None) -> str:
    return f"{user.name} ({user.username})" if user else ""
