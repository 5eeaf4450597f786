"""A worker's heartbeat: its row says that it is alive, and the lease of what it works on does not expire."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.orm import Session

from simulator import workers
from simulator.db import LOST
from simulator.marking import Marker

log = logging.getLogger(__name__)

EVERY_S = 10.0

Renew = Callable[[Session, datetime], bool]


class Heartbeat:
    """A thread of a worker. `holding(renew)` keeps one lease for as long as the context lasts."""

    def __init__(self, marker: Marker, every: float = EVERY_S) -> None:
        self.backend, self.problem, self.marked = "", "", 0
        self._marker = marker
        self._every = every
        self._renew: Renew | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin; the first beat is at once, in this thread."""
        self.beat()
        self._thread.start()

    def stop(self) -> None:
        """End, and remove the worker's row."""
        self._ended.set()
        self._thread.join(self._every)
        try:
            with self._marker.db.write() as session:
                workers.gone(session, self._marker.name)
        except LOST:
            log.warning("worker %s could not sign off", self._marker.name)

    @contextmanager
    def holding(self, renew: Renew) -> Iterator[None]:
        """Call `renew(session, now)` with every beat."""
        self._renew = renew
        try:
            yield
        finally:
            self._renew = None

    def beat(self) -> None:
        """Write the row and renew the lease, in two transactions; what the database refuses now is tried at the next beat."""
        renew = self._renew
        try:
            if renew is not None:
                with self._marker.db.write() as session:
                    renew(session, self._marker.clock())
            with self._marker.db.write() as session:
                workers.seen(
                    session, self._marker.name, self._marker.clock(), backend=self.backend, problem=self.problem, marked=self.marked
                )
        except LOST as error:
            log.warning("worker %s missed a beat: %s", self._marker.name, error.orig)

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            try:
                self.beat()
            except Exception:  # a heartbeat must not stop
                log.exception("worker %s missed a beat", self._marker.name)
