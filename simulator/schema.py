"""Database schema by Alembic: upgrade, and how far the models are from the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from simulator.db import Database, alone
from simulator.models import Base


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(db: Database) -> None:
    """Bring the database to the newest revision (creates everything in an empty one)."""
    with db.engine.execution_options(begin="IMMEDIATE").begin() as connection:
        alone(connection)
        command.upgrade(_config(connection), "head")


def revisions(db: Database) -> tuple[str, str]:
    """Return the revision of the database ("" if it has none) and the newest one."""
    with db.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        return current or "", ScriptDirectory.from_config(_config(connection)).get_current_head() or ""


def differences(db: Database) -> list[Any]:
    """Return what would have to change for the database to equal the models ([] if nothing)."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def new_revision(db: Database, message: str) -> None:
    """Write a migration from the difference between database and models (for developers)."""
    with db.engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True)
