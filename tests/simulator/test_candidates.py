"""考号: random, unique, never changed, also for those who come late."""

from __future__ import annotations

from sqlalchemy import insert, select

from simulator import attempts, candidates
from simulator.models import Candidate, User
from tests import factories as f


def numbers(session, exam):
    rows = session.execute(select(User.username, Candidate.number).join(User, User.id == Candidate.user_id).where(
        Candidate.exam_id == exam.id
    ))
    return dict(iter(rows))


def test_the_groups_get_numbers_that_stay_and_late_comers_get_theirs(db, clock):
    with db.write() as session:
        exam = f.make_exam(session, clock(), groups=["一班"])
        candidates.ensure(session, exam)
        first = numbers(session, exam)
        assert first.keys() == {"s1", "s2"}
        assert len(set(first.values())) == 2
        assert all(len(number) == 4 and number[0] != "0" for number in first.values())
        f.people_add(session, "late", "晚到", "student", "一班", clock())
        late = attempts.start(session, exam, f.user(session, "late"), clock())
        candidates.ensure(session, exam)
        second = numbers(session, exam)
        assert second.keys() == {"s1", "s2", "late"}
        assert first.items() <= second.items()
        assert candidates.get(session, exam, late.user_id).number == second["late"]


def test_numbers_do_not_follow_names_or_accounts(db, clock):
    with db.write() as session:
        for n in range(60):
            f.people_add(session, f"x{n:02}", f"人{n:02}", "student", "大班", clock())
        exam = f.make_exam(session, clock(), groups=["大班"])
        candidates.ensure(session, exam)
        own = [number for _, number in sorted(numbers(session, exam).items())]
        assert len(set(own)) == 60
        assert own not in (sorted(own), sorted(own, reverse=True))


def test_many_candidates_get_longer_numbers(db, clock):
    with db.write() as session:
        exam = f.make_exam(session, clock())
        row = {"name": "人", "role": "student", "password_hash": "x", "created_at": clock(), "active": True, "session_epoch": 0}
        session.execute(insert(User), [{**row, "username": f"y{n:04}"} for n in range(3500)])
        ids = list(session.scalars(select(User.id).where(User.username.like("y%")).order_by(User.id)))
        candidates.ensure(session, exam, ids[:3000])
        drawn = set(numbers(session, exam).values())
        assert len(drawn) == 3000
        assert {len(number) for number in drawn} == {5}
        candidates.ensure(session, exam, ids)
        candidates.ensure(session, exam, ids[:1])
        assert len(set(numbers(session, exam).values())) == 3500
