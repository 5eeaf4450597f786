"""All tables. Names are those of the glossary; what was handed in is immutable, what it scored is derived."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, LargeBinary, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from simulator.db import MarksColumn, UtcDateTime

NAMING = {
    "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s", "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base with stable constraint names (migrations need them)."""

    type_annotation_map = {datetime: UtcDateTime, Decimal: MarksColumn, dict[str, Any]: JSON, list[str]: JSON}


Base.metadata.naming_convention = NAMING


class Group(Base):
    """A class of students (班级)."""

    __tablename__ = "group"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)


class User(Base):
    """A person who logs in. role: student, teacher, instructor or admin."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(12))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]
    # Raised when the password changes or the account is locked: sessions opened before it end.
    session_epoch: Mapped[int] = mapped_column(default=0)
    group: Mapped[Group | None] = relationship()


class TaskVersion(Base):
    """One content-addressed version of a task: `package` is a zip of its folder without samples."""

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


class PaperVersion(Base):
    """One version of a paper: its spec, the standards it draws by, and the version of every task it may use."""

    __tablename__ = "paper_version"
    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    paper_id: Mapped[str] = mapped_column(String(80), index=True)
    title: Mapped[str] = mapped_column(String(120))
    spec: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


exam_group = Table(
    "exam_group", Base.metadata,
    Column("exam_id", ForeignKey("exam.id"), primary_key=True), Column("group_id", ForeignKey("group.id"), primary_key=True),
)


class Exam(Base):
    """A scheduled sitting. mode: practice, mock, contest; release: auto (at hand-in), held, released."""

    __tablename__ = "exam"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    paper_version_id: Mapped[int] = mapped_column(ForeignKey("paper_version.id"))
    mode: Mapped[str] = mapped_column(String(12))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    attempts_allowed: Mapped[int | None]
    release: Mapped[str] = mapped_column(String(12))
    notice: Mapped[str] = mapped_column(Text, default="")
    seed: Mapped[int]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    paper: Mapped[PaperVersion] = relationship()
    groups: Mapped[list[Group]] = relationship(secondary=exam_group)


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


class Marking(Base):
    """One marking of one submission. state: queued → leased → done or error; evidence : run id → what people look at.

    turn : place in the fair queue, ordered by (turn, id); strict : in a fresh interpreter; seconds : how long the last try
    took; backend : the sandbox that ran it, "" if nothing was run.
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
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    verdicts: Mapped[list[VerdictRow]] = relationship(order_by="VerdictRow.ordinal")
    submission: Mapped[Submission] = relationship()


class VerdictRow(Base):
    """One scoring point's result in one Marking (`grading.Verdict` as a row)."""

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
    evidence: Mapped[dict[str, Any] | None]


class Trial(Base):
    """A candidate's run of a draft on the public files, for their eyes only. state: queued → leased → done, cancelled or error.

    response, input : the draft as it was when asked for, and the candidate's turns if they gave any; cancel : asked to stop; version :
    grows with every change that a page shows; stdout, stderr : what `terminal.Screen` shows so far; result : plain data for the page.
    """

    __tablename__ = "trial"
    __table_args__ = (Index("ix_trial_queue", "state", "id"), Index("ix_trial_place", "attempt_id", "position"))
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    position: Mapped[int]
    run_id: Mapped[str] = mapped_column(String(64))
    response: Mapped[dict[str, Any]]
    input: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(String(12), default="queued")
    cancel: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    leased_by: Mapped[str] = mapped_column(String(80), default="")
    leased_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    stdout: Mapped[str] = mapped_column(Text, default="")
    stderr: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    figures: Mapped[list[TrialFigure]] = relationship(order_by="TrialFigure.number", cascade="all, delete-orphan")


class TrialFigure(Base):
    """A picture (PNG) that a trial's program showed."""

    __tablename__ = "trial_figure"
    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


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
