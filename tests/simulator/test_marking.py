from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from grading.errors import SandboxError
from grading.sandbox import RunResult
from simulator import attempts, marking, queueing, remarking, results, workers
from simulator.errors import Refused
from simulator.findings import Finding
from simulator.jobs.worker import Shift, work_once
from simulator.models import Attempt, Event, Marking, VerdictRow
from tests import factories as f


class BrokenSandbox:
    """Stands for a sandbox that breaks (our fault); working ones are tested with the real thing."""

    name = "broken"

    def run(self, job, observer=None):
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
        remarking.retry(session, failed.id, clock(), 1)
        failed_id = failed.id
    with db.write() as session, pytest.raises(Refused, match="已经重新排队"):
        remarking.retry(session, failed_id, clock(), 1)
    assert states(db)[-2:] == ["error", "queued"]


def test_a_lost_worker_gives_its_marking_back(db, marker, handed_in, clock):
    with db.write() as session:
        lost = marking.claim(session, "dead worker", clock())
    with db.write() as session:
        assert marking.sweep(session, clock.forward(seconds=59)) == 0
        assert marking.sweep(session, clock.forward(seconds=2)) == 1
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
        assert workers.expire_leases(session, "here", lambda pid: pid == 222, clock()) == 1
        session.flush()
        assert marking.sweep(session, clock()) == 1
    with db.read() as session:
        assert [session.get_one(Marking, i).state for i in (dead, living, elsewhere)] == ["queued", "leased", "leased"]
        assert session.get_one(Marking, dead).tries == 1


class GoodSandbox:
    """Stands for a sandbox whose programs all find total = 6; remembers that it was asked."""

    def __init__(self, name="zygote", total=6, stdout=""):
        self.name, self.asked, self._total, self._stdout = name, 0, total, stdout

    def run(self, job, observer=None):
        self.asked += 1
        values = json.dumps({"total": {"value": self._total, "type": "int"}}).encode()
        return RunResult("ok", 0, stdout=self._stdout, files={"_variables.json": values, "out.csv": b"a\n1\n2\n3\n"})

    def close(self):
        pass


def finish(db, marker, marking_id):
    """Lease and mark one marking."""
    with db.write() as session:
        assert marking.lease(session, marking_id, marker.name, marker.clock())
    return marking.mark(marker, marking_id)


def test_a_lease_lives_as_long_as_it_is_renewed_by_its_holder(db, marker, handed_in, clock):
    with db.write() as session:
        held = marking.claim(session, "w", clock())
    for _ in range(5):
        with db.write() as session:
            assert marking.renew(session, held, "w", clock.forward(seconds=50))
            assert not marking.renew(session, held, "another", clock())
            assert marking.sweep(session, clock()) == 0
    with db.write() as session:
        assert marking.sweep(session, clock.forward(seconds=61)) == 1
        session.flush()
        assert not marking.renew(session, held, "w", clock())


def test_what_a_worker_gives_back_costs_no_try(db, marker, handed_in, clock):
    with db.write() as session:
        held = marking.claim(session, "w", clock())
        assert not marking.release(session, held, "another")
        assert marking.release(session, held, "w")
    with db.read() as session:
        row = session.get_one(Marking, held)
        assert (row.state, row.tries, row.leased_by) == ("queued", 0, "")


def test_a_worker_that_lost_the_connection_goes_on_with_what_it_holds(db, marker, handed_in, clock):
    """Its claim was stored, but it has not heard of that."""
    with db.write() as session:
        held = marking.claim(session, "w", clock())
    with db.write() as session:
        assert marking.claim(session, "w", clock()) == held
        assert marking.claim(session, "v", clock()) != held
        assert session.get_one(Marking, held).tries == 1


def test_how_long_it_took_and_where_is_kept(db, marker, handed_in):
    good = GoodSandbox()
    assert finish(db, replace(marker, sandbox=lambda: good), 7)
    with db.read() as session:
        row = session.get_one(Marking, 7)
        assert (row.state, row.backend, row.started_at) == ("done", "zygote", marker.clock())
        assert row.seconds >= 0
        assert {v.status for v in row.verdicts} == {"correct"}
        assert session.get_one(Marking, 1).seconds is None


def test_a_strict_marking_runs_in_a_fresh_interpreter_and_counts_when_it_is_done(db, marker, handed_in, clock):
    fast, fresh = GoodSandbox("zygote"), GoodSandbox("bwrap", total=5)
    marker = replace(marker, sandbox=lambda: fast, strict=lambda: fresh)
    marking.mark_quick(marker, handed_in)
    assert finish(db, marker, 7)
    with db.write() as session:
        again = remarking.strictly(session, 7, clock(), 5)
        session.flush()
        with pytest.raises(Refused, match="已经重新排队"):
            remarking.strictly(session, 7, clock(), 5)
        again_id = again.id

    def practical():
        with db.read() as session:
            cell = results.module_cells(session, [handed_in], 2)[handed_in][1]
            shown = results.outcomes(session, session.get_one(Attempt, handed_in))[6].marking.id
            return cell.earned, cell.pending, shown

    assert practical() == (Decimal("6.00"), 0, 7)  # nothing changes before it is done
    with db.write() as session:
        marking.lease(session, again_id, "broken worker", clock())
        for number in range(3):
            session.get_one(Marking, again_id).tries = number + 1
        marking.settle(session, session.get_one(Marking, again_id), Finding(None, "没有 bwrap", 0.1), clock())
    assert practical() == (Decimal("6.00"), 0, 7)  # nor if it fails for our fault
    with db.write() as session:
        assert session.scalars(queueing.open_errors()).all() == [again_id]  # but a person hears of it
        last = remarking.retry(session, again_id, clock(), 5)
        assert last.strict
        session.flush()
        last_id = last.id
    assert finish(db, marker, last_id)
    assert (fast.asked, fresh.asked) == (1, 1)
    assert practical() == (Decimal("4.00"), 0, last_id)
    with db.read() as session:
        events = {e.what: (e.who, e.detail) for e in session.scalars(select(Event)) if e.what.startswith("marking.")}
    assert events["marking.strict"] == (5, {"marking": 7})
    assert events["marking.redone"] == (5, {"marking": last_id, "strict": True})


def test_without_a_strict_sandbox_the_log_says_so(db, marker, handed_in, clock):
    def none():
        raise SandboxError("严格复评用的沙箱不可用：没有 bwrap")

    with db.write() as session:
        session.get_one(Marking, 7).strict = True
    assert not finish(db, replace(marker, strict=none), 7)
    with db.read() as session:
        assert session.get_one(Marking, 7).log == "严格复评用的沙箱不可用：没有 bwrap"


def test_a_program_may_print_what_databases_refuse(db, marker, handed_in):
    odd = GoodSandbox(stdout="a\0b\ud800c" + "x" * 9000)
    assert finish(db, replace(marker, sandbox=lambda: odd), 7)
    with db.read() as session:
        stored = session.get_one(Marking, 7).runs["main"]["stdout"]
        assert len(stored) == 4000
        assert "\0" not in stored


def test_what_cannot_be_stored_is_our_fault_and_settled_as_such(db, marker, handed_in, monkeypatch):
    def broken(session, row, finding, now):
        raise TypeError("not JSON")

    monkeypatch.setattr("simulator.findings.store", broken)
    for _ in range(2):
        assert not finish(db, replace(marker, sandbox=GoodSandbox), 7)
    with db.read() as session:
        row = session.get_one(Marking, 7)
        assert (row.state, row.tries) == ("queued", 2)
        assert "not JSON" in row.log


def test_while_the_database_is_away_a_settle_is_tried_again(db, marker, handed_in, monkeypatch):
    """The try does not count as one, and the marking is settled once."""
    failures = iter([OperationalError("x", {}, Exception("server closed the connection"))] * 3)
    real = marking._settle_own

    def settle(*args):
        for failure in failures:
            raise failure
        real(*args)

    monkeypatch.setattr(marking, "_settle_own", settle)
    monkeypatch.setattr("simulator.db.time.sleep", lambda seconds: None)
    assert finish(db, replace(marker, sandbox=GoodSandbox), 7)
    assert states(db)[6] == "done"


def test_a_database_that_stays_away_leaves_the_marking_to_the_sweep(db, marker, handed_in, monkeypatch):
    def settle(*args):
        raise OperationalError("x", {}, Exception("server closed the connection"))

    monkeypatch.setattr(marking, "_settle_own", settle)
    monkeypatch.setattr("simulator.db.time.sleep", lambda seconds: None)
    with pytest.raises(OperationalError):
        finish(db, replace(marker, sandbox=GoodSandbox), 7)
    assert states(db)[6] == "leased"


def test_a_worker_without_a_sandbox_marks_theory_and_leaves_programs_to_others(db, marker, handed_in):
    shift = Shift(marker)
    shift.able = False
    while shift.once():
        pass
    assert states(db) == ["done"] * 6 + ["queued"]


def test_a_broken_response_does_not_stop_the_hand_in(db, services, marker, handed_in, monkeypatch):
    with db.write() as session:
        session.get_one(Marking, 6).submission.response = {"data": {"name": "a.csv", "blob": "0" * 64, "size": 1}}
    marking.mark_quick(marker, handed_in)  # its file is not there (yet)
    assert states(db) == ["done"] * 5 + ["queued"] * 2


def test_a_database_that_goes_away_after_the_hand_in_does_not_spoil_it(db, marker, handed_in, monkeypatch):
    def gone(*_):
        raise OperationalError("x", {}, Exception("server closed the connection"))

    with monkeypatch.context() as patch:
        patch.setattr(marking, "_conclude", gone)
        marking.mark_quick(marker, handed_in)
    assert states(db) == ["queued"] * 7
    marking.mark_quick(marker, handed_in)
    assert states(db) == ["done"] * 6 + ["queued"]


def test_a_strict_rerun_is_asked_for_on_the_score_sheet_and_stands_on_the_desk(db, marker, handed_in, log_in):
    marker = replace(marker, sandbox=lambda: GoodSandbox(), strict=lambda: GoodSandbox("bwrap", total=5))
    marking.mark_quick(marker, handed_in)
    finish(db, marker, 7)
    student, teacher, instructor = log_in("s1"), log_in("t1"), log_in("i1")
    page = f"/attempts/{handed_in}/result"
    assert "/desk/markings/7/strict" in instructor.get(page).text
    assert "/strict" not in teacher.get(page).text
    assert "/strict" not in student.get(page).text
    assert student.post("/desk/markings/7/strict").status_code == 403
    assert instructor.post("/desk/markings/7/strict").status_code == 302
    desk = instructor.get("/desk/exams/1").text
    assert "严格复评" in desk
    assert "排队中" in desk
    assert instructor.post("/desk/markings/7/strict").status_code == 409
    while work_once(marker):
        pass
    desk = instructor.get("/desk/exams/1").text
    assert "有变化" in desk
    assert re.search(r"4\s*/ 4.*?2\s*/ 4", desk, re.DOTALL)
    assert "M1" in desk


def test_a_worker_marks_the_theory_of_a_hand_in_together(db, marker, handed_in):
    """At the deadline a whole class is handed in by the clock, and nobody marks that at once."""
    marker = replace(marker, sandbox=GoodSandbox)
    assert work_once(marker)
    assert states(db) == ["done"] * 6 + ["queued"]
    assert work_once(marker)
    assert not work_once(marker)
    assert states(db) == ["done"] * 7
