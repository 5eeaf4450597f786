"""The account sees what it is there for: each kind of broken promise is counted as that, and what is allowed is not."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import delete, select

from simulator import attempts, marking, remarking
from simulator.config import load_settings
from simulator.findings import Finding
from simulator.models import Attempt, Exam, Marking, Submission, User, VerdictRow
from simulator.services import Services
from tools.chaos import school as schools
from tools.chaos.account import Account, draw_up
from tools.chaos.candidates import HandIn
from tools.chaos.school import INSTRUCTOR, TASKS, School, username

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
POINT = "M1"
PROGRAM = 2  # its position


class Hall:
    """Two candidates have handed in; everything is marked, each task with one verdict."""

    def __init__(self, services: Services, school: School) -> None:
        self.db = services.db
        sign = (POINT, "correct", "2.00", "", "", "", "")
        self.expected = {number: dict.fromkeys(school.tasks, (sign,)) for number in range(2)}
        self.hand_ins = [self._sit(school, number) for number in range(2)]
        with self.db.write() as session:
            for row in session.scalars(select(Marking)):
                settle(row)

    def _sit(self, school: School, number: int) -> HandIn:
        responses = {p: schools.stored(r) for p, r in schools.answers(school.tasks, number, 1).items()}
        with self.db.write() as session:
            user = session.scalars(select(User).where(User.username == username(number))).one()
            attempt = attempts.start(session, session.get_one(Exam, school.exam_id), user, NOW)
            for position, response in responses.items():
                attempts.save_draft(session, attempt, position, 0, response, NOW)
            attempts.submit(session, attempt, NOW, by="candidate", who=user.id)
            return HandIn(number, attempt.id, responses)

    def account(self) -> Account:
        with self.db.read() as session:
            return draw_up(session, self.hand_ins, self.expected)


def verdict(ordinal: int = 0) -> VerdictRow:
    return VerdictRow(
        ordinal=ordinal, point_id=POINT, title="x", status="correct", earned=Decimal(2), marks=Decimal(2), expected="", found="",
        reason="", cause="",
    )


def settle(row: Marking) -> None:
    row.state, row.verdicts = "done", [verdict()]


@pytest.fixture
def hall(tmp_path):
    services = Services(load_settings(tmp_path / "instance", tasks_dir=str(TASKS)), lambda: NOW)
    hall = Hall(services, schools.found(services, 2))
    yield hall
    services.db.engine.dispose()


def one_marking(session) -> Marking:
    """The marking of the second candidate's program."""
    query = select(Marking).join(Submission).where(Submission.attempt_id == 2, Submission.position == PROGRAM)
    return session.scalars(query).one()


def test_what_is_as_promised_is_no_finding(hall):
    account = hall.account()
    assert (account.accepted, account.marked, account.errors) == (2, 2, [])
    assert not account.broken


def no_verdicts(session, row):
    session.execute(delete(VerdictRow).where(VerdictRow.marking_id == row.id))


def no_marking(session, row):
    no_verdicts(session, row)
    session.delete(row)


def no_submission(session, row):
    submission = row.submission
    no_marking(session, row)
    session.flush()
    session.delete(submission)


def other_content(session, row):
    row.submission.response = {"program": "older"}


def not_closed(session, row):
    session.get_one(Attempt, 2).state = "running"


def marked_again(session, row):
    again = Marking(submission=row.submission, queued_at=NOW)
    settle(again)
    session.add(again)


def queued_again(session, row):
    marking.queue(session, row.submission, NOW)


def two_submissions(session, row):
    old = row.submission
    session.add(Submission(
        attempt_id=2, position=PROGRAM, task_version_id=old.task_version_id, kind="hand-in", response=old.response, submitted_at=NOW,
    ))


def not_on_the_paper(session, row):
    old = row.submission
    session.add(Submission(attempt_id=2, position=99, task_version_id=old.task_version_id, kind="hand-in", response={}, submitted_at=NOW))


def two_attempts(session, row):
    old = session.get_one(Attempt, 2)
    session.add(Attempt(exam_id=old.exam_id, user_id=old.user_id, number=2, seed=1, started_at=NOW, state="closed"))


def two_verdicts(session, row):
    row.verdicts = [*row.verdicts, verdict(1)]


def still_queued(session, row):
    row.state = "queued"


def still_leased(session, row):
    row.state = "leased"


def left_on_the_desk(session, row):
    row.state = "error"


def other_marks(session, row):
    row.verdicts[0].earned = Decimal(1)


def other_reason(session, row):
    row.verdicts[0].reason = "超时"


@pytest.mark.parametrize(("kind", "breaking"), [
    ("lost", no_verdicts), ("lost", no_marking), ("lost", no_submission), ("lost", other_content), ("lost", not_closed),
    ("duplicated", marked_again), ("duplicated", queued_again), ("duplicated", two_submissions), ("duplicated", not_on_the_paper),
    ("duplicated", two_attempts), ("duplicated", two_verdicts), ("stuck", still_queued), ("stuck", still_leased),
    ("stuck", left_on_the_desk), ("differences", other_marks), ("differences", other_reason),
], ids=lambda value: getattr(value, "__name__", value))
def test_a_broken_promise_is_counted_as_what_it_is(hall, kind, breaking):
    with hall.db.write() as session:
        breaking(session, one_marking(session))
    account = hall.account()
    assert account.broken
    assert len(getattr(account, kind)) == 1
    assert username(1) in getattr(account, kind)[0]
    others = {"lost", "duplicated", "stuck", "differences"} - {kind}
    allowed = {queued_again: {"stuck"}, two_verdicts: {"differences"}}.get(breaking, set())
    assert {name for name in others if getattr(account, name)} == allowed


@pytest.mark.parametrize("breaking", [no_verdicts, no_marking, no_submission, not_closed, still_queued, left_on_the_desk])
def test_what_has_no_result_does_not_count_as_marked(hall, breaking):
    with hall.db.write() as session:
        breaking(session, one_marking(session))
    assert hall.account().marked == 1


def test_a_retry_that_a_person_asked_for_is_no_duplicate_but_its_error_is_told(hall):
    with hall.db.write() as session:
        row = one_marking(session)
        no_verdicts(session, row)
        row.state, row.log, row.tries = "error", marking.INTERRUPTED, 3
        session.flush()
        instructor = session.scalars(select(User).where(User.username == INSTRUCTOR)).one()
        settle(remarking.retry(session, row.id, NOW, instructor.id))
    account = hall.account()
    assert not account.broken
    assert account.marked == 2
    assert account.errors == [f"评分 {PROGRAM + 3}（3 次）：{marking.INTERRUPTED}"]


def test_nothing_is_left_out_of_the_signs():
    """What the check compares is all that a verdict says, but its title, possible marks and board, which stand in the task,
    and its evidence, from which the mark was made."""
    compared = {"point_id", "status", "earned", "expected", "found", "reason", "cause"}
    assert set(VerdictRow.__table__.columns.keys()) - compared == {"marking_id", "ordinal", "title", "marks", "board", "evidence"}
    assert Finding(None, "x", 0.0).faults  # and a marking without a grading is never done
