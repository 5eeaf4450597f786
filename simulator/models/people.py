"""People and their classes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from simulator.models.base import Base


class Group(Base):
    """A class of students (班级). division : 组别, such as 职工组 or 学生组, ranked apart; archived : shown no more."""

    __tablename__ = "group"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    division: Mapped[str] = mapped_column(String(20), default="")
    archived_at: Mapped[datetime | None]


class User(Base):
    """A person who logs in. role: student, teacher, instructor or admin."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(12))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    # The password was given by somebody else: nothing but changing it is possible.
    must_change: Mapped[bool] = mapped_column(default=False)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]
    # Raised when the password changes or the account is locked: sessions opened before it end.
    session_epoch: Mapped[int] = mapped_column(default=0)
    group: Mapped[Group | None] = relationship()
