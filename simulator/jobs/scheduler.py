"""APScheduler in one owner: whichever process holds the lease `scheduler` closes expired attempts and sweeps markings."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from simulator import attempts, marking
from simulator.db import Database
from simulator.models import Attempt, Lease

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
EVERY_S = 3


class Scheduler:
    """Runs `tick` every EVERY_S seconds; only the lease's holder does anything in it."""

    def __init__(self, db: Database, clock: Callable[[], datetime], notify: Callable[[], None]) -> None:
        self._db = db
        self._clock = clock
        self._notify = notify
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def start(self) -> None:
        """Start ticking in the background, at once."""
        self._scheduler.add_job(self.tick, "interval", seconds=EVERY_S, max_instances=1, coalesce=True, misfire_grace_time=60)
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking and give the lease back."""
        self._scheduler.shutdown(wait=True)
        with self._db.write() as session:
            lease = session.get(Lease, "scheduler")
            if lease is not None and lease.owner == self._owner:
                session.delete(lease)

    def tick(self) -> None:
        """Do what is due now, if this process is the owner."""
        now = self._clock()
        if own(self._db, self._owner, now) and run_due(self._db, now):
            self._notify()


def own(db: Database, owner: str, now: datetime) -> bool:
    """Take or renew the lease `scheduler`; False while another process holds it."""
    with db.write() as session:
        lease = session.get(Lease, "scheduler", with_for_update=True)
        if lease is None:
            session.add(Lease(name="scheduler", owner=owner, until=now + LEASE))
            return True
        if lease.owner != owner and lease.until > now:
            return False
        lease.owner, lease.until = owner, now + LEASE
        return True


def run_due(db: Database, now: datetime) -> int:
    """Close expired attempts with their last drafts and re-queue lost markings; return how many things were done."""
    with db.read() as session:
        overdue = attempts.expired(session, now)
    closed = 0
    for attempt_id in overdue:  # one transaction each: one bad attempt must not keep the others open
        try:
            with db.write() as session:
                closed += attempts.submit(session, session.get_one(Attempt, attempt_id), now, by="deadline")
        except Exception:
            log.exception("attempt %s could not be closed", attempt_id)
    with db.write() as session:
        return closed + marking.sweep(session, now)
