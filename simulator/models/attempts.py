"""One candidate's sitting, and what is typed and handed in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from simulator.models.base import Base
from simulator.models.exams import Candidate, Exam
from simulator.models.papers import TaskVersion
from simulator.models.people import User


class Attempt(Base):
    """One candidate's timed sitting. state: running or closed; closed_by: candidate, deadline or instructor.

    extra_s : sum of the granted credits of the whole attempt (`credits` is the only writer); paused_at : since when it is paused;
    seen_at, address : the last sign of life of its page; seat : hash of the browser that sits it; code_hash, code_until : of the
    access code with which it may go on in another browser.
    """

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
    paused_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(45), default="")
    seat: Mapped[str] = mapped_column(String(64), default="")
    code_hash: Mapped[str] = mapped_column(String(64), default="")
    code_until: Mapped[datetime | None]
    exam: Mapped[Exam] = relationship()
    user: Mapped[User] = relationship()
    tasks: Mapped[list[AttemptTask]] = relationship(order_by="AttemptTask.position")
    modules: Mapped[list[AttemptModule]] = relationship(order_by="AttemptModule.module")
    candidate: Mapped[Candidate | None] = relationship(
        primaryjoin=lambda: (foreign(Attempt.exam_id) == Candidate.exam_id) & (foreign(Attempt.user_id) == Candidate.user_id),
        viewonly=True,
    )


class AttemptModule(Base):
    """One module of an attempt whose modules have clocks of their own: when it was entered and left, credits as of `Attempt`."""

    __tablename__ = "attempt_module"
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    module: Mapped[int] = mapped_column(primary_key=True)
    entered_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    extra_s: Mapped[int] = mapped_column(default=0)


class Credit(Base):
    """Time given, or proposed to be given, to one attempt, and who decided so. Never deleted.

    module : of which module's clock, None for the attempt's; kind : extension, pause, outage or reopening; state : proposed, granted or
    refused; since, until : the measured gap of an outage, or the pause.
    """

    __tablename__ = "credit"
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    module: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(12))
    seconds: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    attempt: Mapped[Attempt] = relationship()


class AttemptTask(Base):
    """One task of an attempt, fixed at its start: place, module, version, marks. seconds : how long its page was in front."""

    __tablename__ = "attempt_task"
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    module: Mapped[int]
    task_version_id: Mapped[int] = mapped_column(ForeignKey("task_version.id"))
    marks: Mapped[Decimal]
    flagged: Mapped[bool] = mapped_column(default=False)
    seconds: Mapped[int] = mapped_column(default=0)
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
    version: Mapped[TaskVersion] = relationship()
