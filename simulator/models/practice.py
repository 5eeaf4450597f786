"""Practice outside of exams."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from simulator.models.base import Base


class Redo(Base):
    """One more answer to a theory item of one's 错题本, and whether it was right."""

    __tablename__ = "redo"
    __table_args__ = (Index("ix_redo_user", "user_id", "task_version_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    task_version_id: Mapped[int] = mapped_column(ForeignKey("task_version.id"))
    response: Mapped[dict[str, Any]]
    correct: Mapped[bool]
    at: Mapped[datetime]
