"""The same sitting on PostgreSQL: one setting replaces SQLite."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, select, text

from grading.library import load_library
from simulator import attempts, catalog, cells, create_app, marking, results, schema
from simulator.config import load_settings
from simulator.jobs import scheduler
from simulator.jobs.worker import work_once
from simulator.models import Attempt, Marking
from tests import factories as f

pytestmark = pytest.mark.services


@pytest.fixture
def database():
    """A new database on the server at $SIMULATOR_TEST_POSTGRESQL, dropped afterwards."""
    url = os.environ["SIMULATOR_TEST_POSTGRESQL"]
    name = f"simulator_{uuid.uuid4().hex[:12]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.rpartition("/")[0] + f"/{name}"
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def test_a_sitting_from_start_to_board(database, tree, tmp_path, clock):
    app = create_app(load_settings(tmp_path / "instance", tasks_dir=str(tree), database_url=database))
    services = app.extensions["services"]
    services.clock = clock
    schema.upgrade(services.db)
    assert schema.differences(services.db) == []
    with services.db.write() as session:
        catalog.sync(session, load_library(tree), clock())
        f.add_people(session, clock())
    with services.db.write() as session:
        exam = f.make_exam(session, clock())
        attempt = f.make_attempt(session, clock(), exam=exam)
        for item in attempt.tasks[:5]:
            attempts.save_draft(session, attempt, item.position, 0, f.right_answer(services, session, item), clock())
        attempt_id, exam_id, deadline = attempt.id, exam.id, attempts.deadline(attempt)
    assert scheduler.own(services.db, "me", clock())
    assert scheduler.run_due(services.db, clock.forward(hours=1)) == 1
    marking.mark_quick(services.marker(), attempt_id)
    with services.db.write() as session:
        assert marking.claim(session, "w", clock()) is not None
    client = app.test_client()
    app.config.update(WTF_CSRF_ENABLED=False)
    assert client.post("/login", data={"username": "i1", "password": f.PASSWORD}).status_code == 302
    board = client.get(f"/exams/{exam_id}/board")
    assert "甲同学" in board.text
    with services.db.read() as session:
        attempt = session.get_one(Attempt, attempt_id)
        assert attempt.ended_at == deadline
        assert results.module_cells(session, [attempt_id], 2)[attempt_id][0].earned == 6
    services.db.engine.dispose()


def test_machines_that_start_in_the_same_moment_prepare_one_database(database, tree, tmp_path):
    program = "from simulator import serving; from simulator.config import load_settings; from simulator.services import Services; "
    program += "serving.prepare(Services(load_settings()))"
    starting = [
        subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True, env={
            **os.environ, "SIMULATOR_INSTANCE": str(tmp_path / name), "SIMULATOR_TASKS_DIR": str(tree), "SIMULATOR_DATABASE_URL": database,
        }) for name in ("one", "two", "three")
    ]
    assert [(process.communicate(timeout=120)[1][-2000:], process.returncode) for process in starting] == [("", 0)] * 3


def test_two_markings_of_one_attempt_that_settle_together_lose_nothing(database, tree, tmp_path, clock):
    app = create_app(load_settings(tmp_path / "instance", tasks_dir=str(tree), database_url=database))
    services = app.extensions["services"]
    services.clock = clock
    schema.upgrade(services.db)
    with services.db.write() as session:
        catalog.sync(session, load_library(tree), clock())
        f.add_people(session, clock())
    with services.db.write() as session:
        attempt = f.make_attempt(session, clock())
        for item in attempt.tasks[:5]:
            attempts.save_draft(session, attempt, item.position, 0, f.right_answer(services, session, item), clock())
        attempts.submit(session, attempt, clock(), by="candidate")
        attempt_id = attempt.id

    def work(name):
        marker = replace(services.marker(), name=name, sandbox=lambda: None)
        while work_once(marker):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, "abcd"))
    with services.db.read() as session:
        assert cells.check(session) == []
        assert results.module_cells(session, [attempt_id], 2)[attempt_id][0].earned == 6
        assert set(session.scalars(select(Marking.tries))) == {1}  # nothing was lost to a deadlock and tried again
    services.db.engine.dispose()
