from __future__ import annotations

import os
import uuid

import pytest
from sqlalchemy import create_engine, text

from simulator import schema
from simulator.db import Database


def test_migrations_from_empty_equal_the_models(tmp_path):
    db = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    assert schema.differences(db) != []
    schema.upgrade(db)
    assert schema.differences(db) == []
    schema.upgrade(db)  # nothing to do the second time


@pytest.mark.services
def test_migrations_on_postgresql():
    url = os.environ["SIMULATOR_TEST_POSTGRESQL"]
    name = f"simulator_{uuid.uuid4().hex[:12]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    db = Database(url.rpartition("/")[0] + f"/{name}")
    try:
        schema.upgrade(db)
        assert schema.differences(db) == []
    finally:
        db.engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        admin.dispose()
