"""Who may sit an exam, and under which number (考号): random, so that it tells neither name nor order, and never changed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from simulator.db import alone
from simulator.models import Attempt, Candidate, Exam, User

DIGITS = 4
FEW = 100


def get(session: Session, exam: Exam, user_id: int) -> Candidate:
    """Return the row of one person in `exam`, made if there is none."""
    ensure(session, exam, [user_id])
    return session.get_one(Candidate, (exam.id, user_id))


def ensure(session: Session, exam: Exam, user_ids: Iterable[int] | None = None) -> None:
    """Give a row with a number to everybody who has none: the people named, else the exam's groups and whoever has sat it."""
    wanted = set(user_ids) if user_ids is not None else _everybody(session, exam)
    if not wanted - _with_number(session, exam, wanted):
        return
    alone(session)  # two at the same moment must not draw the same number
    missing = wanted - _with_number(session, exam, wanted)
    for user_id, number in zip(sorted(missing), _draw(session, exam, len(missing)), strict=True):
        session.add(Candidate(exam_id=exam.id, user_id=user_id, number=number))
    session.flush()


def _everybody(session: Session, exam: Exam) -> set[int]:
    members = select(User.id).where(User.group_id.in_([group.id for group in exam.groups]), User.role == "student")
    sitting = select(Attempt.user_id).where(Attempt.exam_id == exam.id)
    return {*session.scalars(members), *session.scalars(sitting)}


def _with_number(session: Session, exam: Exam, wanted: set[int]) -> set[int]:
    """Return those of `wanted` who have a number. At the start of an exam two thousand ask one by one: for few, only they are read."""
    query = select(Candidate.user_id).where(Candidate.exam_id == exam.id)
    return set(session.scalars(query.where(Candidate.user_id.in_(wanted)) if len(wanted) <= FEW else query)) & wanted


def _draw(session: Session, exam: Exam, count: int) -> list[str]:
    """Return `count` new numbers; so few of the possible ones are used that late comers do not stand out."""
    given = session.scalar(select(func.count()).where(Candidate.exam_id == exam.id)) or 0
    digits = max(DIGITS, len(str(4 * (given + count))))
    found: set[str] = set()
    while len(found) < count:
        drawn = {str(secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1)) for _number in range(count - len(found))}
        query = select(Candidate.number).where(Candidate.exam_id == exam.id)
        found |= drawn - set(session.scalars(query.where(Candidate.number.in_(drawn)) if count <= FEW else query))
    return secrets.SystemRandom().sample(sorted(found), count)
