"""Fixtures: a services object on its own database, the clock as an argument, and a log-in client."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grading.library import load_library
from simulator import catalog, create_app, schema
from simulator.config import load_settings
from simulator.db import Database
from tests import factories


class Clock:
    """The time of a test: stands still until moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **kwargs: float) -> datetime:
        self.now += timedelta(**kwargs)
        return self.now


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tasks/ tree: a bank, a task of every pure kind, a program task, a paper."""
    return factories.write_tree(tmp_path_factory.mktemp("tree") / "tasks")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, tree: Path) -> Path:
    """A database with the tree's tasks and people, made once; each test gets a copy."""
    path = tmp_path_factory.mktemp("filled") / "simulator.sqlite"
    db = Database(f"sqlite:///{path}")
    schema.upgrade(db)
    with db.write() as session:
        catalog.sync(session, load_library(tree), Clock()())
        factories.add_people(session, Clock()())
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.engine.dispose()
    return path


@pytest.fixture
def app(tmp_path: Path, tree: Path, filled: Path, clock: Clock):
    (tmp_path / "instance").mkdir()
    shutil.copy(filled, tmp_path / "instance" / "simulator.sqlite")
    app = create_app(load_settings(tmp_path / "instance", tasks_dir=str(tree), login_rate=1000))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, BOARD_LAG_S=0)
    services = app.extensions["services"]
    services.clock = clock
    yield app
    services.db.engine.dispose()


@pytest.fixture
def services(app):
    return app.extensions["services"]


@pytest.fixture
def db(services):
    return services.db


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def log_in(app):
    """Return a function that logs in and returns a client."""

    def log_in(username: str = "s1"):
        client = app.test_client()
        answer = client.post("/login", data={"username": username, "password": factories.PASSWORD})
        assert answer.status_code == 302, answer.text
        return client

    return log_in
