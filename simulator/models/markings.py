"""What a hand-in scored, point by point."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from simulator.models.attempts import Submission
from simulator.models.base import Base


class Marking(Base):
    """One marking of one submission. state: queued → leased → done or error (dropped, with its re-marking); evidence : run id →
    what people look at.

    turn : place in the fair queue, ordered by (turn, id); strict : in a fresh interpreter; seconds : how long the last try
    took; backend : the sandbox that ran it, "" if nothing was run; task_version_id : marked by this version, None for the
    submission's own; remarking_id : part of that re-marking; counts : False for what a re-marking only tries; origin : auto,
    strict, remark or override (a person's decision).
    """

    __tablename__ = "marking"
    __table_args__ = (Index("ix_marking_queue", "state", "turn", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="queued")
    turn: Mapped[int] = mapped_column(default=0)
    strict: Mapped[bool] = mapped_column(default=False)
    queued_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    seconds: Mapped[float | None]
    backend: Mapped[str] = mapped_column(String(12), default="")
    leased_by: Mapped[str] = mapped_column(String(80), default="")
    leased_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    graders: Mapped[dict[str, Any]] = mapped_column(default=dict)
    runs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    log: Mapped[str] = mapped_column(Text, default="")
    task_version_id: Mapped[int | None] = mapped_column(ForeignKey("task_version.id"))
    remarking_id: Mapped[int | None] = mapped_column(ForeignKey("remarking.id"), index=True)
    counts: Mapped[bool] = mapped_column(default=True)
    origin: Mapped[str] = mapped_column(String(12), default="auto")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    verdicts: Mapped[list[VerdictRow]] = relationship(order_by="VerdictRow.ordinal")
    submission: Mapped[Submission] = relationship()


class VerdictRow(Base):
    """One scoring point's result in one Marking (`grading.Verdict` as a row).

    board : "" (counts always), public (until the release) or private (after it); cause : as in `grading`, or person (their decision).
    """

    __tablename__ = "verdict"
    marking_id: Mapped[int] = mapped_column(ForeignKey("marking.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    point_id: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12))
    earned: Mapped[Decimal]
    marks: Mapped[Decimal]
    expected: Mapped[str] = mapped_column(Text)
    found: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(String(16))
    board: Mapped[str] = mapped_column(String(8), default="")
    evidence: Mapped[dict[str, Any] | None]


class Cell(Base):
    """CACHE: one module of one attempt as boards show it, derived from the verdicts by `cells` and rebuilt where one changed.

    earned, public : marks by the private and by the public part of metric tasks; pending, errors : tasks not settled, and how
    many of these wait for a person; submitted_at : when it was handed in.
    """

    __tablename__ = "cell"
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    module: Mapped[int] = mapped_column(primary_key=True)
    earned: Mapped[Decimal]
    public: Mapped[Decimal]
    marks: Mapped[Decimal]
    pending: Mapped[int] = mapped_column(default=0)
    errors: Mapped[int] = mapped_column(default=0)
    submitted_at: Mapped[datetime | None]


class Board(Base):
    """How often the cells of one exam have changed: who has seen this version need not ask for the rows again.

    A table of its own, written last in every transaction (see `cells`): a counter in the exam's row would make hand-ins wait for
    whoever changes the exam, and the other way round.
    """

    __tablename__ = "board"
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), primary_key=True)
    version: Mapped[int]
