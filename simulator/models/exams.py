"""Exams and who sits them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from simulator.models.base import Base
from simulator.models.papers import PaperVersion
from simulator.models.people import Group

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
