"""What a worker takes next, its heartbeat, and the scheduler's lease; without processes and without a sandbox."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from grading.errors import SandboxError
from simulator import attempts, marking, trials, workers
from simulator.jobs import heartbeat, scheduler, worker
from simulator.jobs.heartbeat import Heartbeat
from simulator.jobs.scheduler import Scheduler
from simulator.jobs.worker import Shift, Workplace
from simulator.models import Lease, Marking, Trial, Worker
from tests import factories as f

GONE = OperationalError("x", {}, Exception("server closed the connection"))


@pytest.fixture
def queued(db, services, clock):
    """Return a function that queues markings (programs) and trials; it returns the log of what is done."""
    done = []

    def queued(markings: int, trial_runs: int) -> list[str]:
        with db.write() as session:
            exam = f.make_exam(session, clock(), attempts_allowed=None)
            for number in range(markings):
                f.people_add(session, f"m{number}", "考生", "student", "", clock())
                attempt = f.make_attempt(session, clock(), f"m{number}", exam)
                attempts.save_draft(session, attempt, 7, 0, {"program": "total = 6"}, clock())
                attempts.submit(session, attempt, clock(), by="candidate")
                ids.append(attempt.id)
            for _ in range(trial_runs):
                session.add(Trial(attempt_id=ids[0], position=7, run_id="main", response={}, queued_at=clock()))
        for attempt_id in ids:
            marking.mark_quick(services.marker(), attempt_id)
        return done

    ids: list[int] = []
    return queued


@pytest.fixture
def shift(db, services, clock, monkeypatch):
    """Return a function that makes a shift whose work only says what it would do."""
    done = []

    def trial(marker, trial_id):
        done.append("trial")
        with db.write() as session:
            session.get_one(Trial, trial_id).state = "done"

    def mark(marker, marking_id):
        done.append("marking")
        with db.write() as session:
            session.get_one(Marking, marking_id).state = "done"
        return True

    monkeypatch.setattr(trials, "execute", trial)
    monkeypatch.setattr(marking, "mark", mark)
    monkeypatch.setattr(Shift, "done", done, raising=False)
    return lambda **options: Shift(services.marker(1), **options)


def do_all(shift):
    while shift.once():
        pass
    return shift.done


def test_trials_go_first_but_never_two_in_a_row_while_markings_wait(queued, shift):
    queued(2, 4)
    assert do_all(shift()) == ["trial", "marking", "trial", "marking", "trial", "trial"]


def test_without_a_sandbox_no_trial_is_taken(queued, shift):
    queued(1, 1)
    one = shift()
    one.able = False
    assert do_all(one) == []


def test_the_spare_worker_takes_trials_only_while_a_candidate_sits(queued, shift, db, clock):
    queued(1, 1)
    with db.write() as session:
        sitting = f.make_attempt(session, clock(), "s1").id
    spare = shift(spare=True)
    assert do_all(spare) == ["trial"]
    with db.write() as session:
        attempts.submit(session, session.get_one(attempts.Attempt, sitting), clock(), by="candidate")
    assert do_all(spare)[-1] == "marking"


def test_a_heartbeat_keeps_the_lease_and_the_row(db, services, clock):
    with db.write() as session:
        attempts.submit(session, f.make_attempt(session, clock()), clock(), by="candidate")
    marker = replace(services.marker(1), name="here:1/1")
    with db.write() as session:
        held = marking.claim(session, marker.name, clock())
    beat = Heartbeat(marker, every=0.05)
    beat.backend = "zygote"
    beat.start()
    with beat.holding(lambda session, now: marking.renew(session, held, marker.name, now)):
        for _ in range(4):
            clock.forward(seconds=50)
            time.sleep(0.2)
        with db.write() as session:
            assert marking.sweep(session, clock()) == 0
            assert [row.backend for row in workers.alive(session, clock())] == ["zygote"]
            workers.gone(session, marker.name)  # somebody thought it dead
        time.sleep(0.2)
        with db.read() as session:
            assert len(workers.alive(session, clock())) == 1
    clock.forward(seconds=61)
    time.sleep(0.2)
    beat.stop()
    with db.write() as session:
        assert workers.alive(session, clock()) == []
        assert marking.sweep(session, clock()) == 1


def test_a_heartbeat_outlives_the_database(services, monkeypatch):
    calls = []

    def seen(*args, **kwargs):
        calls.append(1)
        raise GONE if len(calls) < 3 else ValueError("a bug")

    monkeypatch.setattr(heartbeat.workers, "seen", seen)
    beat = Heartbeat(services.marker(1), every=0.02)
    beat.start()
    time.sleep(0.3)
    assert len(calls) > 4
    beat.stop()


class Backend:
    name = "bwrap"

    def run(self, job, observer=None):
        raise SandboxError("nothing is run here")

    def close(self):
        pass


@pytest.fixture
def workplace(services, monkeypatch):
    monkeypatch.setattr(worker, "IDLE_S", 0.02)
    monkeypatch.setattr(worker, "PAUSES_S", (0.02,))
    monkeypatch.setattr(worker, "_warm_up", lambda *args: None)
    services.sandbox._sandbox, services.sandbox._problem = Backend(), ""
    return Workplace(services, 1, 1)


def test_a_worker_goes_on_after_whatever_happens(workplace, monkeypatch, db, clock):
    happened = iter([GONE, ValueError("a bug"), GONE])
    calls = []

    def once(self):
        calls.append(1)
        for error in happened:
            raise error
        return False

    monkeypatch.setattr(Shift, "once", once)
    thread = threading.Thread(target=workplace.work)
    thread.start()
    until = time.monotonic() + 10
    while len(calls) < 6 and time.monotonic() < until:
        time.sleep(0.02)
    with db.read() as session:
        assert [row.backend for row in workers.alive(session, clock())] == ["bwrap"]
    workplace.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert len(calls) >= 6
    with db.read() as session:
        assert session.scalars(select(Worker)).all() == []


def test_the_scheduler_outlives_the_database(db, services, clock, monkeypatch):
    rung = []
    one = Scheduler(db, clock, lambda: rung.append(1), "here:1")
    monkeypatch.setattr(scheduler, "run_due", lambda *args: (_ for _ in ()).throw(GONE))
    one.tick()
    monkeypatch.setattr(scheduler, "run_due", lambda *args: 2)
    one.tick()
    assert rung == [1]


def test_one_scheduler_owns_the_clock_until_it_stays_away(db, clock):
    assert scheduler.own(db, "one:1", clock())
    assert not scheduler.own(db, "two:2", clock.forward(seconds=19))
    assert scheduler.own(db, "one:1", clock())
    assert not scheduler.own(db, "two:2", clock.forward(seconds=19))
    assert scheduler.own(db, "two:2", clock.forward(seconds=2))
    assert not scheduler.own(db, "one:1", clock())
    with db.read() as session:
        assert session.get_one(Lease, "scheduler").owner == "two:2"
    assert scheduler.LEASE.total_seconds() + 2 * scheduler.EVERY_S <= 30


def test_every_tick_sweeps_markings_and_forgets_workers(db, services, clock):
    with db.write() as session:
        attempts.submit(session, f.make_attempt(session, clock()), clock(), by="candidate")
        workers.seen(session, "here:1/1", clock(), backend="zygote")
    with db.write() as session:
        assert marking.claim(session, "here:1/1", clock()) is not None
    assert scheduler.run_due(db, clock.forward(minutes=11)) == 1
    with db.read() as session:
        assert session.scalars(select(Worker)).all() == []
        assert {m.state for m in session.scalars(select(Marking))} == {"queued"}
