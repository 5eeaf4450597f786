"""The one bridge to `grading`: queue, claim, mark, settle. Delivery is at least once, so `mark` is idempotent.

::

    queued ──claim──▶ leased ──settle──▶ done
      ▲                 │  └─ our fault, tries < MAX_TRIES ─▶ queued
      └── lease expired ┘     our fault, third time ────────▶ error   (instructor's desk, never 0 marks)
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from grading import totals
from grading.engine import Grading, grade
from grading.fields import get_kind
from grading.model import Response, Task, Upload
from grading.sandbox.contract import RunResult, Sandbox
from simulator import events
from simulator.blobs import BlobStore
from simulator.catalog import TaskCache, paper_spec
from simulator.db import Database
from simulator.drawing import grader_defaults
from simulator.errors import Refused
from simulator.models import Attempt, AttemptTask, Marking, Submission, TaskVersion, VerdictRow

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
MAX_TRIES = 3
MAX_LOG = 20_000
MAX_TEXT = 4_000


@dataclass(frozen=True)
class Marker:
    """What a worker needs besides the database: tasks, blobs, and the sandbox (None: runs cannot be marked here)."""

    db: Database
    tasks: TaskCache
    blobs: BlobStore
    sandbox: Callable[[], Sandbox | None]
    clock: Callable[[], datetime]
    name: str


def queue(session: Session, submission: Submission, now: datetime, *, asked_by: int | None = None) -> Marking:
    """Add a queued marking for `submission` to the current transaction."""
    marking = Marking(submission=submission, state="queued", queued_at=now, asked_by=asked_by)
    session.add(marking)
    return marking


def waiting(session: Session) -> int:
    """Return how many markings are queued."""
    return session.scalar(select(func.count()).where(Marking.state == "queued")) or 0


def waiting_before(session: Session, marking_id: int) -> int:
    """Return how many queued markings stand before `marking_id`."""
    return session.scalar(select(func.count()).where(Marking.state == "queued", Marking.id < marking_id)) or 0


def claim(session: Session, worker: str, now: datetime) -> int | None:
    """Lease the oldest queued marking to `worker`; return its id, None if there is nothing to do."""
    oldest = select(Marking.id).where(Marking.state == "queued").order_by(Marking.id).limit(1)
    if session.get_bind().dialect.name == "postgresql":
        oldest = oldest.with_for_update(skip_locked=True)
    marking_id = session.scalar(oldest)
    return marking_id if marking_id is not None and lease(session, marking_id, worker, now) else None


def lease(session: Session, marking_id: int, worker: str, now: datetime) -> bool:
    """Lease one queued marking; False if another worker was first."""
    result = session.execute(
        update(Marking).where(Marking.id == marking_id, Marking.state == "queued")
        .values(state="leased", leased_by=worker, leased_until=now + LEASE, tries=Marking.tries + 1)
    )
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


def expire_dead(session: Session, host: str, alive: Callable[[int], bool], now: datetime) -> int:
    """End the leases of this machine's processes that are gone, so that the next sweep need not wait for them.

    host : this machine's name as in worker names (``host:pid/number``); alive(pid) : whether a process still exists.
    The lost try counts: a submission that kills its worker each time must reach the desk, not loop for ever.
    """
    expired = 0
    for marking in session.scalars(select(Marking).where(Marking.state == "leased", Marking.leased_by.startswith(f"{host}:"))):
        pid = marking.leased_by.removeprefix(f"{host}:").partition("/")[0]
        if pid.isdecimal() and not alive(int(pid)):
            marking.leased_until = now - timedelta(seconds=1)
            expired += 1
    return expired


def sweep(session: Session, now: datetime) -> int:
    """Put markings whose lease has expired (their worker died) back into the queue, or to `error` after the third try."""
    expired = (Marking.state == "leased") & (Marking.leased_until < now)
    session.execute(
        update(Marking).where(expired, Marking.tries >= MAX_TRIES).values(state="error", log="评分进程三次中断。", done_at=now)
    )
    result = session.execute(update(Marking).where(expired).values(state="queued", leased_by="", leased_until=None))
    return int(result.rowcount)  # type: ignore[attr-defined]


def mark(marker: Marker, marking_id: int) -> None:
    """Mark one leased marking and settle it. Whatever fails here is our fault and is tried again."""
    try:
        with marker.db.read() as session:
            task, response, defaults = _load(marker, session, session.get_one(Marking, marking_id))
        grading = grade(task, response, sandbox=marker.sandbox() if task.runs else None, defaults=defaults)
        problem = ""
    except Exception:
        log.exception("marking %s failed", marking_id)
        grading, problem = None, traceback.format_exc()
    with marker.db.write() as session:
        marking = session.get_one(Marking, marking_id)
        if marking.state == "leased" and marking.leased_by == marker.name:
            settle(session, marking, grading, problem, marker.clock())


def mark_quick(marker: Marker, attempt_id: int) -> None:
    """Mark at once the queued tasks of an attempt that run nothing (choices, numbers, texts); the rest stays queued."""
    with marker.db.read() as session:
        rows = session.execute(
            select(Marking.id, TaskVersion).join(Submission, Marking.submission_id == Submission.id)
            .join(TaskVersion, Submission.task_version_id == TaskVersion.id)
            .where(Submission.attempt_id == attempt_id, Marking.state == "queued").order_by(Marking.id)
        ).all()
        quick = [marking_id for marking_id, version in rows if not marker.tasks.get(session, version).runs]
        work = {marking_id: _load(marker, session, session.get_one(Marking, marking_id)) for marking_id in quick}
    gradings = {marking_id: grade(task, response, defaults=defaults) for marking_id, (task, response, defaults) in work.items()}
    with marker.db.write() as session:
        for marking_id, grading in gradings.items():
            if lease(session, marking_id, marker.name, marker.clock()):
                settle(session, session.get_one(Marking, marking_id), grading, "", marker.clock())


def mark_submission(marker: Marker, submission_id: int) -> None:
    """Mark the newest queued marking of one submission now (practice: feedback at once)."""
    with marker.db.write() as session:
        newest = session.scalar(select(func.max(Marking.id)).where(Marking.submission_id == submission_id))
        leased = newest is not None and lease(session, newest, marker.name, marker.clock())
    if leased and newest is not None:
        mark(marker, newest)


def settle(session: Session, marking: Marking, grading: Grading | None, problem: str, now: datetime) -> None:
    """Store what a marking found; an error verdict or an exception means another try, the third time the desk."""
    faults = [v for v in grading.verdicts if v.status in totals.UNSETTLED] if grading else []
    failed = grading is None or bool(faults)
    marking.log = (problem or "\n".join(f"{v.id}: {v.reason}" for v in faults))[-MAX_LOG:]
    if failed and marking.tries < MAX_TRIES:
        marking.state, marking.leased_by, marking.leased_until = "queued", "", None
        return
    if grading is not None:
        marking.verdicts = [_row(ordinal, verdict) for ordinal, verdict in enumerate(grading.verdicts)]
        marking.runs = {name: _run(result) for name, result in grading.runs.items()}
        marking.graders = dict(grading.graders)
    marking.state, marking.done_at = "error" if failed else "done", now
    if failed:
        events.record(session, "marking.error", now, marking=marking.id)


def retry(session: Session, marking_id: int, now: datetime, who: int) -> Marking:
    """Queue a new marking for a submission whose last one is `error`."""
    old = session.get(Marking, marking_id)
    if old is None or old.state != "error":
        raise Refused("这次评分不需要重试。", "请刷新页面查看最新状态。", status=409)
    newer = session.scalar(select(Marking.id).where(Marking.submission_id == old.submission_id, Marking.id > old.id))
    if newer is not None:
        raise Refused("这份提交已经重新排队评分。", "请刷新页面查看最新状态。", status=409)
    events.record(session, "marking.retried", now, who=who, marking=marking_id)
    return queue(session, old.submission, now, asked_by=who)


def _load(marker: Marker, session: Session, marking: Marking) -> tuple[Task, Response, Mapping[str, Any]]:
    submission = marking.submission
    version = session.get_one(TaskVersion, submission.task_version_id)
    item = session.get_one(AttemptTask, (submission.attempt_id, submission.position))
    attempt = session.get_one(Attempt, submission.attempt_id)
    task = totals.with_marks(marker.tasks.get(session, version), item.marks)
    return task, to_response(task, submission.response, marker.blobs), grader_defaults(paper_spec(attempt.exam.paper))


def to_response(task: Task, stored: Mapping[str, Any], blobs: BlobStore) -> Response:
    """Return a stored response with its blobs as uploads."""
    response: dict[str, Any] = {}
    for field in task.fields:
        value = stored.get(field.id)
        if value is not None and get_kind(field.kind).takes_file:
            value = Upload(str(value["name"]), blobs.get(str(value["blob"])))
        response[field.id] = value
    return response


def _row(ordinal: int, verdict: Any) -> VerdictRow:
    return VerdictRow(
        ordinal=ordinal, point_id=verdict.id, title=verdict.title, status=verdict.status, earned=verdict.earned,
        marks=verdict.marks, expected=verdict.expected[:MAX_TEXT], found=verdict.found[:MAX_TEXT],
        reason=verdict.reason[:MAX_TEXT], cause=verdict.cause,
    )


def _run(result: RunResult) -> dict[str, Any]:
    return {
        "status": result.status, "message": result.message, "wall_s": round(result.wall_s, 3),
        "memory_mb": round(result.memory_mb, 1), "stdout": result.stdout[-MAX_TEXT:], "stderr": result.stderr[-MAX_TEXT:],
    }
