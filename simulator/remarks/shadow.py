"""A re-marking while it is tried: its markings are done in the background after all that candidates wait for, and do not count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from simulator import events, queueing, results
from simulator.catalog import TaskCache
from simulator.errors import Refused
from simulator.models import Attempt, AttemptTask, Exam, Marking, Remarking, Submission
from simulator.remarks import versions
from simulator.remarks.changes import Changes, compare
from simulator.remarks.versions import Newer

OPEN = ("marking", "ready")


@dataclass(frozen=True)
class Progress:
    """How far a re-marking is: submissions in all, those waiting or being marked, those that failed for our fault; missing : handed
    in or marked again since, so not tried yet."""

    total: int
    waiting: int
    errors: int
    missing: int

    @property
    def done(self) -> int:
        """Submissions that are marked."""
        return self.total - self.waiting - self.errors

    @property
    def ready(self) -> bool:
        """Whether nothing has to be waited for."""
        return not self.waiting and not self.missing


def get(session: Session, remarking_id: int, *, lock: bool = False) -> Remarking:
    """Return the re-marking; Refused (404) if there is none."""
    found = session.get(Remarking, remarking_id, with_for_update=lock)
    if found is None:
        raise Refused("找不到这次重评。", "请从场次的重评页进入。", status=404)
    return found


def open_one(session: Session, exam_id: int) -> Remarking | None:
    """Return the re-marking of an exam that is neither applied nor dropped."""
    return session.scalar(select(Remarking).where(Remarking.exam_id == exam_id, Remarking.state.in_(OPEN)).limit(1))


def choices(session: Session, cache: TaskCache, exam_id: int) -> list[tuple[Newer, Changes]]:
    """Return the tasks of an exam that have another version, with what that changes."""
    return [(one, _compare(session, cache, exam_id, one)) for one in versions.newer(session, exam_id)]


def _compare(session: Session, cache: TaskCache, exam_id: int, one: Newer) -> Changes:
    marks = session.scalars(
        select(AttemptTask.marks).join(Attempt, AttemptTask.attempt_id == Attempt.id)
        .where(Attempt.exam_id == exam_id, AttemptTask.task_version_id == one.held.id).distinct()
    )
    old, new = cache.get(session, one.marking), cache.get(session, one.newest)
    found = compare(old, new, list(marks))
    if not found.refusal and one.held is not one.marking:
        found.refusal = compare(cache.get(session, one.held), new, ()).refusal
    return found


def start(session: Session, cache: TaskCache, exam: Exam, held: Iterable[int], note: str, now: datetime, who: int) -> Remarking:
    """Open a re-marking of the chosen tasks (ids of the versions that attempts hold) and queue its markings."""
    session.execute(select(Exam.id).where(Exam.id == exam.id).with_for_update())  # one at a time
    if open_one(session, exam.id) is not None:
        raise Refused("这场考试已有一次重评没有结束。", "请先应用或放弃它。", status=409)
    wanted, found = set(held), {one.held.id: (one, changes) for one, changes in choices(session, cache, exam.id)}
    if not wanted or not wanted <= found.keys():
        raise Refused("请选择要重评的试题。", "如果试题刚刚又改过，请刷新页面再选。", status=422)
    for one, changes in (found[held_id] for held_id in wanted):
        if changes.refusal:
            raise Refused(_("%(task)s 不能重评：%(reason)s", task=one.newest.title, reason=changes.refusal), status=422)
    chosen = {str(held_id): found[held_id][0].newest.id for held_id in sorted(wanted)}
    remarking = Remarking(exam_id=exam.id, state="marking", versions=chosen, note=note.strip()[:500], asked_at=now, asked_by=who)
    session.add(remarking)
    session.flush()
    queued = top_up(session, remarking, now)
    events.record(session, "remark.started", now, who=who, exam_id=exam.id, remarking=remarking.id, tasks=len(chosen), queued=queued)
    return remarking


def newest_tries(remarking_id: int) -> Select[Any]:
    """Select the id of the newest marking that a re-marking has made of each submission."""
    own = (Marking.remarking_id == remarking_id, Marking.origin == "remark")
    return select(func.max(Marking.id)).where(*own).group_by(Marking.submission_id)


def missing(session: Session, remarking: Remarking) -> list[Submission]:
    """Return what is handed in and not tried yet, or was marked again since it was."""
    held = list(versions.pairs(remarking.versions))
    attempts = select(Attempt.id).where(Attempt.exam_id == remarking.exam_id, Attempt.state == "closed")
    latest = results.latest_submissions(session.scalars(attempts))
    tried = _newest_of(Marking.remarking_id == remarking.id, Marking.origin == "remark")
    usual = _newest_of(Marking.counts, Marking.origin != "override")
    rows = select(Submission).outerjoin(tried, tried.c.submission_id == Submission.id).outerjoin(
        usual, usual.c.submission_id == Submission.id
    ).where(
        Submission.id.in_(latest), Submission.task_version_id.in_(held),
        tried.c.newest.is_(None) | (usual.c.newest > tried.c.newest),
    )
    return list(session.scalars(rows.order_by(Submission.attempt_id, Submission.position)))


def _newest_of(*wanted: Any) -> Any:
    return select(Marking.submission_id, func.max(Marking.id).label("newest")).where(*wanted).group_by(Marking.submission_id).subquery()


def top_up(session: Session, remarking: Remarking, now: datetime) -> int:
    """Queue what is missing; return how many."""
    found = missing(session, remarking)
    session.add_all(_try(submission, remarking, now) for submission in found)
    return len(found)


def _try(submission: Submission, remarking: Remarking, now: datetime) -> Marking:
    return Marking(
        submission_id=submission.id, state="queued", queued_at=now, turn=queueing.LATER, counts=False, origin="remark",
        remarking_id=remarking.id, task_version_id=versions.pairs(remarking.versions)[submission.task_version_id],
        asked_by=remarking.asked_by,
    )


def progress(session: Session, remarking: Remarking) -> Progress:
    """Return how far a re-marking is."""
    rows = session.execute(
        select(Marking.state, func.count()).where(Marking.id.in_(newest_tries(remarking.id))).group_by(Marking.state)
    )
    counts: dict[str, int] = dict(iter(rows))
    waiting = counts.get("queued", 0) + counts.get("leased", 0)
    left = len(missing(session, remarking)) if remarking.state in OPEN else 0
    return Progress(waiting + counts.get("done", 0) + counts.get("error", 0), waiting, counts.get("error", 0), left)


def advance(session: Session, now: datetime) -> int:
    """Queue for every open re-marking what was handed in since, and note which have become ready; return how many were queued."""
    queued = 0
    for remarking in session.scalars(select(Remarking).where(Remarking.state.in_(OPEN)).with_for_update(skip_locked=True)):
        queued += top_up(session, remarking, now)
        session.flush()
        state = "ready" if progress(session, remarking).ready else "marking"
        if state != remarking.state:
            remarking.state = state
            events.record(session, f"remark.{state}", now, exam_id=remarking.exam_id, remarking=remarking.id)
    return queued


def retry(session: Session, remarking: Remarking, now: datetime, who: int) -> int:
    """Queue again what failed for our fault; return how many."""
    check_open(remarking)
    failed = select(Marking).where(Marking.id.in_(newest_tries(remarking.id)), Marking.state == "error")
    found = [_try(marking.submission, remarking, now) for marking in session.scalars(failed)]
    if not found:
        raise Refused("没有评分异常的提交。", "请刷新页面。", status=409)
    session.add_all(found)
    remarking.state = "marking"
    events.record(session, "remark.retried", now, who=who, exam_id=remarking.exam_id, remarking=remarking.id, queued=len(found))
    return len(found)


def drop(session: Session, remarking: Remarking, now: datetime, who: int) -> None:
    """Give a re-marking up: its markings stay readable and never count, those not done yet are not done."""
    check_open(remarking)
    unfinished = (Marking.remarking_id == remarking.id, Marking.state.in_(("queued", "leased")))
    session.execute(update(Marking).where(*unfinished).values(state="dropped"))
    decide(remarking, "dropped", now, who)
    events.record(session, "remark.dropped", now, who=who, exam_id=remarking.exam_id, remarking=remarking.id)


def decide(remarking: Remarking, state: str, now: datetime, who: int) -> None:
    """Note how a re-marking ended."""
    remarking.state, remarking.decided_at, remarking.decided_by = state, now, who


def check_open(remarking: Remarking) -> None:
    """Raise Refused (409) if a re-marking has ended."""
    if remarking.state not in OPEN:
        raise Refused("这次重评已经结束。", "请刷新页面查看结果。", status=409)
