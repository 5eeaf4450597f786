"""Trial runs on PostgreSQL: two presses at once, two workers at once, output with characters that it cannot store."""

from __future__ import annotations

import threading

import pytest

from grading.library import load_library
from simulator import catalog, create_app, schema, trials
from simulator.config import load_settings
from simulator.models import Trial
from tests import factories as f
from tests.simulator.test_postgresql import database  # noqa: F401  a fixture
from tests.simulator.test_trials import OK, Sitting, png

pytestmark = pytest.mark.services


@pytest.fixture
def sittings(database, tree, tmp_path, clock):  # noqa: F811
    app = create_app(load_settings(tmp_path / "instance", tasks_dir=str(tree), database_url=database, login_rate=1000))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    services = app.extensions["services"]
    services.clock = clock
    schema.upgrade(services.db)
    with services.db.write() as session:
        catalog.sync(session, load_library(tree), clock())
        f.add_people(session, clock())

    def log_in(username):
        client = app.test_client()
        assert client.post("/login", data={"username": username, "password": f.PASSWORD}).status_code == 302
        return client

    yield [Sitting(services.db, services, clock, log_in, username) for username in ("s1", "s2", "s3")]
    services.db.engine.dispose()


def at_once(act, count):
    """Return the answers of `act(n)` from `count` threads."""
    answers = []
    threads = [threading.Thread(target=lambda n=n: answers.append(act(n))) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_trial_from_press_to_picture(sittings, clock):
    one = sittings[0]
    assert sorted(at_once(lambda _n: one.ask().status_code, 4)) == [201, 409, 409, 409]
    one.sandbox.play = lambda _job, observer: (observer.output("stdout", "合\0计 6\n".encode()), observer.figure(png()), OK)[2]
    trials.execute(one.marker, one.claim())
    assert (one.row().state, one.row().stdout) == ("done", "合计 6\n")
    assert one.client.get(one.url("/figures/1")).data == png()
    assert "共 3 行" in one.page()


def test_two_workers_never_take_the_same_trial(sittings, clock):
    for sitting in sittings:
        assert sitting.ask().status_code == 201
    claimed = at_once(lambda n: sittings[n % 3].claim(), 6)
    assert len([c for c in claimed if c is not None]) == len({c for c in claimed if c is not None})
    while sittings[0].claim() is not None:
        pass
    with sittings[0].db.write() as session:
        assert trials.sweep(session, clock.forward(seconds=61)) == 3
        assert {trial.state for trial in session.query(Trial)} == {"queued"}
