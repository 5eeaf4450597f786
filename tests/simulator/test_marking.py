from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from grading.errors import SandboxError
from simulator import attempts, marking, results
from simulator.errors import Refused
from simulator.jobs.dispatch import work_once
from simulator.models import Attempt, Marking, VerdictRow
from tests import factories as f


class BrokenSandbox:
    """Stands for a sandbox that breaks (our fault); working ones are tested with the real thing."""

    name = "broken"

    def run(self, job):
        raise SandboxError("坏了")


@pytest.fixture
def marker(services):
    return replace(services.marker(), sandbox=lambda: BrokenSandbox())


@pytest.fixture
def handed_in(db, services, clock):
    """An attempt with all theory right, the sheet task half right, and a program."""
    with db.write() as session:
        attempt = f.make_attempt(session, clock())
        for item in attempt.tasks[:5]:
            attempts.save_draft(session, attempt, item.position, 0, f.right_answer(services, session, item), clock())
        attempts.save_draft(session, attempt, 6, 0, {"rows": "３", "note": "先去掉"}, clock())
        attempts.save_draft(session, attempt, 7, 0, {"program": "total = 6"}, clock())
        attempts.submit(session, attempt, clock(), by="candidate")
        return attempt.id


def states(db):
    with db.read() as session:
        return [m.state for m in session.scalars(select(Marking).order_by(Marking.id))]


def test_quick_points_are_marked_at_once_and_runs_wait(db, marker, handed_in):
    marking.mark_quick(marker, handed_in)
    assert states(db) == ["done"] * 6 + ["queued"]
    with db.read() as session:
        cells = results.module_cells(session, [handed_in], 2)[handed_in]
        assert [(c.earned, c.marks, c.pending) for c in cells] == [
            (Decimal("6.00"), Decimal("6.00"), 0), (Decimal("2.00"), Decimal("10.00"), 1),
        ]


def test_marking_twice_changes_nothing(db, marker, handed_in):
    marking.mark_quick(marker, handed_in)
    with db.read() as session:
        before = len(list(session.scalars(select(VerdictRow))))
    marking.mark_quick(marker, handed_in)
    marking.mark(marker, 1)
    with db.read() as session:
        assert len(list(session.scalars(select(VerdictRow)))) == before


def test_our_fault_is_tried_three_times_then_waits_on_the_desk_and_is_never_zero(db, marker, handed_in):
    marking.mark_quick(marker, handed_in)
    for _ in range(3):
        assert work_once(marker)
    assert not work_once(marker)
    assert states(db)[-1] == "error"
    with db.read() as session:
        last = session.scalars(select(Marking).order_by(Marking.id.desc())).first()
        assert {v.status for v in last.verdicts} == {"error"}
        assert "坏了" in last.verdicts[0].reason
        assert results.module_cells(session, [handed_in], 2)[handed_in][1].pending == 1


def test_retry_adds_a_marking_and_edits_none(db, marker, handed_in, clock):
    marking.mark_quick(marker, handed_in)
    while work_once(marker):
        pass
    with db.write() as session:
        failed = session.scalars(select(Marking).where(Marking.state == "error")).one()
        marking.retry(session, failed.id, clock(), 1)
        failed_id = failed.id
    with db.write() as session, pytest.raises(Refused, match="已经重新排队"):
        marking.retry(session, failed_id, clock(), 1)
    assert states(db)[-2:] == ["error", "queued"]


def test_a_lost_worker_gives_its_marking_back(db, marker, handed_in, clock):
    with db.write() as session:
        lost = marking.claim(session, "dead worker", clock())
    with db.write() as session:
        assert marking.sweep(session, clock.forward(minutes=4)) == 0
        assert marking.sweep(session, clock.forward(minutes=2)) == 1
        assert session.get_one(Marking, lost).state == "queued"


def test_a_marking_that_kills_its_worker_three_times_goes_to_the_desk(db, marker, handed_in, clock):
    for _ in range(3):
        with db.write() as session:
            lost = marking.claim(session, "dead worker", clock())
        clock.forward(minutes=6)
        with db.write() as session:
            marking.sweep(session, clock())
    with db.read() as session:
        assert session.get_one(Marking, lost).state == "error"


def test_a_worker_that_lost_its_lease_writes_nothing(db, marker, handed_in, clock):
    with db.write() as session:
        lost = marking.claim(session, "slow worker", clock())
        marking.sweep(session, clock.forward(minutes=6))
    marking.mark(replace(marker, name="slow worker"), lost)
    with db.read() as session:
        assert session.get_one(Marking, lost).state == "queued"


def test_two_workers_never_lease_the_same(db, handed_in, clock):
    with db.write() as session:
        one = marking.claim(session, "a", clock())
        assert not marking.lease(session, one, "b", clock())
        assert marking.claim(session, "b", clock()) != one


def test_pass_needs_every_part(db, marker, handed_in):
    marking.mark_quick(marker, handed_in)
    with db.read() as session:
        from simulator.catalog import paper_spec

        attempt = session.get_one(Attempt, handed_in)
        parts = results.parts(paper_spec(attempt.exam.paper), results.module_cells(session, [handed_in], 2)[handed_in])
        assert [(p.part, p.passed) for p in parts] == [("theory", True), ("practical", False)]
        assert results.passed(parts) is False


def test_time_used_is_from_start_to_hand_in(db, clock):
    with db.write() as session:
        attempt = f.make_attempt(session, clock())
        attempts.submit(session, attempt, clock.forward(minutes=9), by="candidate")
        exam = attempt.exam
        session.flush()
        assert [e.seconds for e in results.entries(session, exam)] == [540]
        assert attempt.ended_at - attempt.started_at == timedelta(minutes=9)


def test_a_failed_marking_stands_on_the_desk_with_one_click_to_retry(db, services, marker, handed_in, log_in):
    marking.mark_quick(marker, handed_in)
    while work_once(marker):
        pass
    client = log_in("i1")
    text = client.get("/desk/exams/1").text
    assert "坏了" in text
    assert "程序题" in text
    with db.read() as session:
        failed = session.scalars(select(Marking.id).where(Marking.state == "error")).one()
    services.sandbox._problem = "没有沙箱"
    assert client.post(f"/desk/markings/{failed}/retry").status_code == 302
    assert states(db)[-1] == "queued"


def test_every_marking_keeps_the_versions_of_its_graders(db, marker, handed_in):
    marking.mark_quick(marker, handed_in)
    with db.read() as session:
        assert session.get_one(Marking, 1).graders == {"choice": 1}
        assert session.get_one(Marking, 6).graders == {"number": 1, "blank": 1, "row_count": 1}


def test_what_a_run_with_hidden_inputs_printed_is_for_staff_only(db, handed_in):
    from simulator.pages.result import run_log

    with db.write() as session:
        current = session.get_one(Marking, 7)
        current.runs = {"main": {"message": "程序正常结束", "stdout": "HIDDEN-ROW", "stderr": ""}}
        assert "HIDDEN-ROW" in run_log(current, hidden=False)
        assert "HIDDEN-ROW" not in run_log(current, hidden=True)
        assert "程序正常结束" in run_log(current, hidden=True)


def test_what_a_killed_server_had_leased_is_swept_at_once(db, marker, handed_in, clock):
    with db.write() as session:
        dead = marking.claim(session, "here:111/0", clock())
        living = marking.claim(session, "here:222/0", clock())
        elsewhere = marking.claim(session, "there:111/0", clock())
    with db.write() as session:
        assert marking.expire_dead(session, "here", lambda pid: pid == 222, clock()) == 1
        session.flush()
        assert marking.sweep(session, clock()) == 1
    with db.read() as session:
        assert [session.get_one(Marking, i).state for i in (dead, living, elsewhere)] == ["queued", "leased", "leased"]
        assert session.get_one(Marking, dead).tries == 1
