from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from simulator import attempts, credits
from simulator.errors import Refused
from simulator.jobs import scheduler
from simulator.models import Attempt, Draft, Event, Marking, Submission
from simulator.phases import GRACE
from tests import factories as f


@pytest.fixture
def session(db):
    with db.session(write=True) as session:
        yield session


def test_start_draws_every_slot_in_order(session, clock):
    attempt = f.make_attempt(session, clock())
    assert [item.position for item in attempt.tasks] == list(range(1, 8))
    assert [item.module for item in attempt.tasks] == [0] * 5 + [1, 1]
    assert sum(item.marks for item in attempt.tasks) == 16


def test_starting_again_returns_the_running_attempt(session, clock):
    exam = f.make_exam(session, clock())
    assert f.make_attempt(session, clock(), exam=exam).id == f.make_attempt(session, clock(), exam=exam).id


def test_contest_sets_everybody_the_same_items_and_a_mock_does_not(session, clock):
    contest = f.make_exam(session, clock(), mode="contest")
    one, two = (f.make_attempt(session, clock(), name, contest) for name in ("s1", "s2"))
    assert [i.task_version_id for i in one.tasks] == [i.task_version_id for i in two.tasks]
    mock = f.make_exam(session, clock())
    assert f.make_attempt(session, clock(), "s1", mock).seed != f.make_attempt(session, clock(), "s2", mock).seed


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"opens_at": 1}, "考试还没有开放。"), ({"closes_at": -1}, "考试已经结束。"),
        ({"groups": ["二班"]}, "这场考试没有安排你所在的班级。"),
    ],
)
def test_start_is_refused_with_the_reason(session, clock, kwargs, reason):
    moved = {k: clock() + timedelta(hours=v) if isinstance(v, int) else v for k, v in kwargs.items()}
    if "closes_at" in moved:
        moved["opens_at"] = clock() - timedelta(hours=3)
    with pytest.raises(Refused, match=reason):
        f.make_attempt(session, clock(), exam=f.make_exam(session, clock(), **moved))


def test_attempts_allowed_are_counted(session, clock):
    exam = f.make_exam(session, clock(), attempts_allowed=2)
    for number in (1, 2):
        attempt = f.make_attempt(session, clock(), exam=exam)
        assert attempt.number == number
        attempts.submit(session, attempt, clock(), by="candidate")
    with pytest.raises(Refused, match="2 次作答已经用完"):
        f.make_attempt(session, clock(), exam=exam)


def test_drafts_keep_revisions_and_the_older_one_is_told(session, clock):
    attempt = f.make_attempt(session, clock())
    assert attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock()).rev == 1
    assert attempts.save_draft(session, attempt, 1, 1, {"answer": ["F"]}, clock()).rev == 2
    with pytest.raises(attempts.Outdated) as caught:
        attempts.save_draft(session, attempt, 1, 1, {"answer": ["T"]}, clock())
    assert caught.value.draft.response == {"answer": ["F"]}
    assert caught.value.status == 409


def test_a_replayed_save_changes_nothing(session, clock):
    attempt = f.make_attempt(session, clock())
    first = attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock())
    again = attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock.forward(seconds=5))
    assert again == first


def test_saves_are_taken_in_the_grace_and_not_after_it(session, clock):
    attempt = f.make_attempt(session, clock())
    clock.now = attempts.deadline(attempt) + GRACE - timedelta(seconds=1)
    attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock())
    clock.forward(seconds=1)
    with pytest.raises(Refused) as caught:
        attempts.save_draft(session, attempt, 1, 1, {"answer": ["F"]}, clock())
    assert caught.value.status == 410


def test_hand_in_submits_every_task_with_its_last_draft_and_only_once(session, clock):
    attempt = f.make_attempt(session, clock())
    attempts.save_draft(session, attempt, 2, 0, {"answer": ["T"]}, clock())
    assert attempts.submit(session, attempt, clock.forward(minutes=5), by="candidate") is True
    assert attempts.submit(session, attempt, clock.forward(minutes=1), by="candidate") is False
    submissions = list(session.scalars(select(Submission).order_by(Submission.position)))
    assert [s.position for s in submissions] == list(range(1, 8))
    assert submissions[1].response == {"answer": ["T"]}
    assert submissions[0].response == {}
    assert len(list(session.scalars(select(Marking).where(Marking.state == "queued")))) == 7
    assert attempt.ended_at == attempt.started_at + timedelta(minutes=5)


def test_the_server_closes_an_expired_attempt_with_the_deadline_as_its_end(db, clock):
    with db.write() as session:
        attempt = f.make_attempt(session, clock())
        attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock())
        attempt_id, deadline = attempt.id, attempts.deadline(attempt)
    assert scheduler.run_due(db, deadline + GRACE - timedelta(seconds=1)) == 0
    assert scheduler.run_due(db, deadline + timedelta(minutes=7)) == 1
    assert scheduler.run_due(db, deadline + timedelta(minutes=8)) == 0
    with db.read() as session:
        attempt = session.get_one(Attempt, attempt_id)
        assert (attempt.state, attempt.closed_by, attempt.ended_at) == ("closed", "deadline", deadline)
        assert session.scalars(select(Submission).where(Submission.position == 1)).one().response == {"answer": ["T"]}


def test_extra_time_moves_the_deadline_and_is_logged(session, clock):
    attempt = f.make_attempt(session, clock())
    before = attempts.deadline(attempt)
    assert len(credits.grant(session, [attempt], 600, clock(), who=f.user(session, "i1").id, note="停电")) == 1
    session.flush()
    assert attempts.deadline(attempt) == before + timedelta(minutes=10)
    event = session.scalars(select(Event).where(Event.what == "attempt.extended")).one()
    assert event.detail == {"seconds": 600, "note": "停电"}
    with pytest.raises(Refused, match="240 分钟"):
        credits.grant(session, [attempt], 0, clock(), who=1)


def test_flags_belong_to_the_candidate(session, clock):
    attempt = f.make_attempt(session, clock())
    attempts.flag(session, attempt, 3, True, clock())
    assert attempt.tasks[2].flagged
    with pytest.raises(Refused, match="没有这道题"):
        attempts.flag(session, attempt, 99, True, clock())


def test_checking_one_task_is_for_practice_only(session, clock):
    mock = f.make_attempt(session, clock())
    with pytest.raises(Refused, match="只有练习"):
        attempts.check(session, mock, 1, clock())
    practice = f.make_attempt(session, clock(), exam=f.make_exam(session, clock(), mode="practice", closes_at=None))
    attempts.save_draft(session, practice, 1, 0, {"answer": ["T"]}, clock())
    assert attempts.check(session, practice, 1, clock()).response == {"answer": ["T"]}


def test_only_one_process_owns_the_scheduler(db, clock):
    assert scheduler.own(db, "a", clock())
    assert not scheduler.own(db, "b", clock.forward(seconds=5))
    assert scheduler.own(db, "a", clock())
    assert scheduler.own(db, "b", clock.forward(seconds=30))
    assert not scheduler.own(db, "a", clock())


def test_draft_rows_are_overwritten_not_added(session, clock):
    attempt = f.make_attempt(session, clock())
    for rev in range(3):
        attempts.save_draft(session, attempt, 1, rev, {"answer": [str(rev)]}, clock())
    assert len(list(session.scalars(select(Draft)))) == 1
