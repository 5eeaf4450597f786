"""Tasks and papers as they are kept: content-addressed versions that never change."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from simulator.models.base import Base


class TaskVersion(Base):
    """One content-addressed version of a task: `package` is a zip of its folder without samples; current : the one read last."""

    __tablename__ = "task_version"
    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    task_id: Mapped[str] = mapped_column(String(160), index=True)
    title: Mapped[str] = mapped_column(String(120))
    form: Mapped[str] = mapped_column(String(12))
    tags: Mapped[list[str]]
    marks: Mapped[Decimal]
    minutes: Mapped[int]
    package: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]
    current: Mapped[bool] = mapped_column(default=True)


class PaperVersion(Base):
    """One version of a paper: its spec, the standards it draws by, and the version of every task it may use. current : as above."""

    __tablename__ = "paper_version"
    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    paper_id: Mapped[str] = mapped_column(String(80), index=True)
    title: Mapped[str] = mapped_column(String(120))
    spec: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    created_at: Mapped[datetime]
    current: Mapped[bool] = mapped_column(default=True)
