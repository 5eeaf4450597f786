"""A small world of marked attempts for the tests of reports."""

from __future__ import annotations

from datetime import timedelta

from simulator import attempts, cells, marking, results
from simulator.models import Attempt, Exam
from tests import factories as f


def sit(db, services, clock, exam_id: int, username: str, right: int, rows: str = "3") -> int:
    """Let somebody sit an exam: the first `right` theory items right, the others wrong; `rows` in the practical task. Return its id."""
    with db.write() as session:
        attempt = f.make_attempt(session, clock(), username, session.get_one(Exam, exam_id))
        theory = [item for item in attempt.tasks if item.version.form]
        for number, item in enumerate(theory):
            answer = f.right_answer(services, session, item) if number < right else wrong_answer(services, session, item)
            attempts.save_draft(session, attempt, item.position, 0, answer, clock())
        attempts.save_draft(session, attempt, len(theory) + 1, 0, {"rows": rows}, clock())
        attempts.submit(session, attempt, clock() + timedelta(minutes=5), by="candidate")
        attempt_id = attempt.id
    marking.mark_quick(services.marker(), attempt_id)
    settle_programs(db, attempt_id)
    return attempt_id


def wrong_answer(services, session, item) -> dict:
    """Return an option that is not in the key."""
    task = services.tasks.get(session, item.version)
    options = getattr(task.fields[0], "options", {}) or ("T", "F")
    [field], key = task.fields, task.bound[task.points[0].id]["key"]
    return {field.id: [next(option for option in options if option not in key)]}


def settle_programs(db, attempt_id: int) -> None:
    """Settle what waits for a sandbox, with no verdict and no marks."""
    with db.write() as session:
        for outcome in results.outcomes(session, session.get_one(Attempt, attempt_id)):
            if outcome.marking.state == "queued":
                outcome.marking.state = "done"
        cells.refresh(session, [attempt_id])


def make(db, clock, **kwargs) -> int:
    with db.write() as session:
        return f.make_exam(session, clock(), **kwargs).id
