"""The installation itself: workers, the event log, leases, rate limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from simulator.models.base import Base


class Worker(Base):
    """One process that marks, by its own account. name: ``host:pid/number``; it is gone if `seen_at` is old.

    backend : the sandbox that it runs programs in, "" if none; problem : why there is none, or why not the best one.
    """

    __tablename__ = "worker"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    host: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    backend: Mapped[str] = mapped_column(String(12), default="")
    problem: Mapped[str] = mapped_column(Text, default="")
    marked: Mapped[int] = mapped_column(default=0)


class Event(Base):
    """The log: every change of state of an attempt, a mark, an exam or a person, with who and when."""

    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    what: Mapped[str] = mapped_column(String(40), index=True)
    exam_id: Mapped[int | None] = mapped_column(index=True)
    attempt_id: Mapped[int | None] = mapped_column(index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Lease(Base):
    """A named role that one process holds at a time (the scheduler's owner)."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]


class RateCount(Base):
    """How often one address has tried something (a log-in) in the window that ends at `until`."""

    __tablename__ = "rate_count"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int]
    until: Mapped[datetime] = mapped_column(index=True)
