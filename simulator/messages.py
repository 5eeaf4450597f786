"""What an instructor tells the sitting candidates of an exam, or one of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from simulator import events
from simulator.errors import Refused
from simulator.models import Attempt, Exam, Message, User

MAX_TEXT = 500
KEPT = 100
"""Messages of one exam that are shown."""


def send(session: Session, exam: Exam, text: str, now: datetime, who: int, user: User | None = None) -> Message:
    """Send `text` to all candidates of `exam`, or to `user`; the caller commits. Refused if it is empty or too long."""
    text = text.strip()
    if not 1 <= len(text) <= MAX_TEXT:
        raise Refused("消息应为 1 到 500 字。", "请改好后再发。", status=422)
    message = Message(exam_id=exam.id, user_id=user.id if user else None, text=text, at=now, who=who)
    session.add(message)
    events.record(session, "exam.message", now, who=who, exam_id=exam.id, to=user.username if user else "", text=text)
    return message


def latest(session: Session, attempt: Attempt) -> int:
    """Return the id of the newest message that the candidate of `attempt` has been sent in this exam, also before they began; or 0."""
    return session.scalar(select(func.max(Message.id)).where(_meant_for(attempt))) or 0


def received(session: Session, attempt: Attempt) -> list[Message]:
    """Return what the candidate of `attempt` has been sent, the newest first."""
    return list(session.scalars(select(Message).where(_meant_for(attempt)).order_by(Message.id.desc()).limit(KEPT)))


def _meant_for(attempt: Attempt) -> ColumnElement[bool]:
    return (Message.exam_id == attempt.exam_id) & or_(Message.user_id.is_(None), Message.user_id == attempt.user_id)


def sent(session: Session, exam: Exam, user_id: int | None = None) -> list[tuple[Message, User | None]]:
    """Return the messages of an exam with whom they were for (None: all), the newest first. user_id : only what they can read."""
    query = select(Message, User).outerjoin(User, Message.user_id == User.id).where(Message.exam_id == exam.id)
    if user_id is not None:
        query = query.where(or_(Message.user_id.is_(None), Message.user_id == user_id))
    return [(message, user) for message, user in session.execute(query.order_by(Message.id.desc()).limit(KEPT))]
