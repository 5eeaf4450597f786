"""The order in which markings are done, and what a waiting candidate may be told.

Start-time fair queueing: every marking that needs a worker gets a turn, the later of the turn that is being served and the
one after its candidate's last. Workers take the lowest (turn, id). So a candidate with six programs does not stand before
everybody who comes a moment later, and since a candidate's turns only grow, each other overtakes a waiting marking once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from simulator import workers
from simulator.models import Attempt, Marking, Submission

STARTED = ("leased", "done", "error")
RECENT = 20  # markings of one task that tell how long it takes
WINDOW = 5000  # how far back they are looked for
MOMENT_S = 1.0  # what is left of a marking that takes longer than others of its task did
LATER = 2**30
"""The turn of what a re-marking tries, after everything that a candidate waits for."""


@dataclass(frozen=True)
class Wait:
    """What stands between an attempt and its last result.

    ahead : markings of others that wait before it; seconds : until it is marked, None if that is not known; workers : how many
    mark now.
    """

    ahead: int
    seconds: float | None
    workers: int


def served(session: Session) -> int:
    """Return the turn that is being served: the highest one that was ever started."""
    before = Marking.turn < LATER
    highest = (session.scalar(select(func.max(Marking.turn)).where(Marking.state == state, before)) for state in STARTED)
    return max((turn for turn in highest if turn is not None), default=0)


def next_turn(session: Session, user_id: int) -> int:
    """Return the turn of this candidate's next marking; one after that follows with each further one."""
    last = session.scalar(
        select(func.max(Marking.turn)).join(Submission, Marking.submission_id == Submission.id)
        .join(Attempt, Submission.attempt_id == Attempt.id).where(Attempt.user_id == user_id, Marking.turn < LATER)
    )
    now = served(session)
    return now if last is None else max(now, last + 1)


def waiting(session: Session) -> int:
    """Return how many markings are queued that a candidate waits for."""
    return session.scalar(select(func.count()).where(Marking.state == "queued", Marking.turn < LATER)) or 0


def oldest_wait(session: Session, now: datetime) -> float | None:
    """Return for how many seconds the oldest queued marking has waited, None if none is queued."""
    waits = (Marking.state == "queued", Marking.turn < LATER)
    oldest = session.scalar(select(Marking.queued_at).where(*waits).order_by(Marking.queued_at).limit(1))
    return None if oldest is None else max((now - oldest).total_seconds(), 0.0)


def open_errors() -> Select[int]:
    """Select the ids of markings that failed for our fault and have no newer try."""
    newest = select(func.max(Marking.id)).where(Marking.counts).group_by(Marking.submission_id)
    return select(Marking.id).where(Marking.state == "error", Marking.id.in_(newest))


def failed(session: Session) -> int:
    """Return how many submissions wait on the desk because their last marking failed."""
    return session.scalar(select(func.count()).where(Marking.id.in_(open_errors()))) or 0


def place(session: Session, marking_id: int) -> int:
    """Return how many queued markings come before `marking_id` (0 if it does not wait)."""
    own = session.get(Marking, marking_id)
    if own is None or own.state != "queued":
        return 0
    return session.scalar(select(func.count()).where(_before(own))) or 0


def _before(own: Marking) -> ColumnElement[bool]:
    return and_(Marking.state == "queued", or_(Marking.turn < own.turn, and_(Marking.turn == own.turn, Marking.id < own.id)))


def estimate(session: Session, attempt_id: int, now: datetime) -> Wait:
    """Return the honest wait of an attempt: from how long the same tasks took lately, who marks, and what runs now.

    seconds is None without a worker, and while one of the tasks before it has never been measured.
    """
    marking_now = workers.summary(session, now).marking
    last = _last_waiting(session, attempt_id)
    queued = _queued_until(session, last) if last is not None else {}
    ahead = sum(count for (_version, own), count in queued.items() if own != attempt_id)
    running = _running(session, now)
    if last is None:
        running = [entry for entry in running if entry[0] == attempt_id]
    if not marking_now or (last is None and not running):
        return Wait(ahead, None, marking_now)
    known = typical(session, {version for version, _own in queued} | {version for _own, version, _elapsed in running})
    rest = [_rest(known.get(version), elapsed) for _own, version, elapsed in running]
    whole = [known[version] * count if version in known else None for (version, _own), count in queued.items()]
    own_time = 0.0 if last is None else known.get(last.submission.task_version_id)
    times = [*rest, *whole, own_time]
    if any(time is None for time in times):
        return Wait(ahead, None, marking_now)
    total = sum(time for time in [*rest, *whole] if time is not None)
    return Wait(ahead, max(total / marking_now, own_time or 0.0), marking_now)


def _rest(usual: float | None, elapsed: float) -> float | None:
    return None if usual is None else max(usual - elapsed, MOMENT_S)


def _last_waiting(session: Session, attempt_id: int) -> Marking | None:
    query = select(Marking).join(Submission, Marking.submission_id == Submission.id)
    query = query.where(Submission.attempt_id == attempt_id, Marking.state == "queued", Marking.turn < LATER)
    return session.scalars(query.order_by(Marking.turn.desc(), Marking.id.desc()).limit(1)).first()


def _queued_until(session: Session, last: Marking) -> dict[tuple[int, int], int]:
    """Return (task version, attempt) → queued markings, up to `last`."""
    rows = session.execute(
        select(Submission.task_version_id, Submission.attempt_id, func.count())
        .join(Marking, Marking.submission_id == Submission.id).where(or_(Marking.id == last.id, _before(last)))
        .group_by(Submission.task_version_id, Submission.attempt_id)
    )
    return {(version, attempt): count for version, attempt, count in rows}


def _running(session: Session, now: datetime) -> list[tuple[int, int, float]]:
    """Return (attempt, task version, seconds so far) of every marking that runs."""
    rows = session.execute(
        select(Submission.attempt_id, Submission.task_version_id, Marking.started_at)
        .join(Marking, Marking.submission_id == Submission.id).where(Marking.state == "leased")
    )
    return [(attempt, version, (now - started).total_seconds() if started else 0.0) for attempt, version, started in rows]


def typical(session: Session, versions: Iterable[int]) -> dict[int, float]:
    """Return task version → median seconds of its last markings; versions never measured are left out."""
    wanted = list(versions)
    if not wanted:
        return {}
    newest = session.scalar(select(func.max(Marking.id))) or 0
    rows = session.execute(
        select(Submission.task_version_id, Marking.seconds).join(Marking, Marking.submission_id == Submission.id)
        .where(Marking.id > newest - WINDOW, Marking.state == "done", Submission.task_version_id.in_(wanted))
        .order_by(Marking.id.desc())
    )
    measured: dict[int, list[float]] = defaultdict(list)
    for version, seconds in rows:
        if seconds is not None and len(measured[version]) < RECENT:
            measured[version].append(seconds)
    return {version: median(seconds) for version, seconds in measured.items() if seconds}
