"""Which version of a task marks now: the one that the attempt holds, or the one that the exam was re-marked by last."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from simulator.models import Attempt, AttemptTask, Remarking, TaskVersion


@dataclass(frozen=True)
class Newer:
    """A task of an exam that the catalogue holds in another version.

    held : version in the attempts (what candidates saw); marking : version that marks now; newest : the catalogue's; attempts :
    how many hold it.
    """

    held: TaskVersion
    marking: TaskVersion
    newest: TaskVersion
    attempts: int


def applied(session: Session, exam_id: int, before: int | None = None) -> dict[int, int]:
    """Return held version → version that marks instead of it, by the re-markings of the exam that were applied.

    before : only those that were opened before this one.
    """
    found: dict[int, int] = {}
    rows = select(Remarking.versions).where(Remarking.exam_id == exam_id, Remarking.state == "applied")
    if before is not None:
        rows = rows.where(Remarking.id < before)
    for versions in session.scalars(rows.order_by(Remarking.decided_at, Remarking.id)):
        found.update(pairs(versions))
    return found


def pairs(versions: dict[str, int]) -> dict[int, int]:
    """Return `Remarking.versions` with numbers as keys (JSON has texts only)."""
    return {int(held): int(new) for held, new in versions.items()}


def newer(session: Session, exam_id: int) -> list[Newer]:
    """Return the tasks of the exam's attempts that the catalogue holds in another version than the one that marks, by id."""
    held = select(AttemptTask.task_version_id, func.count()).join(Attempt, AttemptTask.attempt_id == Attempt.id)
    rows = session.execute(held.where(Attempt.exam_id == exam_id).group_by(AttemptTask.task_version_id))
    counts: dict[int, int] = dict(iter(rows))
    instead = applied(session, exam_id)
    marks = {version_id: instead.get(version_id, version_id) for version_id in counts}
    known = session.scalars(select(TaskVersion).where(TaskVersion.id.in_({*marks, *marks.values()})))
    versions = {version.id: version for version in known}
    tasks = {version.task_id for version in versions.values()}
    current = {v.task_id: v for v in session.scalars(select(TaskVersion).where(TaskVersion.task_id.in_(tasks), TaskVersion.current))}
    found = [
        Newer(versions[held_id], versions[marking_id], current[versions[held_id].task_id], counts[held_id])
        for held_id, marking_id in marks.items() if versions[held_id].task_id in current
    ]
    return sorted((one for one in found if one.newest is not one.marking), key=lambda one: (one.held.task_id, one.held.id))
