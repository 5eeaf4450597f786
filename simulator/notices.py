"""Sentences for one person, on their home page until they have read them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator.errors import Refused
from simulator.models import Attempt, Notice

MOST = 500
SHOWN = 20


def visible(attempt: Attempt) -> bool:
    """Return whether the candidate may see the marks of a closed attempt: at once, or after the instructor's release."""
    return attempt.state == "closed" and (attempt.exam.mode == "practice" or attempt.exam.release != "held")


def tell(session: Session, attempt: Attempt, text: str, now: datetime) -> bool:
    """Leave a notice about an attempt for its candidate; False if its marks are not to be seen yet (then they learn nothing)."""
    if visible(attempt):
        session.add(Notice(user_id=attempt.user_id, attempt_id=attempt.id, text=text[:MOST], at=now))
    return visible(attempt)


def unread(session: Session, user_id: int) -> list[Notice]:
    """Return the newest notices that a person has not read."""
    mine = select(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None))
    return list(session.scalars(mine.order_by(Notice.id.desc()).limit(SHOWN)))


def read(session: Session, notice_id: int, user_id: int, now: datetime) -> Notice:
    """Note that a person has read a notice of theirs; Refused (404) for anybody else's."""
    notice = session.get(Notice, notice_id)
    if notice is None or notice.user_id != user_id:
        raise Refused("找不到这条通知。", "请从首页进入。", status=404)
    notice.read_at = notice.read_at or now
    return notice
