"""APScheduler in one owner: whichever process holds the lease `scheduler` closes expired attempts and sweeps what was lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from simulator import attempts, marking, modules, trials, workers
from simulator.clocks import phase
from simulator.db import LOST, Database
from simulator.models import Attempt, Lease, Marking, Trial
from simulator.remarks import shadow

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
EVERY_S = 3
# What waits longer than this may have been forgotten (a broker lost its ticket, a process missed its bell): it is announced again.
OVERDUE = timedelta(seconds=20)


class Scheduler:
    """Runs `tick` every EVERY_S seconds; only the lease's holder does anything in it. When it dies, another takes over within
    LEASE + EVERY_S."""

    def __init__(self, db: Database, clock: Callable[[], datetime], notify: Callable[[], None], owner: str) -> None:
        """owner : name of this process, ``host:pid``."""
        self._db = db
        self._clock = clock
        self._notify = notify
        self._owner = owner
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._announced: datetime | None = None

    def start(self) -> None:
        """Start ticking in the background."""
        self._scheduler.add_job(self.tick, "interval", seconds=EVERY_S, max_instances=1, coalesce=True, misfire_grace_time=60)
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking and give the lease back."""
        self._scheduler.shutdown(wait=True)
        try:
            with self._db.write() as session:
                lease = session.get(Lease, "scheduler")
                if lease is not None and lease.owner == self._owner:
                    session.delete(lease)
        except LOST:
            log.warning("the scheduler's lease could not be given back; it ends by itself")

    def tick(self) -> None:
        """Do what is due now, if this process is the owner."""
        now = self._clock()
        try:
            if own(self._db, self._owner, now) and (run_due(self._db, now) or self._forgotten(now)):
                self._notify()
        except LOST as error:
            log.warning("the scheduler cannot reach the database: %s", error.orig)

    def _forgotten(self, now: datetime) -> bool:
        if self._announced is not None and now - self._announced < OVERDUE:
            return False
        self._announced = now
        return overdue(self._db, now)


def overdue(db: Database, now: datetime) -> bool:
    """Return whether something has been waiting for longer than it should without being announced."""
    with db.read() as session:
        return any(
            session.scalar(select(table.id).where(table.state == "queued", table.queued_at < now - OVERDUE).limit(1)) is not None
            for table in (Marking, Trial)
        )


def own(db: Database, owner: str, now: datetime) -> bool:
    """Take or renew the lease `scheduler`; False while another process holds it."""
    try:
        with db.write() as session:
            lease = session.get(Lease, "scheduler", with_for_update=True)
            if lease is None:
                session.add(Lease(name="scheduler", owner=owner, until=now + LEASE))
                return True
            if lease.owner != owner and lease.until > now:
                return False
            lease.owner, lease.until = owner, now + LEASE
            return True
    except IntegrityError:  # another process has made the row in the same moment
        return False


def close_expired(session: Session, attempt: Attempt, now: datetime) -> bool:
    """Hand in an attempt whose time is up, or the module of it whose time is; return whether anything was done."""
    if phase(attempt, now) == "over":
        return attempts.submit(session, attempt, now, by="deadline")
    return modules.close_expired(session, attempt, now)


def run_due(db: Database, now: datetime) -> int:
    """Close expired attempts with their last drafts, re-queue lost markings and let re-markings follow; return how many things
    were done."""
    with db.read() as session:
        overdue = attempts.expired(session, now)
    closed = 0
    for attempt_id in overdue:  # one transaction each: one bad attempt must not keep the others open
        try:
            with db.write() as session:
                closed += close_expired(session, session.get_one(Attempt, attempt_id), now)
        except LOST:
            raise
        except Exception:
            log.exception("attempt %s could not be closed", attempt_id)
    with db.write() as session:
        workers.forget_dead(session, now)
        trials.prune(session, now)
        return closed + marking.sweep(session, now) + trials.sweep(session, now) + shadow.advance(session, now)
