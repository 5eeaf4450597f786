"""The queue on PostgreSQL: many workers at once, and connections that die at any moment."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, func, select, text

from simulator import marking
from simulator.models import Marking
from tests.browser import tree
from tests.browser.hall import now, wait_until
from tests.simulator.processes import Site
from tests.simulator.test_postgresql import database

__all__ = ["database"]

pytestmark = [pytest.mark.services, pytest.mark.slow]

SLOW = f"import time\ntime.sleep(3)\n{tree.PROGRAM}"


@pytest.fixture
def site(tmp_path, database):
    site = Site(tmp_path, database_url=database)
    yield site
    site.close()
    print(site.log.read_text("utf-8") if site.log.exists() else "")


def cut(site: Site) -> int:
    """End every connection to the database of the site, as a restart of the server does; return how many."""
    admin = create_engine(os.environ["SIMULATOR_TEST_POSTGRESQL"], isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        name = site.services.settings.database.rpartition("/")[2]
        ended = connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name})
        count = len(ended.all())
    admin.dispose()
    return count


def test_many_workers_never_claim_the_same_and_none_waits_for_another(site):
    site.hand_in("total = 6", 6)  # eight markings each

    def work(number: int) -> list[int]:
        claimed = []
        while True:
            with site.services.db.write() as session:
                found = marking.claim(session, f"w{number}:{len(claimed)}", now())
                time.sleep(0.01)  # the others must not stand behind this transaction
            if found is None:
                return claimed
            claimed.append(found)

    started = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        claimed = [found for part in pool.map(work, range(6)) for found in part]
    assert sorted(claimed) == sorted(set(claimed))
    assert len(claimed) >= 40  # a worker that sees only locked rows ends early; nobody has any twice
    assert time.monotonic() - started < 5


@pytest.mark.sandbox
def test_connections_cut_all_the_time_and_every_program_is_marked_once(site):
    site.worker("--number", "1")
    site.worker("--number", "2")
    site.run("scheduler")
    ids = site.hand_in(SLOW, 4)
    until, cuts = time.monotonic() + 12, 0
    while time.monotonic() < until:
        time.sleep(0.7)
        cuts += cut(site)
    assert cuts > 10
    wait_until(lambda: all(site.marked(attempt) for attempt in ids), 150, "not marked")
    for attempt in ids:
        site.check_once(attempt)
        current = site.marking(attempt)
        assert sum((v.earned for v in current.verdicts), Decimal(0)) == 4
    with site.services.db.read() as session:
        assert session.scalar(select(func.count()).where(Marking.state == "error")) == 0
