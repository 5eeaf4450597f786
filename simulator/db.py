"""Database: engine, sessions, and three column types that keep time, marks and JSON exact."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, DateTime, Dialect, Engine, Integer, create_engine, event, make_url, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 10_000
POLL_S = 0.001
CONNECT_S = 5
PAUSES_S = (0.2, 1.0, 3.0, 6.0, 10.0)
LOST = (OperationalError, InterfaceError)
"""What is raised when the connection has gone, the server restarts, or the database is locked for long: try again later."""

Answer = TypeVar("Answer")

_TURN, _NONE = "turn", "none"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. Naive values are refused: they would be somebody's local time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return `value` in UTC; SQLite keeps no zone, so it gets none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored time as an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class MarksColumn(TypeDecorator[Decimal]):
    """Marks as whole hundredths, so that sums in SQL are exact on every database."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Return hundredths; ValueError if `value` has more than two places."""
        if value is None:
            return None
        cents = Decimal(value) * 100
        if cents != int(cents):
            raise ValueError(f"marks with more than two places: {value}")
        return int(cents)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Return the marks as Decimal with two places."""
        return None if value is None else Decimal(int(value)).scaleb(-2)


class Database:
    """One engine and two ways to open a session: `read()` and `write()` (one transaction each)."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        # Writers take the lock at BEGIN: a transaction that reads first and writes later could otherwise fail at once.
        self._writer = self.engine.execution_options(begin="IMMEDIATE")
        self._asking = self.engine.execution_options(begin=_NONE)

    def session(self, *, write: bool) -> Session:
        """Return a new session; the caller commits and closes it."""
        return Session(self._writer if write else self.engine, expire_on_commit=False)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session, commit on success, roll back on error."""
        with self.session(write=True) as session, session.begin():
            yield session

    @contextmanager
    def writer(self) -> Iterator[Connection]:
        """Open a plain connection for a small write; the caller commits, else it is rolled back."""
        with self._writer.connect() as connection:
            yield connection

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """Open a plain connection for a small question or two, each with what is stored at its moment."""
        with self._asking.connect() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session for reading."""
        with self.session(write=False) as session:
            yield session


def alone(session: Session | Connection) -> None:
    """Let other machines that do the same at the same time wait until this transaction ends; in SQLite writers always do."""
    if isinstance(session, Session):
        session = session.connection()
    if session.dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('simulator'))"))


def lock(session: Session, row: Any) -> None:
    """Read `row` again and hold it until the transaction ends. Only itself: what was loaded beside it may be missing, and PostgreSQL
    locks no row that is not there."""
    session.refresh(row, with_for_update={"of": type(row)})


def patiently(action: Callable[[], Answer]) -> Answer:
    """Return `action()`; while the database cannot be reached, try again for some twenty seconds."""
    for pause in PAUSES_S:
        try:
            return action()
        except LOST as error:
            log.warning("the database cannot be reached, trying again in %s s: %s", pause, error.orig)
            time.sleep(pause)
    return action()


def make_engine(url: str) -> Engine:
    """Return an engine for `url`; for SQLite in WAL mode with durable commits."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_S})
    _make_private(make_url(url).database)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    turns = _Turns()
    event.listen(engine, "begin", turns.begin)
    event.listen(engine, "checkin", turns.end)
    return engine


class _Turns:
    """Writers of this process take turns: SQLite itself would let those that wait sleep, ever longer, and wake in no order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def begin(self, connection: Connection) -> None:
        how, record = connection.get_execution_options().get("begin", ""), connection.connection._connection_record
        if how == _NONE:
            return
        if how and record is not None and self._lock.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
            record.record_info[_TURN] = True
            _begin_to_write(connection)
        else:
            connection.exec_driver_sql(f"BEGIN {how}")  # who got no turn in time hears from SQLite that the database is locked

    def end(self, _connection: Any, record: Any) -> None:
        if record.record_info.pop(_TURN, False):
            self._lock.release()


def _make_private(path: str | None) -> None:
    """Create a missing database file readable by its owner only (it holds hashes and keys); SQLite's side files follow it."""
    if path and path != ":memory:":
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _begin_to_write(connection: Connection) -> None:
    """Begin as soon as no other process writes: asked every POLL_S, where SQLite would sleep up to a tenth of a second.

    OperationalError if that does not happen within BUSY_TIMEOUT_MS.
    """
    raw: Any = connection.connection.dbapi_connection
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < until:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    break
                time.sleep(POLL_S)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, for an error of the kind that is expected
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}")
