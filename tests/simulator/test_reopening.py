"""An attempt handed in by mistake goes on; what was handed in stays as history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from simulator import attempts, exams, marking, modules, presence, reopening, results
from simulator.errors import Refused
from simulator.models import Attempt, Credit, Event, Submission
from tests import factories as f
from tests.simulator.test_sitting_time import sit

WHO = 5


@pytest.fixture
def attempt_id(db, services, clock):
    """Handed in ten minutes after its start, with twenty minutes left, marks held."""
    with db.write() as session:
        attempt = f.make_attempt(session, clock(), release="held")
        attempts.save_draft(session, attempt, 1, 0, f.right_answer(services, session, attempt.tasks[0]), clock())
        attempts.submit(session, attempt, clock.forward(minutes=10), by="candidate")
        return attempt.id


def reopen(db, attempt_id, now, **more):
    with db.write() as session:
        return reopening.reopen(session, session.get_one(Attempt, attempt_id), now, who=WHO, **more)


def test_what_was_left_is_given_back(db, attempt_id, clock):
    assert reopen(db, attempt_id, clock.forward(minutes=7), note="误交") == clock() + timedelta(minutes=20)
    with db.read() as session:
        attempt = session.get_one(Attempt, attempt_id)
        assert (attempt.state, attempt.ended_at, attempt.closed_by, attempt.extra_s) == ("running", None, "", 420)
        assert [(c.kind, c.seconds, c.note) for c in session.scalars(select(Credit))] == [("extension", 420, "误交")]
        event = session.scalars(select(Event).where(Event.what == "attempt.reopened")).one()
        assert (event.who, event.attempt_id, event.detail["by"]) == (WHO, attempt_id, "candidate")


def test_given_minutes_count_from_now(db, attempt_id, clock):
    assert reopen(db, attempt_id, clock.forward(hours=1), minutes=45) == clock() + timedelta(minutes=45)


def test_minutes_never_take_time_away(db, attempt_id, clock):
    assert reopen(db, attempt_id, clock(), minutes=5) == clock() + timedelta(minutes=20)


def test_the_next_hand_in_counts_and_the_first_stays(db, services, attempt_id, clock):
    marking.mark_quick(services.marker(), attempt_id)
    reopen(db, attempt_id, clock.forward(minutes=1))
    with db.write() as session:
        attempt = session.get_one(Attempt, attempt_id)
        attempts.save_draft(session, attempt, 2, 0, f.right_answer(services, session, attempt.tasks[1]), clock.forward(minutes=1))
        assert attempts.submit(session, attempt, clock(), by="candidate")
    marking.mark_quick(services.marker(), attempt_id)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 14
        cells = results.module_cells(session, [attempt_id], 2)[attempt_id]
        assert cells[0].earned == 2


def test_time_that_had_run_out_needs_minutes(db, clock):
    with db.write() as session:
        attempt = f.make_attempt(session, clock(), release="held")
        attempts.submit(session, attempt, clock.forward(minutes=40), by="deadline")
        attempt_id = attempt.id
    with pytest.raises(Refused, match="没有剩余时间"):
        reopen(db, attempt_id, clock())
    assert reopen(db, attempt_id, clock(), minutes=10) == clock() + timedelta(minutes=10)


def test_after_a_night_the_gap_is_given_in_steps(db, attempt_id, clock):
    assert reopen(db, attempt_id, clock.forward(hours=10)) == clock() + timedelta(minutes=20)
    with db.read() as session:
        assert [c.seconds for c in session.scalars(select(Credit).order_by(Credit.id))] == [14400, 14400, 7200]


def test_the_module_in_which_it_ended_goes_on(db, services, clock):
    """Modules with clocks of their own: ten minutes for the first, of which five are left."""
    with db.write() as session:
        attempt = sit(session, clock, clock="module", order="free")
        attempt.exam.release = "held"
        modules.enter(session, attempt, 0, clock())
        attempts.submit(session, attempt, clock.forward(minutes=5), by="candidate")
        attempt_id = attempt.id
    assert reopen(db, attempt_id, clock.forward(minutes=3)) == clock() + timedelta(minutes=5)
    with db.write() as session:
        attempt = session.get_one(Attempt, attempt_id)
        assert [(row.module, row.left_at, row.extra_s) for row in attempt.modules] == [(0, None, 180)]
        assert modules.leave(session, attempt, 0, clock.forward(minutes=1)) is False
        modules.enter(session, attempt, 1, clock())
        assert modules.leave(session, attempt, 1, clock.forward(minutes=1)) is True


def test_the_time_since_the_hand_in_is_no_outage(db, attempt_id, clock):
    with db.write() as session:
        session.get_one(Attempt, attempt_id).seen_at = clock()
    reopen(db, attempt_id, clock.forward(minutes=7))
    with db.write() as session:
        presence.heard(session, session.get_one(Attempt, attempt_id), clock.forward(minutes=1), "10.0.0.1")
        assert [c.kind for c in session.scalars(select(Credit))] == ["extension"]


def test_a_running_one_is_refused(db, attempt_id, clock):
    reopen(db, attempt_id, clock())
    with pytest.raises(Refused, match="还没有交"):
        reopen(db, attempt_id, clock())


def test_after_the_release_it_is_refused(db, attempt_id, clock):
    with db.write() as session:
        exams.release(session, session.get_one(Attempt, attempt_id).exam, clock(), WHO)
    with pytest.raises(Refused, match="成绩已经可以看到"):
        reopen(db, attempt_id, clock())


@pytest.mark.parametrize("kwargs", [{"release": "auto"}, {"mode": "practice", "release": "held"}])
def test_where_marks_are_shown_at_once_it_is_refused(db, clock, kwargs):
    with db.write() as session:
        attempt = f.make_attempt(session, clock(), **kwargs)
        attempts.submit(session, attempt, clock(), by="candidate")
        attempt_id = attempt.id
    with pytest.raises(Refused, match="成绩已经可以看到"):
        reopen(db, attempt_id, clock())


def test_after_a_day_it_is_refused(db, attempt_id, clock):
    with pytest.raises(Refused, match="24 小时"):
        reopen(db, attempt_id, clock.forward(hours=25), minutes=5)


def test_a_later_attempt_forbids_it(db, attempt_id, clock):
    with db.write() as session:
        exam = session.get_one(Attempt, attempt_id).exam
        exam.attempts_allowed = 2
        session.flush()
        f.make_attempt(session, clock(), "s1", exam)
    with pytest.raises(Refused, match="又开始了一次"):
        reopen(db, attempt_id, clock())


@pytest.mark.parametrize("minutes", [0, 241])
def test_minutes_are_bounded(db, attempt_id, clock, minutes):
    with pytest.raises(Refused, match="1 到 240"):
        reopen(db, attempt_id, clock(), minutes=minutes)


def test_from_the_desk_and_on_in_the_exam(log_in, db, attempt_id, clock):
    with db.read() as session:
        attempt = session.get_one(Attempt, attempt_id)
        exam, user = attempt.exam_id, attempt.user_id
    student = log_in("s1")
    assert student.get(f"/attempts/{attempt_id}/1").status_code == 302
    answer = log_in("i1").post(f"/desk/exams/{exam}/reopen", data={"user": user, "note": "误交"})
    assert answer.status_code == 302
    assert student.get(f"/attempts/{attempt_id}/1").status_code == 200
    assert student.get(f"/attempts/{attempt_id}/clock").json["remaining_ms"] == 20 * 60 * 1000
