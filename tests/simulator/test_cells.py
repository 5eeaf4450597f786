"""The cache of board cells equals what the verdicts say, after everything that can change a mark."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update

from grading.errors import SandboxError
from simulator import attempts, boards, cells, marking, remarking, results, serving
from simulator.commands import findings
from simulator.config import load_settings
from simulator.jobs.worker import work_once
from simulator.models import Board, Cell, Marking, VerdictRow
from tests import factories as f


class BrokenSandbox:
    name = "broken"

    def run(self, job, observer=None):
        raise SandboxError("坏了")


@pytest.fixture
def marker(services):
    return replace(services.marker(), sandbox=lambda: BrokenSandbox())


@pytest.fixture
def handed_in(db, services, clock):
    with db.write() as session:
        attempt = f.make_attempt(session, clock(), mode="contest")
        for item in attempt.tasks[:5]:
            attempts.save_draft(session, attempt, item.position, 0, f.right_answer(services, session, item), clock())
        attempts.save_draft(session, attempt, 6, 0, {"rows": "3", "note": "去重"}, clock())
        attempts.submit(session, attempt, clock(), by="candidate")
        return attempt.id


def stored(db, attempt_id):
    with db.read() as session:
        rows = session.scalars(select(Cell).where(Cell.attempt_id == attempt_id).order_by(Cell.module))
        return [(str(c.earned), str(c.public), str(c.marks), c.pending, c.errors) for c in rows]


def wrong(db):
    with db.read() as session:
        return cells.check(session)


def version(db, exam_id=1):
    with db.read() as session:
        return cells.version(session, exam_id)


def test_they_follow_a_hand_in_its_marking_a_fault_a_retry_and_a_strict_rerun(db, marker, handed_in, clock):
    assert stored(db, handed_in) == [("0.00", "0.00", "6.00", 5, 0), ("0.00", "0.00", "10.00", 2, 0)]
    seen = [version(db)]

    def changed():
        assert wrong(db) == []
        seen.append(version(db))
        return seen[-1] > seen[-2]

    marking.mark_quick(marker, handed_in)
    assert changed()
    assert stored(db, handed_in) == [("6.00", "6.00", "6.00", 0, 0), ("4.00", "4.00", "10.00", 1, 0)]
    while work_once(marker):
        assert wrong(db) == []
    assert stored(db, handed_in)[1] == ("4.00", "4.00", "10.00", 0, 0)  # a blank program needs no sandbox

    with db.write() as session:
        first = session.scalars(select(Marking.id).order_by(Marking.id)).first()
        again = remarking.strictly(session, first, clock(), 1).id
    assert changed()
    assert stored(db, handed_in)[0] == ("6.00", "6.00", "6.00", 0, 0)  # the old one counts until the new one is done
    with db.write() as session:
        again = session.get_one(Marking, again)
        again.state, again.done_at = "done", clock()
        session.add(VerdictRow(
            marking_id=again.id, ordinal=0, point_id="M1", title="", status="incorrect", earned=Decimal(0), marks=Decimal(1), expected="",
            found="", reason="", cause="wrong",
        ))
        cells.refresh(session, [handed_in])
    assert changed()
    assert stored(db, handed_in)[0][0] == "5.00"


def test_a_fault_of_ours_and_its_retry(db, marker, clock):
    with db.write() as session:
        attempt = f.make_attempt(session, clock())
        attempts.save_draft(session, attempt, 7, 0, {"program": "total = 6"}, clock())
        attempts.submit(session, attempt, clock(), by="candidate")
        attempt_id = attempt.id
    while work_once(marker):
        pass
    assert wrong(db) == []
    assert stored(db, attempt_id)[1][3:] == (1, 1)
    with db.write() as session:
        failed = session.scalars(select(Marking.id).where(Marking.state == "error")).one()
        remarking.retry(session, failed, clock(), 1)
    assert wrong(db) == []
    assert stored(db, attempt_id)[1][3:] == (1, 0)


def test_a_marking_whose_worker_died_three_times(db, handed_in, clock):
    for _ in range(3):
        with db.write() as session:
            marking.claim(session, "dead worker", clock())
        clock.forward(minutes=6)
        with db.write() as session:
            marking.sweep(session, clock())
    assert wrong(db) == []
    assert stored(db, handed_in)[0][3:] == (5, 1)


def test_what_a_remarking_only_tries_changes_nothing(db, marker, handed_in, clock):
    marking.mark_quick(marker, handed_in)
    before = stored(db, handed_in)
    with db.write() as session:
        old = session.scalars(select(Marking).order_by(Marking.id)).first()
        tried = Marking(submission_id=old.submission_id, state="done", queued_at=clock(), done_at=clock(), counts=False)
        session.add(tried)
        session.flush()
        cells.refresh(session, [handed_in])
        tried_id = tried.id
    assert stored(db, handed_in) == before
    with db.write() as session:  # applied: its verdicts (none) count
        session.get_one(Marking, tried_id).counts = True
        cells.refresh(session, [handed_in])
    assert stored(db, handed_in)[0][0] == "5.00"
    assert wrong(db) == []


def test_a_cell_that_lies_is_found_and_mended(db, services, marker, handed_in):
    marking.mark_quick(marker, handed_in)
    with db.write() as session:
        session.execute(update(Cell).where(Cell.module == 0).values(earned=Decimal(1)))
    [line] = wrong(db)
    assert f"attempt {handed_in}, module 0" in line
    settings = load_settings(services.settings.instance)
    assert findings._cells(settings).level == "fail"
    with db.write() as session:
        assert cells.rebuild(session) == 1
    assert wrong(db) == []
    assert findings._cells(settings).level == "ok"


def test_a_database_from_before_the_cache_is_read_right_and_filled_at_the_next_start(db, services, marker, handed_in):
    marking.mark_quick(marker, handed_in)
    right = stored(db, handed_in)
    with db.write() as session:
        session.execute(delete(Cell))
        session.execute(delete(Board))
    with db.read() as session:
        found = results.module_cells(session, [handed_in], 2)[handed_in]
        assert [str(c.earned) for c in found] == ["6.00", "4.00"]
        exam = session.get_one(attempts.Attempt, handed_in).exam
        assert boards.everything(session, exam).standings[0].entry.total == 10
    assert wrong(db) != []
    serving.prepare(services)
    assert stored(db, handed_in) == right
    assert wrong(db) == []


def test_nothing_is_counted_for_a_transaction_that_is_rolled_back(db, handed_in):
    before = version(db)
    with db.session(write=True) as session:
        cells.refresh(session, [handed_in])
        session.rollback()
        session.commit()
    assert version(db) == before
    with db.write() as session:
        cells.refresh(session, [handed_in])
        cells.refresh(session, [handed_in])
    assert version(db) == before + 1
