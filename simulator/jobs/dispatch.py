"""The embedded pool: threads of the serving process that claim queued markings. The heavy work is in the sandbox."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from simulator import marking
from simulator.marking import Marker

log = logging.getLogger(__name__)

IDLE_S = 2.0


class Pool:
    """`workers` threads that mark until `stop()`. `notify()` wakes them when something was queued."""

    def __init__(self, marker: Marker, workers: int = 0) -> None:
        self._marker = marker
        self._workers = workers or os.cpu_count() or 1
        self._wake = threading.Condition()
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        for number in range(self._workers):
            marker = replace(self._marker, name=f"{self._marker.name}/{number}")
            thread = threading.Thread(target=self._work, args=(marker,), name=f"marker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def notify(self) -> None:
        """Wake the workers: markings were queued and committed."""
        with self._wake:
            self._wake.notify_all()

    def stop(self, timeout: float = 10.0) -> None:
        """Ask the threads to end after their current marking; what they cannot finish is swept later."""
        self._stopping = True
        self.notify()
        for thread in self._threads:
            thread.join(timeout)

    def _work(self, marker: Marker) -> None:
        while not self._stopping:
            try:
                busy = work_once(marker)
            except SQLAlchemyError:
                log.exception("worker %s cannot reach the database", marker.name)
                busy = False
            if not busy:
                with self._wake:
                    self._wake.wait(IDLE_S)


def work_once(marker: Marker) -> bool:
    """Claim and mark one marking; False if the queue is empty."""
    with marker.db.read() as session:
        if not marking.waiting(session):
            return False
    with marker.db.write() as session:
        marking_id = marking.claim(session, marker.name, marker.clock())
    if marking_id is None:
        return False
    marking.mark(marker, marking_id)
    return True
