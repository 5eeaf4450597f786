"""The one bridge to `grading`: queue, claim, mark, settle. Delivery is at least once, so `mark` is idempotent.

::

    queued ──claim──▶ leased ──settle──▶ done
      ▲                 │  └─ our fault, tries < MAX_TRIES ─▶ queued
      └── lease expired ┘     our fault, third time ────────▶ error   (instructor's desk, never 0 marks)

Whoever marks renews the lease, and only who holds it may settle. No transaction is open while a program runs.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, defer

from grading import totals
from grading.engine import grade
from grading.errors import SandboxError
from grading.model import Response, Task
from grading.sandbox.contract import Sandbox
from simulator import cells, events, findings, overrides, queueing
from simulator.blobs import BlobStore
from simulator.catalog import TaskCache, paper_spec
from simulator.db import LOST, Database, patiently
from simulator.drawing import grader_defaults
from simulator.findings import Finding
from simulator.models import Attempt, AttemptTask, Exam, Marking, PaperVersion, Submission, TaskVersion
from simulator.remarks import versions
from simulator.responses import to_response

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
MAX_TRIES = 3
INTERRUPTED = "评分进程三次中断。"


@dataclass(frozen=True)
class Marker:
    """What marks, besides the database: tasks, blobs, the sandbox, and the one for strict re-runs (None: nothing is run here)."""

    db: Database
    tasks: TaskCache
    blobs: BlobStore
    sandbox: Callable[[], Sandbox | None]
    strict: Callable[[], Sandbox | None]
    clock: Callable[[], datetime]
    name: str


@dataclass(frozen=True)
class Work:
    """One marking as it is handed to `grade`."""

    task: Task
    response: Response
    defaults: Mapping[str, Any]
    strict: bool


def queue(
    session: Session, submission: Submission, now: datetime, *, asked_by: int | None = None, strict: bool = False
) -> Marking:
    """Add a queued marking for `submission` to the current transaction, at this candidate's fair turn.

    strict : run in a fresh interpreter.
    """
    return queue_all(session, [submission], now, asked_by=asked_by, strict=strict)[0]


def queue_all(
    session: Session, submissions: list[Submission], now: datetime, *, asked_by: int | None = None, strict: bool = False
) -> list[Marking]:
    """Queue the submissions of one attempt, in this order. Theory runs nothing and takes no turn from others.

    What the exam was re-marked by meanwhile marks these too: equal answers get equal marks.
    """
    attempt = session.get_one(Attempt, submissions[0].attempt_id)
    turn = queueing.next_turn(session, attempt.user_id)
    practical = set(session.scalars(select(TaskVersion.id).where(
        TaskVersion.id.in_([s.task_version_id for s in submissions]), TaskVersion.form == ""
    )))
    newer = versions.applied(session, attempt.exam_id)
    markings = []
    for submission in submissions:
        marking = Marking(
            submission=submission, state="queued", queued_at=now, turn=turn, asked_by=asked_by, strict=strict,
            origin="strict" if strict else "auto", task_version_id=newer.get(submission.task_version_id),
        )
        turn += submission.task_version_id in practical
        markings.append(marking)
    session.add_all(markings)
    cells.refresh(session, [attempt.id])
    return markings


def claim(session: Session, worker: str, now: datetime, *, theory: bool = False) -> int | None:
    """Lease the next queued marking to `worker`; return its id, None if there is nothing to do.

    What the worker has leased already comes first: it lost the connection while it settled that or leased it.
    theory : only tasks that run nothing (the worker has no sandbox).
    """
    own = session.scalar(select(Marking.id).where(Marking.state == "leased", Marking.leased_by == worker).limit(1))
    if own is not None and renew(session, own, worker, now):
        return own
    following = select(Marking.id).where(Marking.state == "queued").order_by(Marking.turn, Marking.id).limit(1)
    if theory:
        following = following.join(Marking.submission).join(Submission.version).where(TaskVersion.form != "")
    if session.get_bind().dialect.name == "postgresql":
        following = following.with_for_update(skip_locked=True, of=Marking)
    marking_id = session.scalar(following)
    return marking_id if marking_id is not None and lease(session, marking_id, worker, now) else None


def lease(session: Session, marking_id: int, worker: str, now: datetime) -> bool:
    """Lease one queued marking; False if another worker was first."""
    result = session.execute(
        update(Marking).where(Marking.id == marking_id, Marking.state == "queued")
        .values(state="leased", leased_by=worker, leased_until=now + LEASE, started_at=now, tries=Marking.tries + 1)
    )
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


def renew(session: Session, marking_id: int, worker: str, now: datetime) -> bool:
    """Keep the lease for another while; False if `worker` does not hold it any more."""
    result = session.execute(update(Marking).where(*_held(marking_id, worker)).values(leased_until=now + LEASE))
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


def release(session: Session, marking_id: int, worker: str) -> bool:
    """Put a marking back that its worker cannot finish because it has to end; that is no failed try."""
    result = session.execute(
        update(Marking).where(*_held(marking_id, worker))
        .values(state="queued", leased_by="", leased_until=None, tries=Marking.tries - 1)
    )
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


def _held(marking_id: int, worker: str) -> tuple[Any, ...]:
    return Marking.id == marking_id, Marking.state == "leased", Marking.leased_by == worker


def sweep(session: Session, now: datetime) -> int:
    """Put markings whose lease has expired (their worker died) back into the queue, or to `error` after the third try."""
    expired = select(Marking).where(Marking.state == "leased", Marking.leased_until < now).with_for_update(skip_locked=True)
    swept = 0
    for marking in session.scalars(expired):
        if marking.tries < MAX_TRIES:
            marking.state, marking.leased_by, marking.leased_until = "queued", "", None
        else:
            marking.state, marking.log, marking.done_at = "error", INTERRUPTED, now
            if marking.counts:
                events.record(session, "marking.error", now, marking=marking.id)
                cells.refresh(session, [marking.submission.attempt_id])
        swept += 1
    return swept


def mark(marker: Marker, marking_id: int) -> bool:
    """Mark one leased marking and settle it; False if something of ours failed (it is tried again).

    Only a lost connection to the database leaves it leased; then one of LOST is raised.
    """
    started = time.monotonic()
    try:
        finding = _grade(marker, patiently(lambda: _load_one(marker, marking_id)), started)
    except LOST:
        raise
    except Exception as error:
        finding = _failed(marking_id, error, started)
    try:
        patiently(lambda: _settle_own(marker, marking_id, finding))
    except LOST:
        raise
    except Exception as error:  # what was found cannot be stored
        finding = _failed(marking_id, error, started)
        patiently(lambda: _settle_own(marker, marking_id, finding))
    return not finding.faults


def _failed(marking_id: int, error: Exception, started: float) -> Finding:
    log.exception("marking %s failed", marking_id)
    problem = str(error) if isinstance(error, SandboxError) else traceback.format_exc()
    return Finding(None, problem, time.monotonic() - started)


def _load_one(marker: Marker, marking_id: int) -> Work:
    with marker.db.read() as session:
        [row] = session.execute(_rows().where(Marking.id == marking_id)).all()
        return _work(marker, session, row)


def _grade(marker: Marker, work: Work, started: float) -> Finding:
    sandbox = (marker.strict() if work.strict else marker.sandbox()) if work.task.runs else None
    grading = grade(work.task, work.response, sandbox=sandbox, defaults=work.defaults)
    return Finding(grading, "", time.monotonic() - started, sandbox.name if sandbox else "")


def _settle_own(marker: Marker, marking_id: int, finding: Finding) -> None:
    with marker.db.write() as session:
        marking = session.get_one(Marking, marking_id, with_for_update=True)
        if marking.state == "leased" and marking.leased_by == marker.name:
            settle(session, marking, finding, marker.clock())


def mark_quick(marker: Marker, attempt_id: int, remarking_id: int | None = None) -> None:
    """Mark at once the queued tasks of an attempt that run nothing (choices, numbers, texts); the rest stays queued.

    remarking_id : those of this re-marking, which nobody waits for; without it, all others.
    All of it does if the database goes away meanwhile: what was handed in is safe, and its candidate must not read otherwise.
    """
    try:
        _mark_quick(marker, attempt_id, remarking_id)
    except LOST as error:
        log.warning("attempt %s is left to the workers: %s", attempt_id, error.orig)


def _mark_quick(marker: Marker, attempt_id: int, remarking_id: int | None) -> None:
    with marker.db.read() as session:
        own = (Submission.attempt_id == attempt_id, Marking.state == "queued", Marking.remarking_id == remarking_id)
        rows = session.execute(_rows().where(*own)).all()
        found = {row.Marking.id: _try_quick(marker, session, row) for row in rows}
    quick = {marking_id: finding for marking_id, finding in found.items() if finding is not None}
    with marker.db.write() as session:
        still = select(Marking).where(Marking.id.in_(quick), Marking.state == "queued").order_by(Marking.id).with_for_update()
        waiting = list(session.scalars(still))
        for marking in waiting:
            marking.tries, marking.started_at, marking.leased_by = marking.tries + 1, marker.clock(), marker.name
            marking.turn = 0  # it took no turn from others
            _conclude(session, marking, quick[marking.id], marker.clock())
        if waiting:
            cells.refresh(session, [attempt_id])


def _try_quick(marker: Marker, session: Session, row: Any) -> Finding | None:
    """Return what a marking finds that runs nothing; None leaves it to a worker: a hand-in must not fail with it."""
    started = time.monotonic()
    try:
        work = _work(marker, session, row)
        return None if work.task.runs else _grade(marker, work, started)
    except LOST:
        raise
    except Exception:
        log.exception("marking %s cannot be done at once", row.Marking.id)
        return None


def settle(session: Session, marking: Marking, finding: Finding, now: datetime) -> None:
    """Store what a marking found; an error verdict or an exception means another try, the third time the desk."""
    _conclude(session, marking, finding, now)
    if marking.counts:  # what a re-marking only tries is on no board
        cells.refresh(session, [marking.submission.attempt_id])


def _conclude(session: Session, marking: Marking, finding: Finding, now: datetime) -> None:
    findings.note(marking, finding)
    if finding.faults and marking.tries < MAX_TRIES:
        marking.state, marking.leased_by, marking.leased_until = "queued", "", None
        marking.turn = max(marking.turn, queueing.served(session) + 1)  # others go on meanwhile
        return
    findings.store(session, marking, finding, now)
    if not marking.counts:
        return  # a re-marking's page shows it
    if marking.asked_by is not None:
        overrides.carry(session, marking, now)
    if finding.faults:
        events.record(session, "marking.error", now, marking=marking.id)
    elif marking.asked_by is not None:  # marks that stood already may have changed
        events.record(session, "marking.redone", now, who=marking.asked_by, marking=marking.id, strict=marking.strict)


def _rows() -> Select[Marking, Submission, TaskVersion, Decimal, PaperVersion]:
    """Select markings with all that says how to grade them: a whole hand-in in one query."""
    return (
        select(Marking, Submission, TaskVersion, AttemptTask.marks, PaperVersion).options(defer(PaperVersion.spec))
        .join(Submission, Marking.submission_id == Submission.id)
        .join(TaskVersion, func.coalesce(Marking.task_version_id, Submission.task_version_id) == TaskVersion.id)
        .join(AttemptTask, (AttemptTask.attempt_id == Submission.attempt_id) & (AttemptTask.position == Submission.position))
        .join(Attempt, Submission.attempt_id == Attempt.id).join(Exam, Attempt.exam_id == Exam.id)
        .join(PaperVersion, Exam.paper_version_id == PaperVersion.id).order_by(Marking.id)
    )


def _work(marker: Marker, session: Session, row: Any) -> Work:
    marking, submission, version, marks, paper = row
    task = totals.with_marks(marker.tasks.get(session, version), marks)
    response = to_response(task, submission.response, marker.blobs)
    return Work(task, response, grader_defaults(paper_spec(paper)), marking.strict)
