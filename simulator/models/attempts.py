"""One candidate's sitting, and what is typed and handed in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from simulator.models.base import Base
from simulator.models.exams import Exam
from simulator.models.papers import TaskVersion
from simulator.models.people import User


class Attempt(Base):
    """One candidate's timed sitting. state: running or closed; closed_by: candidate, deadline or instructor."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("exam_id", "user_id", "number"), Index("ix_attempt_state", "state"))
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    number: Mapped[int]
    seed: Mapped[int]
    started_at: Mapped[datetime]
    extra_s: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(12), default="running")
    ended_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(12), default="")
    last_save_at: Mapped[datetime | None]
    exam: Mapped[Exam] = relationship()
    user: Mapped[User] = relationship()
    tasks: Mapped[list[AttemptTask]] = relationship(order_by="AttemptTask.position")


class AttemptTask(Base):
    """One task of an attempt, fixed at its start: place, module, version, marks."""

    __tablename__ = "attempt_task"
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    module: Mapped[int]
    task_version_id: Mapped[int] = mapped_column(ForeignKey("task_version.id"))
    marks: Mapped[Decimal]
    flagged: Mapped[bool] = mapped_column(default=False)
    version: Mapped[TaskVersion] = relationship()


class Draft(Base):
    """Latest autosaved response to one task; overwritten, `rev` grows by one with each save."""

    __tablename__ = "draft"
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    rev: Mapped[int]
    response: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class Submission(Base):
    """Immutable response to one task. kind: hand-in, or check (one task at a time in practice)."""

    __tablename__ = "submission"
    __table_args__ = (Index("ix_submission_attempt", "attempt_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    position: Mapped[int]
    task_version_id: Mapped[int] = mapped_column(ForeignKey("task_version.id"))
    kind: Mapped[str] = mapped_column(String(12))
    response: Mapped[dict[str, Any]]
    submitted_at: Mapped[datetime]
