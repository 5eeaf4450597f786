"""A candidate's sitting: start, save a draft, flag, hand in, and close what has expired. Each takes `now`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from simulator import candidates, events, marking, phases
from simulator.clocks import check_open, current, deadline, module_timing, own_clocks, paper, penalty, timing, why_not_open
from simulator.db import lock
from simulator.drawing import draw_paper
from simulator.errors import Refused
from simulator.models import Attempt, AttemptModule, AttemptTask, Candidate, Draft, Exam, Marking, Submission, User

__all__ = [
    "Outdated", "Saved", "check", "check_open", "deadline", "draft", "expired", "flag", "hand_in", "load", "penalty", "save_draft", "start",
    "submit", "task", "timing", "why_not_start",
]


TIMED = (joinedload(Attempt.exam).joinedload(Exam.paper), joinedload(Attempt.candidate), selectinload(Attempt.modules))
"""What the gates and clocks ask of attempts, loaded with them."""


@dataclass(frozen=True)
class Saved:
    """Answer to a save: the draft's revision and when it was stored."""

    rev: int
    saved_at: datetime


class Outdated(Refused):
    """A save was based on an older revision; carries what the server has."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(_("这道题在别处有更新的内容。"), _("请选择保留哪一份。"), status=409)
        self.draft = draft


def load(session: Session, attempt_id: int, *, tasks: bool = False, lock: bool = False) -> Attempt | None:
    """Return the attempt with all that its gates and clocks need, None if there is none.

    tasks : with all its tasks, for pages that show them; lock : nobody hands anything of it in until the transaction ends.
    """
    if lock:
        session.execute(select(Attempt.id).where(Attempt.id == attempt_id).with_for_update())
    return session.get(Attempt, attempt_id, options=[*TIMED, *([selectinload(Attempt.tasks).joinedload(AttemptTask.version)] * tasks)])


def why_not_start(session: Session, exam: Exam, user: User, now: datetime) -> str:
    """Return why `user` may not start a new attempt now, "" if they may."""
    if reason := why_not_open(exam, session.get(Candidate, (exam.id, user.id)), now):
        return reason
    if exam.groups and user.role == "student" and user.group_id not in [group.id for group in exam.groups]:
        return str(_("这场考试没有安排你所在的班级。"))
    mine = select(Attempt).where(Attempt.exam_id == exam.id, Attempt.user_id == user.id)
    if session.scalar(mine.where(Attempt.state == "running")) is not None:
        return str(_("你有一份正在作答的试卷。"))
    used = session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    if exam.attempts_allowed is not None and used >= exam.attempts_allowed:
        return str(_("可用的 %(n)s 次作答已经用完。", n=exam.attempts_allowed))
    return ""


def start(session: Session, exam: Exam, user: User, now: datetime) -> Attempt:
    """Start an attempt, or return the one that is running; Refused with the reason otherwise."""
    mine = select(Attempt).where(Attempt.exam_id == exam.id, Attempt.user_id == user.id)
    running = session.scalar(mine.where(Attempt.state == "running"))
    if running is not None:
        return running
    if reason := why_not_start(session, exam, user, now):
        raise Refused(reason, "如有疑问请联系监考教师。", status=403)
    number = (session.scalar(select(func.max(Attempt.number)).where(Attempt.exam_id == exam.id, Attempt.user_id == user.id)) or 0) + 1
    # A contest sets everybody the same items; a mock and practice redraw for each attempt.
    seed = exam.seed if exam.mode == "contest" else exam.seed * 1_000_003 + user.id * 1009 + number
    attempt = Attempt(exam_id=exam.id, user_id=user.id, number=number, seed=seed % 2**31, started_at=now)
    session.add(attempt)
    session.flush()
    attempt.tasks = draw_paper(session, exam.paper, attempt.seed)
    if paper(attempt).clock == "module" and paper(attempt).order == "linear":
        attempt.modules = [AttemptModule(attempt_id=attempt.id, module=0, entered_at=now)]
    candidates.ensure(session, exam, [user.id])
    events.record(session, "attempt.started", now, who=user.id, attempt=attempt, number=number)
    return attempt


def save_draft(
    session: Session, attempt: Attempt, position: int, rev: int, response: Mapping[str, Any], now: datetime
) -> Saved:
    """Store the response to one task, based on revision `rev`.

    Raises Outdated if the server holds a newer one that differs, Refused (410) when the time is up. Sending the same
    response again changes nothing (a replay after a lost answer).
    """
    check_open(attempt, now, position)
    draft = session.get(Draft, (attempt.id, position))
    if draft is not None and draft.response == response:
        return Saved(draft.rev, draft.saved_at)
    if draft is not None and rev < draft.rev:
        raise Outdated(draft)
    if draft is None:
        draft = Draft(attempt_id=attempt.id, position=position, rev=0)
        session.add(draft)
    draft.rev, draft.response, draft.saved_at = draft.rev + 1, dict(response), now
    attempt.last_save_at = now
    return Saved(draft.rev, now)


def flag(session: Session, attempt: Attempt, position: int, flagged: bool, now: datetime) -> None:
    """Set or clear the candidate's own mark on a task."""
    check_open(attempt, now, position)
    task(session, attempt, position).flagged = flagged


def task(session: Session, attempt: Attempt, position: int) -> AttemptTask:
    """Return the task at `position`; Refused (404) if the paper has none there."""
    found = session.get(AttemptTask, (attempt.id, position))
    if found is None:
        raise Refused("这份试卷没有这道题。", "请从题号导航进入。", status=404)
    return found


def draft(session: Session, attempt: Attempt, position: int) -> dict[str, Any]:
    """Return the saved response to one task, {} if there is none."""
    found = session.get(Draft, (attempt.id, position))
    return found.response if found else {}


def submit(session: Session, attempt: Attempt, now: datetime, *, by: str, who: int | None = None) -> bool:
    """Hand in: every draft that was not yet becomes a Submission with a queued Marking. Idempotent; the caller commits.

    by : candidate, deadline or instructor. The end time is never later than the attempt's last moment, and does not depend on when
    an expired attempt is found. Returns False if the attempt was closed already.
    """
    session.flush()
    lock(session, attempt)
    if attempt.state != "running":
        return False
    clock = timing(attempt)
    expired = phases.attempt_phase(clock, now) in ("grace", "over")
    end = phases.expiry_time(clock, attempt.last_save_at) if expired else phases.end_time(clock, now)
    if by == "candidate" and expired:
        by = "deadline"  # the page hands in by itself at zero
    done = {row.module for row in attempt.modules}
    for row in attempt.modules:
        if row.left_at is None:
            row.left_at = phases.module_end(clock, module_timing(attempt, row), now)
            hand_in(session, attempt, [item for item in attempt.tasks if item.module == row.module], row.left_at, now)
    hand_in(session, attempt, [item for item in attempt.tasks if item.module not in done], end, now)
    attempt.ended_at, attempt.state, attempt.closed_by, attempt.paused_at = end, "closed", by, None
    events.record(session, "attempt.handed-in", now, who=who, attempt=attempt, by=by)
    return True


def hand_in(session: Session, attempt: Attempt, items: list[AttemptTask], end: datetime, now: datetime) -> None:
    """Make a Submission with a queued Marking of each of `items`, as of `end`."""
    drafts = {d.position: d.response for d in session.scalars(select(Draft).where(Draft.attempt_id == attempt.id))}
    if items:
        marking.queue_all(session, [
            Submission(
                attempt_id=attempt.id, position=item.position, task_version_id=item.task_version_id, kind="hand-in",
                response=drafts.get(item.position, {}), submitted_at=end,
            ) for item in items
        ], now)


def check(session: Session, attempt: Attempt, position: int, now: datetime) -> Submission:
    """Submit one task for feedback at once (practice only); the caller commits and marks.

    Asking again while the same response waits to be marked queues nothing more.
    """
    if attempt.exam.mode != "practice":
        raise Refused("只有练习模式可以逐题查看结果。", status=403)
    check_open(attempt, now, position)
    item = task(session, attempt, position)
    draft = session.get(Draft, (attempt.id, position))
    response = draft.response if draft else {}
    waiting = session.scalars(
        select(Submission).join(Marking, Marking.submission_id == Submission.id)
        .where(Submission.attempt_id == attempt.id, Submission.position == position)
        .where(Marking.state.in_(("queued", "leased")), Marking.counts)
        .order_by(Submission.id.desc())
    ).first()
    if waiting is not None and waiting.response == response:
        return waiting
    submission = Submission(
        attempt_id=attempt.id, position=position, task_version_id=item.task_version_id, kind="check",
        response=response, submitted_at=now,
    )
    marking.queue(session, submission, now)
    return submission


def expired(session: Session, now: datetime) -> list[int]:
    """Return the ids of running attempts that are over, or of which a module with its own clock is."""
    running = session.scalars(select(Attempt).where(Attempt.state == "running").options(*TIMED))
    return [attempt.id for attempt in running if _is_over(attempt, now)]


def _is_over(attempt: Attempt, now: datetime) -> bool:
    if phases.attempt_phase(timing(attempt), now) == "over":
        return True
    module = current(attempt) if own_clocks(attempt) else None
    return module is not None and phases.module_phase(timing(attempt), module_timing(attempt, module), now) == "over"
