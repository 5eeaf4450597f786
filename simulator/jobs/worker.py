"""What a worker does: it claims trials and markings, one at a time, and runs them. Any number of workers share one database."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading import runtimes
from grading.sandbox import RunJob, Sandbox
from simulator import marking, queueing, trials, workers
from simulator.db import LOST
from simulator.jobs.asker import Asker
from simulator.jobs.heartbeat import Heartbeat, Renew
from simulator.jobs.notify import make_bell
from simulator.marking import Marker
from simulator.models import Marking, Submission, TaskVersion, Trial
from simulator.services import Services

log = logging.getLogger(__name__)

IDLE_S = 2.0  # how often the queue is looked at without a bell: what another machine queues rings none here
SANDBOX_S = 30.0  # how often a sandbox that has failed is tested again
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)


class Shift:
    """Takes one piece of work after the other. No two trials in a row while markings wait: neither side starves.

    able : there is a sandbox, else only what runs nothing is marked; fault : the last marking failed for our fault.
    """

    def __init__(
        self, marker: Marker, *, beat: Heartbeat | None = None, spare: bool = False, taken: Callable[[], None] = lambda: None,
        asks: Callable[[], None] = lambda: None,
    ) -> None:
        """beat : keeps the leases; spare : leave markings to others while a candidate sits, so that no trial waits for them;
        taken : called when something has been claimed, before it is done; asks : called when a trial waits for a language model."""
        self.able = True
        self.fault = False
        self._marker = marker
        self._beat = beat
        self._spare = spare
        self._taken, self._asks = taken, asks
        self._after_trial = False
        self._current: int | None = None

    def once(self) -> bool:
        """Do one piece of work; False if there is nothing to do."""
        trials_wait, markings_wait, later = self._look()
        order = [(markings_wait, self._marking), (trials_wait, self._trial)]
        if not self._after_trial:
            order.reverse()
        self._after_trial = False
        return any(waits and work() for waits, work in [*order, (later, self._marking)])

    def give_back(self) -> None:
        """Put the marking that is being done back into the queue: this process has to end."""
        if (marking_id := self._current) is not None:
            with self._marker.db.write() as session:
                marking.release(session, marking_id, self._marker.name)

    def _look(self) -> tuple[bool, bool, bool]:
        """Return whether a trial, a marking, and something that only a re-marking tries waits. Reading first: a claim locks the
        database."""
        with self._marker.db.read() as session:
            trial = self.able and session.scalar(select(Trial.id).where(Trial.state == "queued").limit(1)) is not None
            turn = session.scalar(select(Marking.turn).where(Marking.state == "queued").order_by(Marking.turn).limit(1))
            waiting = turn is not None and not (self._spare and workers.sitting(session))
            later = waiting and turn is not None and turn >= queueing.LATER
            return trial, waiting and not later, later

    def _trial(self) -> bool:
        marker = self._marker
        with marker.db.write() as session:
            trial_id = trials.claim(session, marker.name, marker.clock())
        if trial_id is None:
            return False
        self._after_trial = True
        self._taken()
        with self._beating(lambda session, now: trials.renew(session, trial_id, marker.name, now)):
            waits = trials.execute(marker, trial_id)
        if waits:
            self._asks()
        return True

    def _marking(self) -> bool:
        marker = self._marker
        with marker.db.write() as session:
            marking_id = marking.claim(session, marker.name, marker.clock(), theory=not self.able)
            theory = _theory_of(session, marking_id)
        if marking_id is None:
            return False
        self._current = marking_id
        self._taken()
        with self._beating(lambda session, now: marking.renew(session, marking_id, marker.name, now)):
            self.fault = not marking.mark(marker, marking_id)
        self._current = None
        if theory is not None:  # forty items of one hand-in take as long together as two alone
            marking.mark_quick(marker, *theory)
        if self._beat is not None:
            self._beat.marked += 1
        return True

    @contextmanager
    def _beating(self, renew: Renew) -> Iterator[None]:
        if self._beat is None:
            yield
        else:
            with self._beat.holding(renew):
                yield


def _theory_of(session: Session, marking_id: int | None) -> tuple[int, int | None] | None:
    """Return the attempt and the re-marking of a marking of a theory item, None if it is of a practical task."""
    query = select(Submission.attempt_id, Marking.remarking_id).join(Marking, Marking.submission_id == Submission.id)
    row = session.execute(query.join(Submission.version).where(Marking.id == marking_id, TaskVersion.form != "")).first()
    return (row[0], row[1]) if row is not None else None


def work_once(marker: Marker) -> bool:
    """Do one piece of work without a heartbeat (short ones, tests); False if there is nothing to do."""
    return Shift(marker).once()


class Workplace:
    """One worker, number `number` of `of` on this machine: its row, heartbeat, bell and sandbox."""

    def __init__(self, services: Services, number: int, of: int, *, taken: Callable[[], None] = lambda: None) -> None:
        self._services = services
        marker = services.marker(number)
        self._beat = Heartbeat(marker)
        self._shift = Shift(marker, beat=self._beat, spare=of > 1 and number == of, taken=taken, asks=lambda: services.notify())
        endpoint = services.endpoint if number == 1 else None
        self._asker = Asker(services, endpoint, marker.name) if endpoint is not None else None
        self._bell = make_bell(services.settings)
        self._tested = 0.0
        self._stop = threading.Event()

    def work(self) -> None:
        """Work until `stop()`."""
        self._bell.listen()
        self._start()
        try:
            misses = 0
            while not self._stop.is_set():
                try:
                    self._check_sandbox()
                    if not self._shift.once():
                        self._bell.wait(IDLE_S)
                    misses = 0
                except LOST as error:
                    log.warning("the database cannot be reached: %s", error.orig)
                    self._stop.wait(PAUSES_S[min(misses, len(PAUSES_S) - 1)])
                    misses += 1
                except Exception:  # a worker goes on; what it had is swept
                    log.exception("worker failed")
                    self._stop.wait(IDLE_S)
        finally:
            self._leave()

    def begin(self) -> None:
        """Sign on, for somebody else who calls `once()` when there is something to do, and `end()`."""
        self._start()
        self._check_sandbox()

    def once(self) -> bool:
        """Do one piece of work; False if there is nothing to do."""
        self._check_sandbox()
        return self._shift.once()

    def end(self) -> None:
        """Sign off."""
        self._leave()

    def stop(self) -> None:
        """End after the current piece of work."""
        self._stop.set()
        self._bell.ring()

    def abandon(self) -> None:
        """Give back what is being done; the process ends right after this."""
        try:
            self._shift.give_back()
        except LOST:
            log.warning("a marking could not be given back; it is swept when its lease ends")
        self._leave()

    def _start(self) -> None:
        self._beat.start()
        if self._asker is not None:
            self._asker.start()

    def _leave(self) -> None:
        if self._asker is not None:
            self._asker.stop()
        self._beat.stop()
        self._bell.close()
        self._services.sandbox.close()

    def _check_sandbox(self) -> None:
        """Open the sandbox before the first work; test it again after a fault of ours, or if there was none."""
        again = not self._shift.able or self._shift.fault
        if self._tested and not (again and time.monotonic() - self._tested > SANDBOX_S):
            return
        holder = self._services.sandbox
        if self._tested:
            holder.close()
        sandbox = holder.get()
        self._tested, self._shift.fault, self._shift.able = time.monotonic(), False, sandbox is not None
        self._beat.backend = sandbox.name if sandbox else ""
        self._beat.problem = holder.problem or "；".join(f"{name}：{reason}" for name, reason in holder.why_not.items())
        if self._beat.problem:
            log.warning("%s", self._beat.problem)
        if sandbox is not None:
            threading.Thread(target=_warm_up, args=(sandbox, self._services.settings.runtimes), daemon=True).start()
        self._beat.beat()


def _warm_up(sandbox: Sandbox, folder: Path) -> None:
    """Run nothing once in every runtime: a fork server then has imported what programs import, and nobody waits for that."""
    for name in runtimes.names():
        if runtimes.status(name, folder).state == "ready":
            result = sandbox.run(RunJob(name, "nothing.py", {"nothing.py": b""}))
            if result.status != "ok":
                log.warning("runtime %s: %s", name, result.message)
