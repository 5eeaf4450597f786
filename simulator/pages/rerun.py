"""Strict re-runs of one exam: marks before and after, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading import totals
from simulator.models import Attempt, AttemptTask, Exam, Marking, Submission
from simulator.pages.naming import hidden, namer

STATES = {"queued": _l("排队中"), "leased": _l("复评中"), "error": _l("复评异常")}


def reruns_view(session: Session, exam: Exam) -> list[dict[str, Any]]:
    """Return the newest strict marking of every submission that has one, newest first."""
    newest = select(func.max(Marking.id)).where(Marking.strict).group_by(Marking.submission_id)
    rows = session.execute(
        select(Marking, Attempt, AttemptTask).join(Submission, Marking.submission_id == Submission.id)
        .join(Attempt, Submission.attempt_id == Attempt.id)
        .join(AttemptTask, (AttemptTask.attempt_id == Attempt.id) & (AttemptTask.position == Submission.position))
        .where(Attempt.exam_id == exam.id, Marking.id.in_(newest)).order_by(Marking.id.desc())
    )
    name = namer(session, exam) if hidden(exam) else lambda attempt: attempt.user.name
    return [_row(session, marking, attempt, item, name(attempt)) for marking, attempt, item in rows]


def _row(session: Session, after: Marking, attempt: Attempt, item: AttemptTask, name: str) -> dict[str, Any]:
    before = session.scalars(
        select(Marking).where(Marking.submission_id == after.submission_id, Marking.id < after.id, Marking.state == "done")
        .order_by(Marking.id.desc()).limit(1)
    ).first()
    done = after.state == "done"
    return {
        "candidate": name, "task": item.version.title, "marks": item.marks, "asked_at": after.queued_at,
        "state": after.state, "state_text": "" if done else str(STATES[after.state]),
        "before": _earned(before) if before else None, "after": _earned(after) if done else None,
        "points": _changed(before, after) if before and done else [], "url": url_for("results.show", attempt_id=attempt.id),
    }


def _earned(marking: Marking) -> Decimal:
    settled: Iterable[Decimal] = (v.earned for v in marking.verdicts if v.status not in totals.UNSETTLED)
    return sum(settled, Decimal("0.00"))


def _changed(before: Marking, after: Marking) -> list[str]:
    """Return the points whose marks are not the same."""
    old = {verdict.point_id: verdict.earned for verdict in before.verdicts}
    return [verdict.point_id for verdict in after.verdicts if old.get(verdict.point_id) != verdict.earned]
