"""From a running program to its Trial row: what it prints, the pictures it shows, and back: whether it should stop.

The thread that runs the program also watches its limits, so it must never wait for the database: it only leaves here what
came, and a thread of ours writes it down, at most every EVERY_S and only if something changed.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grading.magic import sniff
from grading.sandbox.contract import Observer, RunJob, RunResult, Sandbox
from simulator.db import LOST, Database
from simulator.models import Attempt, Trial, TrialFigure
from simulator.terminal import Screen

log = logging.getLogger(__name__)

EVERY_S = 0.25
MAX_OUTPUT = 20_000
MAX_FIGURES = 20
MAX_FIGURE = 1024 * 1024


class Observed:
    """A sandbox all of whose runs are looked at by one observer."""

    def __init__(self, inner: Sandbox, observer: Observer) -> None:
        self.name, self.models = inner.name, inner.models
        self._inner = inner
        self._observer = observer

    def run(self, job: RunJob, observer: Observer | None = None) -> RunResult:
        """Run `job` before the observer's eyes."""
        return self._inner.run(job, observer or self._observer)

    def close(self) -> None:
        """Do nothing: the sandbox is not ours."""


@dataclass(frozen=True)
class News:
    """What is to be written: text by column, plain data for the page, pictures with their numbers."""

    text: dict[str, str]
    page: dict[str, Any]
    figures: list[tuple[int, bytes]]


class Feed:
    """Observer of one run. As a context it writes to the row of trial `trial_id`, which `worker` has leased."""

    def __init__(self, db: Database, trial_id: int, worker: str) -> None:
        self._db, self._trial_id, self._worker = db, trial_id, worker
        self._lock = threading.Lock()
        self._screens = {"stdout": Screen(MAX_OUTPUT), "stderr": Screen(MAX_OUTPUT)}
        self._figures: list[tuple[int, bytes]] = []  # those that are not written yet
        self._seen = self._left_out = 0
        self._changed = False
        self._stop, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="feed", daemon=True)

    # What the run says ---------------------------------------------------------------------------------------------------

    def output(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        """Take what the program has just printed."""
        with self._lock:
            self._screens[stream].feed(data)
            self._changed = True

    def figure(self, data: bytes) -> None:
        """Take a picture: PNG only, MAX_FIGURES of at most MAX_FIGURE bytes."""
        with self._lock:
            self._changed = True
            if sniff(data) == "png" and len(data) <= MAX_FIGURE and self._seen < MAX_FIGURES:
                self._seen += 1
                self._figures.append((self._seen, data))
            else:
                self._left_out += 1

    def cancelled(self) -> bool:
        """Return whether the run should end: its candidate wants that, the exam is over, or the trial is no longer ours."""
        return self._stop.is_set()

    # What is written down ------------------------------------------------------------------------------------------------

    def __enter__(self) -> Feed:
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def rest(self) -> News:
        """Return all that has been printed, and the pictures that are not written yet."""
        with self._lock:
            return self._news()

    def _news(self) -> News:
        screens = self._screens
        page = {name: {"cut": screen.cut, "keep": screen.keep} for name, screen in screens.items()}
        return News({name: s.text for name, s in screens.items()}, {**page, "left_out": self._left_out}, list(self._figures))

    def _write_on(self) -> None:
        while not self._ended.wait(EVERY_S):
            try:
                self._look()
                self._write()
            except LOST as error:
                log.warning("trial %s: the database cannot be reached, the page lags behind: %s", self._trial_id, error.orig)
            except Exception:  # the run goes on, and its result is written at the end
                log.exception("trial %s: the page lags behind", self._trial_id)

    def _look(self) -> None:
        with self._db.read() as session:
            row = session.execute(
                select(Trial.cancel, Trial.state, Trial.leased_by, Attempt.state).join(Attempt, Trial.attempt_id == Attempt.id)
                .where(Trial.id == self._trial_id)
            ).first()
        if row is None or row[0] or tuple(row[1:]) != ("leased", self._worker, "running"):
            self._stop.set()

    def _write(self) -> None:
        with self._lock:
            if not self._changed:
                return
            self._changed, news = False, self._news()
        try:
            with self._db.write() as session:
                store(session, self._trial_id, self._worker, news)
        except Exception:
            self._changed = True
            raise
        with self._lock:
            del self._figures[: len(news.figures)]


def store(session: Session, trial_id: int, worker: str, news: News, **values: Any) -> bool:
    """Write `news` and further columns to a trial that `worker` holds; False if it does not hold it any more."""
    result = session.execute(
        update(Trial).where(Trial.id == trial_id, Trial.state == "leased", Trial.leased_by == worker)
        .values(version=Trial.version + 1, **{**news.text, "result": news.page, **values})
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]
        return False
    if news.figures:  # some may be there: a commit whose answer was lost
        there = set(session.scalars(select(TrialFigure.number).where(TrialFigure.trial_id == trial_id)))
        session.add_all(TrialFigure(trial_id=trial_id, number=n, png=png) for n, png in news.figures if n not in there)
    return True
