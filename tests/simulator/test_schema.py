from __future__ import annotations

from simulator import schema
from simulator.db import Database


def test_migrations_from_empty_equal_the_models(tmp_path):
    db = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    assert schema.differences(db) != []
    schema.upgrade(db)
    assert schema.differences(db) == []
    schema.upgrade(db)  # nothing to do the second time

