"""Who may sit an exam, and under which number (考号): random, so that it tells neither name nor order, and never changed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator.db import alone
from simulator.models import Attempt, Candidate, Exam, User

DIGITS = 4


def get(session: Session, exam: Exam, user_id: int) -> Candidate:
    """Return the row of one person in `exam`, made if there is none."""
    ensure(session, exam, [user_id])
    return session.get_one(Candidate, (exam.id, user_id))


def ensure(session: Session, exam: Exam, user_ids: Iterable[int] | None = None) -> None:
    """Give a row with a number to everybody who has none: the people named, else the exam's groups and whoever has sat it."""
    wanted = set(user_ids) if user_ids is not None else _everybody(session, exam)
    if not wanted - _numbers(session, exam).keys():
        return
    alone(session)  # two at the same moment must not draw the same number
    known = _numbers(session, exam)
    missing = wanted - known.keys()
    for user_id, number in zip(sorted(missing), _draw(set(known.values()), len(missing)), strict=True):
        session.add(Candidate(exam_id=exam.id, user_id=user_id, number=number))
    session.flush()


def _everybody(session: Session, exam: Exam) -> set[int]:
    members = select(User.id).where(User.group_id.in_([group.id for group in exam.groups]), User.role == "student")
    sitting = select(Attempt.user_id).where(Attempt.exam_id == exam.id)
    return {*session.scalars(members), *session.scalars(sitting)}


def _numbers(session: Session, exam: Exam) -> dict[int, str]:
    rows = session.execute(select(Candidate.user_id, Candidate.number).where(Candidate.exam_id == exam.id))
    return dict(iter(rows))  # a Result has keys(), so dict() alone takes it for a mapping


def _draw(used: set[str], count: int) -> list[str]:
    """Return `count` new numbers; so few of the possible ones are used that late comers do not stand out."""
    digits = max(DIGITS, len(str(4 * (len(used) + count))))
    drawn: set[str] = set()
    while len(drawn) < count:
        number = str(secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1))
        drawn |= {number} - used
    return secrets.SystemRandom().sample(sorted(drawn), count)
