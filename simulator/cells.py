"""The cache of board cells: rebuilt where a verdict, a hand-in or a re-marking changed one, never read for anything but speed.

Whoever changes what an attempt scored calls `refresh` in the same transaction. `check` compares the cache with the truth
(`results.derive`), `fill` makes the cells of attempts from before there was a cache.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import delete, event, insert, select, text
from sqlalchemy.orm import Session

from simulator import results
from simulator.models import Attempt, Board, Cell, Submission
from simulator.standings import Cell as Value

BATCH = 200
TOUCHED = "boards touched"
COUNT = text(
    "INSERT INTO board (exam_id, version) VALUES (:exam, 1) ON CONFLICT (exam_id) DO UPDATE SET version = board.version + 1"
)


def refresh(session: Session, attempt_ids: Collection[int]) -> None:
    """Rebuild the cells of the given attempts from their verdicts, and let the boards of their exams know."""
    session.flush()
    # Two markings of one attempt may settle at the same moment: the later one must see the verdicts of the earlier.
    locked = select(Attempt.id, Attempt.exam_id).where(Attempt.id.in_(attempt_ids)).order_by(Attempt.id)
    exams = {exam_id for _, exam_id in session.execute(locked.with_for_update(key_share=True))}
    session.execute(delete(Cell).where(Cell.attempt_id.in_(attempt_ids)), execution_options={"synchronize_session": False})
    rows = [_row(a, m, cell) for a, own in results.derive(session, attempt_ids).items() for m, cell in own.items()]
    if rows:
        session.execute(insert(Cell), rows)
    session.info.setdefault(TOUCHED, set()).update(exams)


def _row(attempt_id: int, module: int, cell: Value) -> dict[str, Any]:
    return {
        "attempt_id": attempt_id, "module": module, "earned": cell.earned, "public": cell.public, "marks": cell.marks,
        "pending": cell.pending, "errors": cell.errors, "submitted_at": cell.submitted,
    }


def version(session: Session, exam_id: int) -> int:
    """Return how often the cells of an exam have changed: one row, by its key."""
    return session.scalar(select(Board.version).where(Board.exam_id == exam_id)) or 0


@event.listens_for(Session, "before_commit")
def _count(session: Session) -> None:
    # Last of all, and in one order: two transactions that each wait for the other's counter would both be lost.
    for exam_id in sorted(session.info.pop(TOUCHED, ())):
        session.flush()
        session.execute(COUNT, {"exam": exam_id})


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(TOUCHED, None)


def fill(session: Session) -> int:
    """Make the cells of attempts that have handed in something and have none (marked by an older version); return how many."""
    known = select(Cell.attempt_id)
    missing = select(Submission.attempt_id).where(Submission.attempt_id.not_in(known))
    return _refresh_all(session, session.scalars(missing.distinct()))


def rebuild(session: Session) -> int:
    """Make the cells of every attempt again; return of how many."""
    session.execute(delete(Cell), execution_options={"synchronize_session": False})
    return fill(session)


def _refresh_all(session: Session, attempt_ids: Iterable[int]) -> int:
    ids = sorted(attempt_ids)
    for start in range(0, len(ids), BATCH):
        refresh(session, ids[start:start + BATCH])
    return len(ids)


def check(session: Session, exam_id: int | None = None) -> list[str]:
    """Return one line for every cell that is not what the verdicts say: of one exam, or of all. [] if all is well."""
    attempts = select(Submission.attempt_id).distinct().order_by(Submission.attempt_id)
    if exam_id is not None:
        attempts = attempts.join(Attempt, Submission.attempt_id == Attempt.id).where(Attempt.exam_id == exam_id)
    ids = list(session.scalars(attempts))
    return [line for start in range(0, len(ids), BATCH) for line in _wrong(session, ids[start:start + BATCH])]


def _wrong(session: Session, attempt_ids: list[int]) -> Iterator[str]:
    stored = {
        (row.attempt_id, row.module): row for row in session.execute(
            select(Cell.__table__).where(Cell.attempt_id.in_(attempt_ids))
        )
    }
    derived = {(a, m): _row(a, m, cell) for a, own in results.derive(session, attempt_ids).items() for m, cell in own.items()}
    for attempt_id, module in sorted(stored.keys() | derived.keys()):
        found, right = stored.get((attempt_id, module)), derived.get((attempt_id, module))
        if found is None or dict(found._mapping) != right:
            yield f"attempt {attempt_id}, module {module}: {dict(found._mapping) if found else None} != {right}"
