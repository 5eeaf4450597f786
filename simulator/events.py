"""Write the event log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from simulator.models import Attempt, Event


def record(
    session: Session, what: str, now: datetime, *, who: int | None = None, exam_id: int | None = None,
    attempt: Attempt | None = None, **detail: Any,
) -> None:
    """Add one event to the current transaction; `detail` must be plain data without answers or secrets."""
    session.add(Event(
        at=now, who=who, what=what, exam_id=attempt.exam_id if attempt else exam_id,
        attempt_id=attempt.id if attempt else None, detail=detail,
    ))
