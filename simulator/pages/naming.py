"""How staff see candidates: by name, or in a blind exam by their number until its results are released."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import results
from simulator.models import Attempt, Candidate, Exam


def hidden(exam: Exam) -> bool:
    """Return whether names are not shown to those who mark, as on the board."""
    return exam.blind and not results.final(exam)


def namer(session: Session, exam: Exam) -> Callable[[Attempt], str]:
    """Return how to name the candidate of an attempt in this exam."""
    if not hidden(exam):
        return lambda attempt: f"{attempt.user.name} {attempt.user.username}"
    rows = session.execute(select(Candidate.user_id, Candidate.number).where(Candidate.exam_id == exam.id))
    numbers: dict[int, str] = dict(iter(rows))
    return lambda attempt: str(_("%(number)s 号考生", number=numbers.get(attempt.user_id) or f"A{attempt.id}"))
