"""What a save or a sign of life has to know, asked in one question: who asks, is the attempt theirs and open, what is stored.

Two thousand candidates send some three hundred of these a second. Loading the same as objects takes ten questions, and most of the
time of a processor. Whoever is not plainly allowed gets None here, and the long way (`attempts`) finds out why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from simulator import catalog
from simulator.models import (
    Attempt,
    AttemptModule,
    AttemptTask,
    Candidate,
    Draft,
    Exam,
    Group,
    Message,
    PaperVersion,
    TaskVersion,
    User,
)
from simulator.people import OPEN
from simulator.seen import Seen, SeenCandidate, SeenDraft, SeenExam, SeenModule, SeenVersion

_NEWEST = (
    select(func.max(Message.id)).where(Message.exam_id == Attempt.exam_id)
    .where(or_(Message.user_id.is_(None), Message.user_id == Attempt.user_id)).correlate(Attempt).scalar_subquery()
)

_QUESTION = (
    select(
        Attempt.id, Attempt.exam_id, Attempt.user_id, User.username, Attempt.number, Attempt.seed, Attempt.state, Attempt.started_at,
        Attempt.extra_s, Attempt.ended_at, Attempt.paused_at, Attempt.seen_at, Attempt.address, Attempt.seat,
        Exam.title, Exam.opens_at, Exam.closes_at, Exam.late_s, Exam.start_rule, Exam.mode, Exam.paper_version_id,
        PaperVersion.hash.label("paper_hash"),
        Candidate.user_id.label("candidate"), Candidate.delay_s, Candidate.extra_s.label("own_extra_s"), Candidate.percent,
        AttemptTask.position, AttemptTask.module, AttemptTask.task_version_id, TaskVersion.hash, TaskVersion.task_id,
        AttemptModule.module.label("entered"), AttemptModule.entered_at, AttemptModule.left_at,
        AttemptModule.extra_s.label("module_extra_s"),
        Draft.rev, Draft.response, Draft.saved_at, _NEWEST.label("notice_id"),
    )
    .join(User, User.id == Attempt.user_id).outerjoin(Group, Group.id == User.group_id)
    .join(Exam, Exam.id == Attempt.exam_id).join(PaperVersion, PaperVersion.id == Exam.paper_version_id)
    .outerjoin(Candidate, and_(Candidate.exam_id == Attempt.exam_id, Candidate.user_id == Attempt.user_id))
    .outerjoin(AttemptTask, and_(AttemptTask.attempt_id == Attempt.id, AttemptTask.position == bindparam("position")))
    .outerjoin(TaskVersion, TaskVersion.id == AttemptTask.task_version_id)
    .outerjoin(AttemptModule, and_(
        AttemptModule.attempt_id == Attempt.id, AttemptModule.module == func.coalesce(bindparam("module"), AttemptTask.module)))
    .outerjoin(Draft, and_(Draft.attempt_id == Attempt.id, Draft.position == AttemptTask.position))
    .where(Attempt.id == bindparam("attempt_id"), Attempt.user_id == bindparam("user_id"))
    .where(User.session_epoch == bindparam("epoch"), User.must_change.is_(False), OPEN)
)

_LOCK = select(Attempt.id).where(Attempt.id == bindparam("attempt_id")).with_for_update()
_TOUCH = update(Attempt).where(Attempt.id == bindparam("which"))
_SAVED = _TOUCH.values(last_save_at=bindparam("now"))
_HEARD = _TOUCH.values(seen_at=bindparam("now"))
_SPENT = (
    update(AttemptTask).where(AttemptTask.attempt_id == bindparam("which"), AttemptTask.position == bindparam("place"))
    .values(seconds=AttemptTask.seconds + bindparam("spent"))
)


def _upsert(insert: Any) -> Any:
    row = insert(Draft.__table__).values(
        attempt_id=bindparam("attempt_id"), position=bindparam("position"), rev=bindparam("rev"), response=bindparam("response"),
        saved_at=bindparam("saved_at"),
    )
    return row.on_conflict_do_update(
        index_elements=["attempt_id", "position"], set_={name: row.excluded[name] for name in ("rev", "response", "saved_at")}
    )


_UPSERT = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}


def look(
    connection: Connection, attempt_id: int, who: tuple[int, int], *, position: int | None = None, module: int | None = None,
    lock: bool = False,
) -> Seen | None:
    """Return the attempt if it is that of `who` (user id and session epoch), who may do more than change a one-time password.

    position : of the task that it is about; module : whose clock is wanted if there is no task; lock : until the transaction ends
    nobody hands anything of it in (SQLite has one writer anyway).
    """
    if lock and connection.dialect.name != "sqlite":
        connection.execute(_LOCK, {"attempt_id": attempt_id})  # apart: the question below must see what the last holder wrote
    values = {"attempt_id": attempt_id, "user_id": who[0], "epoch": who[1], "position": position, "module": module}
    row = connection.execute(_QUESTION, values).one_or_none()
    return None if row is None else _seen(connection, row)


def _seen(connection: Connection, row: Any) -> Seen:
    own = None if row.candidate is None else SeenCandidate(row.delay_s, row.own_extra_s, row.percent)
    module = () if row.entered is None else (SeenModule(row.entered, row.entered_at, row.left_at, row.module_extra_s),)
    exam = SeenExam(row.title, row.opens_at, row.closes_at, row.late_s, row.start_rule, row.mode)
    return Seen(
        row.id, row.exam_id, row.user_id, row.username, row.number, row.seed, row.state, row.started_at, row.extra_s, row.ended_at,
        row.paused_at, row.seen_at, row.address, row.seat, exam, own,
        catalog.spec_by_hash(connection, row.paper_version_id, row.paper_hash), module, row.position, row.module,
        None if row.position is None else SeenVersion(row.task_version_id, row.hash, row.task_id),
        None if row.rev is None else SeenDraft(row.rev, row.response, row.saved_at), row.notice_id or 0,
    )


def store(connection: Connection, seen: Seen, response: Mapping[str, Any], now: datetime) -> int:
    """Store the response to the task that was looked at under a lock; return its revision."""
    rev = (seen.draft.rev if seen.draft else 0) + 1
    connection.execute(_SAVED, {"which": seen.id, "now": now})
    row = {"attempt_id": seen.id, "position": seen.position, "rev": rev, "response": dict(response), "saved_at": now}
    connection.execute(_UPSERT[connection.dialect.name], row)
    return rev


def hear(connection: Connection, seen: Seen, spent: int, now: datetime) -> None:
    """Note a sign of life, and that the task looked at was in front for `spent` seconds more."""
    connection.execute(_HEARD, {"which": seen.id, "now": now})
    if seen.position is not None and spent:
        connection.execute(_SPENT, {"which": seen.id, "place": seen.position, "spent": spent})
