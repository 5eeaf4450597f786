"""Exams and who sits them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from simulator.models.base import Base
from simulator.models.papers import PaperVersion
from simulator.models.people import Group

exam_group = Table(
    "exam_group", Base.metadata,
    Column("exam_id", ForeignKey("exam.id"), primary_key=True), Column("group_id", ForeignKey("group.id"), primary_key=True),
)


class Exam(Base):
    """A scheduled sitting. mode: practice, mock, contest; release: auto (at hand-in), held, released.

    start_rule : own (the clock runs from a candidate's own start) or fixed (from `opens_at`: who comes late loses time); late_s :
    seconds after `opens_at` within which one may start, None for as long as it is open; blind : candidates stand under their
    numbers until the release; freeze_at : what is handed in later is not shown to candidates; revealed : rows of a frozen board
    that the staged release has shown, from the bottom; awards : ``{"rows": [{"name", "count" or "percent"}]}``, best first.
    """

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
    start_rule: Mapped[str] = mapped_column(String(8), default="own")
    late_s: Mapped[int | None]
    blind: Mapped[bool] = mapped_column(default=False)
    freeze_at: Mapped[datetime | None]
    revealed: Mapped[int] = mapped_column(default=0)
    awards: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seed: Mapped[int]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    paper: Mapped[PaperVersion] = relationship()
    groups: Mapped[list[Group]] = relationship(secondary=exam_group)


class Candidate(Base):
    """What one exam holds for one person before any attempt. number : their 考号, unique in the exam.

    delay_s : seconds by which their window and a fixed start are moved; extra_s, percent : extra time, as seconds and as a
    percentage of the paper's minutes (125: a quarter more).
    """

    __tablename__ = "candidate"
    __table_args__ = (UniqueConstraint("exam_id", "number"),)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(12))
    delay_s: Mapped[int] = mapped_column(default=0)
    extra_s: Mapped[int] = mapped_column(default=0)
    percent: Mapped[int] = mapped_column(default=100)


class Message(Base):
    """What an instructor tells the sitting candidates of an exam, or one of them (`user_id`)."""

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    text: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]
    who: Mapped[int] = mapped_column(ForeignKey("user.id"))
