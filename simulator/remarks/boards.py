"""The one place where re-markings and decisions of people tell the boards that marks have changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session


def refresh(session: Session, attempt_ids: Sequence[int]) -> None:  # noqa: ARG001  what boards will keep goes by attempts
    """Bring what boards keep of these attempts up to date, in the current transaction.

    Boards are derived from the verdicts at every look (`results.module_cells`), so there is nothing kept yet.
    """
    session.flush()
