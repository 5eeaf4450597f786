"""The one place where re-markings and decisions of people tell the boards that marks have changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from simulator import cells


def refresh(session: Session, attempt_ids: Sequence[int]) -> None:
    """Bring what boards keep of these attempts up to date, in the current transaction."""
    session.flush()
    cells.refresh(session, list(attempt_ids))
