"""Rate limits (log-ins of an address, runs of a candidate with the language model), counted in the database: they hold for all web
processes on all machines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.errors import ConfigurationError
from limits.storage import Storage
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from simulator.config import ConfigError
from simulator.errors import Refused
from simulator.models import RateCount
from simulator.services import services

IN_DATABASE = "database://"
MINUTE_S = 60


class DatabaseStorage(Storage):
    """Counts in the table of the application that answers the request."""

    STORAGE_SCHEME = ["database"]

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong here."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more in the window of `key`, which a first one opens for `expiry` seconds; return the count."""
        with services().db.write() as session:
            return count(session, key, expiry, services().clock(), amount)

    def get(self, key: str) -> int:
        """Return the count in the present window."""
        found = self._row(key)
        return found.count if found else 0

    def get_expiry(self, key: str) -> float:
        """Return when the present window of `key` ends."""
        found = self._row(key)
        return (found.until if found else services().clock()).timestamp()

    def _row(self, key: str) -> RateCount | None:
        with services().db.read() as session:
            found = session.get(RateCount, _short(key))
        return found if found and found.until > services().clock() else None

    def check(self) -> bool:
        """Return True: without the database there is no log-in anyway."""
        return True

    def reset(self) -> int | None:
        """Forget all counts."""
        with services().db.write() as session:
            session.execute(delete(RateCount))
        return None

    def clear(self, key: str) -> None:
        """Forget the count of `key`."""
        with services().db.write() as session:
            session.execute(delete(RateCount).where(RateCount.key == _short(key)))


def count(session: Session, key: str, expiry: int, now: datetime, amount: int = 1) -> int:
    """Count `amount` more in the window of `key`, which a first one opens for `expiry` seconds; return the count."""
    insert: Any = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[session.get_bind().dialect.name]
    row = insert(RateCount).values(key=_short(key), count=amount, until=now + timedelta(seconds=expiry))
    row = row.on_conflict_do_update(index_elements=["key"], set_={"count": RateCount.count + amount})
    session.execute(delete(RateCount).where(RateCount.until <= now))
    return int(session.scalar(row.returning(RateCount.count)))


def count_model_run(session: Session, user_id: int, now: datetime) -> None:
    """Count a run of a candidate with the language model, in the request's own transaction; Refused (429) if it is one too many."""
    most = services().settings.llm_rate
    if count(session, f"model/{user_id}", MINUTE_S, now) > most:
        message = _("一分钟里最多用大模型运行 %(n)s 次。", n=most)
        raise Refused(message, "请等一分钟再试，或改用内置引擎。", status=429)


def _short(key: str) -> str:
    return key[-200:]  # an address from a header may have any length


limiter = Limiter(get_remote_address, default_limits=[])


def init_app(app: Flask) -> None:
    """Count log-ins where the settings say; ConfigError if that is no such place."""
    url = app.extensions["services"].settings.limits_url or IN_DATABASE
    app.config.update(RATELIMIT_STORAGE_URI=url, RATELIMIT_HEADERS_ENABLED=False)
    try:
        limiter.init_app(app)
    except ConfigurationError as error:
        raise ConfigError(f"设置 limits_url 不能用：{error}。写 redis://主机:6379/0，或空着（在数据库里计数）。") from None


def login_rate() -> str:
    """Return the limit on log-in attempts of one address."""
    return f"{current_app.extensions['services'].settings.login_rate} per minute"
