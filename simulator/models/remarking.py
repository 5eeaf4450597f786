"""Marks that are looked at again: re-markings, appeals, and what the candidates concerned are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from simulator.models.base import Base


class Remarking(Base):
    """A re-marking of an exam by other task versions. state: marking, ready, applied, dropped, or undone (after it was applied).

    versions : id of the version that an attempt holds (as text) → id of the one that marks now. Its markings do not count before
    it is applied, as a whole.
    """

    __tablename__ = "remarking"
    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exam.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="marking")
    versions: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(String(500), default="")
    asked_at: Mapped[datetime]
    asked_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class Appeal(Base):
    """A candidate's question about one scoring point. state: open, answered, overridden or withdrawn.

    marking_id : the marking that carries the person's decision, if it was overridden.
    """

    __tablename__ = "appeal"
    __table_args__ = (Index("ix_appeal_state", "state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    position: Mapped[int]
    point_id: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="open")
    asked_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    marking_id: Mapped[int | None] = mapped_column(ForeignKey("marking.id"))


class Notice(Base):
    """A sentence for one person, on their home page until they have read it. attempt_id : the result that it leads to."""

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempt.id"))
    text: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
