"""Runs that candidates ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from simulator.models.base import Base


class Trial(Base):
    """A candidate's run of a draft on the public files, for their eyes only. state: queued → leased → done, cancelled or error; with
    a language model also leased → asking → queued, as often as it is asked (see `simulator/asking.py`).

    response, input : the draft as it was when asked for, and the candidate's turns if they gave any; cancel : asked to stop; version :
    grows with every change that a page shows; stdout, stderr : what `terminal.Screen` shows so far; result : plain data for the page;
    model : the language model that answers, "" for the embedded engine; asked : prompts and answers, as `simulator/asking.py` keeps
    them.
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
    model: Mapped[str] = mapped_column(String(100), default="")
    asked: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    figures: Mapped[list[TrialFigure]] = relationship(order_by="TrialFigure.number", cascade="all, delete-orphan")


class TrialFigure(Base):
    """A picture (PNG) that a trial's program showed."""

    __tablename__ = "trial_figure"
    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
