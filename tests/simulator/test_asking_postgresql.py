"""Questions to a language model on PostgreSQL: askers of several machines never ask the same one, and what they bring can be stored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulator import asking, schema
from simulator.config import load_settings
from simulator.models import Trial
from simulator.services import Services
from tests import factories as f
from tests.simulator.test_postgresql import database  # noqa: F401  a fixture
from tests.simulator.test_trials_postgresql import at_once

pytestmark = pytest.mark.services
LEASE = timedelta(seconds=60)


@pytest.fixture
def db(database, tree, tmp_path, clock):  # noqa: F811
    from grading.library import load_library
    from simulator import catalog

    services = Services(load_settings(tmp_path / "instance", tasks_dir=str(tree), database_url=database))
    schema.upgrade(services.db)
    with services.db.write() as session:
        catalog.sync(session, load_library(tree), clock())
        f.add_people(session, clock())
        attempt = f.make_attempt(session, clock(), mode="practice")
        for n in range(4):
            messages = [["user", f"问 {n}"]]
            session.add(Trial(
                attempt_id=attempt.id, position=7, run_id="chat", response={}, state="asking", queued_at=clock(), started_at=clock(),
                model="m", asked=[{"digest": f"{n:064x}", "title": "节点", "messages": messages, "temperature": None}],
            ))  # fmt: skip
    yield services.db
    services.db.engine.dispose()


def test_every_question_is_asked_once_and_its_answer_kept(db, clock):
    def claim(n):
        with db.write() as session:
            return asking.claim(session, f"host:{n}/1", LEASE, clock()), f"host:{n}/1"

    claimed = [(question, who) for question, who in at_once(claim, 8) if question is not None]
    while (last := claim(99))[0] is not None:  # who came while a row was locked has passed it over
        claimed.append(last)
    assert sorted(question.prompt.messages[0][1] for question, _ in claimed) == ["问 0", "问 1", "问 2", "问 3"]
    with db.write() as session:
        for question, who in claimed:
            asking.answer(session, question, who, f"答 {question.prompt.messages[0][1]}", clock())
    with db.read() as session:
        assert {(trial.state, trial.asked[0]["text"]) for trial in session.query(Trial)} == {("queued", f"答 问 {n}") for n in range(4)}
