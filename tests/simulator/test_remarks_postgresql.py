"""The same re-marking on PostgreSQL: locks, marks and the queue's order behave alike."""

from __future__ import annotations

import pytest

from grading.library import load_library
from simulator import appeals, catalog, create_app, schema
from simulator.config import load_settings
from simulator.jobs.scheduler import run_due
from simulator.models import Attempt
from simulator.remarks import deciding, shadow
from tests import factories as f
from tests.simulator.remark_world import World
from tests.simulator.test_postgresql import database  # noqa: F401

pytestmark = pytest.mark.services


def test_try_apply_decide_undo(database, tree, tmp_path, clock):  # noqa: F811
    app = create_app(load_settings(tmp_path / "instance", tasks_dir=str(tree), database_url=database))
    services = app.extensions["services"]
    services.clock = clock
    schema.upgrade(services.db)
    with services.db.write() as session:
        catalog.sync(session, load_library(tree), clock())
        f.add_people(session, clock())
    world = World(services, clock, tree, tmp_path)
    right, wrong = world.sit("s1", rows="3"), world.sit("s2", rows="4")
    with services.db.write() as session:
        appeals.ask(session, session.get_one(Attempt, wrong), 6, "M1", "我认为是四行。", clock())
        attempt, who = session.get_one(Attempt, right), world.staff()
        appeals.decide(session, services.tasks, attempt, 6, "M2", "1", "看过原件", clock(), who=who, zone=services.zone)
    before = world.totals()
    world.edit("args: {equals: 3}}\n  - {id: M2", "args: {equals: 4}}\n  - {id: M2")
    opened = world.open()
    run_due(services.db, clock())
    clock.forward(minutes=1)
    world.with_remarking(opened, deciding.apply)
    assert world.totals() == {right: before[right] - 2, wrong: before[wrong] + 2}
    world.with_remarking(opened, deciding.undo)
    assert world.totals() == before
    world.with_remarking(world.open(), shadow.drop)
    assert world.totals() == before
    services.db.engine.dispose()
