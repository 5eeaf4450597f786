"""Processes die, and every hand-in is still marked, exactly once. Real processes, real SQLite, the real sandbox."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from simulator.jobs import pool as pools
from simulator.jobs.pool import Pool
from simulator.jobs.worker import IDLE_S
from simulator.models import Lease, Marking, Worker
from tests.browser import tree
from tests.browser.hall import now, wait_until
from tests.simulator.processes import Site

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

MARKED_S = 60
SLOW = f"import time\ntime.sleep(3)\n{tree.PROGRAM}"


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    print(site.log.read_text())
    site.close()


def earned(current: Marking) -> Decimal:
    return sum((verdict.earned for verdict in current.verdicts), Decimal(0))


def lease_has_ended(site: Site) -> None:
    """Let a minute pass for the leases."""
    with site.services.db.write() as session:
        session.execute(update(Marking).where(Marking.state == "leased").values(leased_until=now() - timedelta(seconds=1)))


def test_a_worker_marks_what_is_handed_in_as_soon_as_the_bell_rings(site):
    worker = site.worker()
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == 19
    [attempt] = site.hand_in(tree.PROGRAM)
    wait_until(lambda: site.marked(attempt), MARKED_S, "not marked")
    theory = site.marking(attempt, 1)
    assert (theory.started_at - theory.queued_at).total_seconds() < IDLE_S  # sooner than without a bell
    site.check_once(attempt)
    current = site.marking(attempt)
    assert earned(current) == Decimal(4)
    assert current.backend
    assert 0 < current.seconds < MARKED_S
    assert current.started_at >= current.queued_at


def test_another_worker_marks_what_a_killed_one_had_exactly_once(site):
    first, second = site.worker("--number", "1"), site.worker("--number", "2")
    [attempt] = site.hand_in(SLOW)
    victim = wait_until(lambda: site.leased_to(attempt), MARKED_S, "nobody marks")
    os.kill(victim, signal.SIGKILL)
    lease_has_ended(site)
    site.run("scheduler")
    other = wait_until(lambda: (pid := site.leased_to(attempt)) != victim and pid, MARKED_S, "nobody else marks")
    assert {victim, other} == {first.pid, second.pid}
    wait_until(lambda: site.marked(attempt), MARKED_S, "not marked")
    site.check_once(attempt)
    assert site.marking(attempt).tries == 2
    assert earned(site.marking(attempt)) == Decimal(4)


def test_a_worker_that_comes_after_a_killed_one_frees_what_that_had(site):
    first = site.worker()
    [attempt] = site.hand_in(SLOW)
    wait_until(lambda: site.leased_to(attempt), MARKED_S, "nobody marks")
    first.kill()
    first.wait()
    assert site.marking(attempt).leased_until > now() + timedelta(seconds=40)
    site.worker()
    assert site.marking(attempt).leased_until < now()  # the next sweep need not wait for a minute


def test_a_worker_that_is_told_to_end_finishes_its_marking(site):
    worker = site.worker()
    [first] = site.hand_in(tree.PROGRAM)  # the fork server is ready then
    wait_until(lambda: site.marked(first), MARKED_S, "not marked")
    [attempt] = site.hand_in(SLOW)
    wait_until(lambda: site.leased_to(attempt), MARKED_S, "nobody marks")
    worker.terminate()
    assert worker.wait(20) == 0
    current = site.marking(attempt)
    assert (current.state, current.tries, earned(current)) == ("done", 1, Decimal(4))
    assert site.ready() == []  # it has signed off
    assert list((site.instance / "run").iterdir()) == []


def test_what_it_cannot_finish_in_time_it_gives_back_without_a_lost_try(site):
    worker = site.worker()
    [attempt] = site.hand_in("import time\ntime.sleep(60)")  # the task allows as long as the worker has: either may be first
    wait_until(lambda: site.leased_to(attempt), MARKED_S, "nobody marks")
    worker.terminate()
    started = time.monotonic()
    assert worker.wait(20) == 0
    assert time.monotonic() - started < 14
    current = site.marking(attempt)
    assert (current.state, current.tries) in (("queued", 0), ("done", 1))


def test_a_worker_of_a_pool_ends_with_its_parent(site):
    worker = site.run("worker", "--child", stdin=subprocess.PIPE)
    wait_until(site.ready, 60, "the worker is not ready")
    worker.send_signal(signal.SIGINT)  # Ctrl+C goes to all processes of a terminal; the parent decides
    time.sleep(1)
    assert worker.poll() is None
    worker.stdin.close()
    assert worker.wait(15) == 0


def test_a_pool_starts_dead_workers_again_and_takes_its_children_along(site, monkeypatch):
    monkeypatch.setattr(pools, "cores", lambda: 2)
    monkeypatch.setattr(subprocess, "Popen", _quiet(site))
    died = []
    pool = Pool(site.services.settings, 5, died=lambda: died.append(1))
    assert pool.count == 2  # never more than cores
    pool.start()
    try:
        wait_until(lambda: len(site.ready()) == 2, 60, "the pool is not ready")
        before = set(pool.pids())
        os.kill(min(before), signal.SIGKILL)
        after = wait_until(lambda: (p := set(pool.pids())) != before and len(p) == 2 and p, 20, "the pool is short of one")
        [attempt] = site.hand_in(tree.PROGRAM)
        wait_until(lambda: site.marked(attempt), MARKED_S, "not marked")
        assert died == [1]
    finally:
        pool.stop()
    assert [pid for pid in after if Path(f"/proc/{pid}").exists()] == []


def _quiet(site):
    """Popen whose processes write into the site's log."""
    def start(command, **options):
        with site.log.open("ab") as log:
            return popen(command, stdout=log, stderr=log, **options)

    popen = subprocess.Popen
    return start


def test_the_last_worker_of_several_leaves_markings_to_the_others_while_a_candidate_sits(site):
    site.worker("--number", "2", "--of", "2")
    sitting = site.attempt(site.person(), site.exam())
    [attempt] = site.hand_in(tree.PROGRAM)
    time.sleep(4)
    assert site.marking(attempt).state == "queued"
    site.finish(sitting, lambda session, attempt: {})
    wait_until(lambda: site.marked(attempt), MARKED_S, "not marked")


def test_when_the_owner_of_the_scheduler_dies_another_takes_over_within_30_seconds(site):
    def owner():
        with site.services.db.read() as session:
            lease = session.get(Lease, "scheduler")
            return lease and int(lease.owner.partition(":")[2])

    site.run("scheduler")
    first = wait_until(owner, 20, "nobody owns the clock")
    site.run("scheduler")
    time.sleep(4)
    assert owner() == first
    os.kill(first, signal.SIGKILL)
    attempt = site.attempt(site.person(), site.exam())
    site.expire(attempt)
    started = time.monotonic()
    wait_until(lambda: owner() != first, 40, "nobody takes over")
    wait_until(lambda: site.look(attempt).state == "closed", 10, "the new owner does not work")
    assert time.monotonic() - started <= 30


def test_a_worker_outlives_a_locked_database(site):
    site.worker()
    with site.services.db.write() as session:
        session.add(Worker(name="x:1/1", host="x", started_at=now(), seen_at=now()))
        session.flush()
        time.sleep(12.5)  # longer than SQLite's patience
    [attempt] = site.hand_in(tree.PROGRAM)
    wait_until(lambda: site.marked(attempt), MARKED_S, "not marked")
    site.check_once(attempt)
    assert "Traceback" not in site.log.read_text("utf-8")
