"""The embedded pool: worker processes of `simulator serve`, started again when they die."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from simulator.config import PREFIX, Settings

log = logging.getLogger(__name__)

LOOK_S = 0.5
SETTLED_S = 30.0  # a worker that lived this long is started again at once
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STOP_S = 15.0  # a worker gives back after ten seconds what it has not finished


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def size(count: int) -> int:
    """Return how many workers this machine has: as many as set (0: as cores), and never more than cores."""
    return min(count or cores(), cores())


@dataclass
class Place:
    """One worker of the pool: its process, and how long to wait before the next one if that dies soon."""

    number: int
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE_S
    due: float = 0.0


class Pool:
    """`count` worker processes (0: as many as cores, and never more). They end when this process does.

    died : called after one has ended by itself.
    """

    def __init__(self, settings: Settings, count: int = 0, *, died: Callable[[], None] = lambda: None) -> None:
        self.count = size(count)
        self._died = died
        self._environment = _environment(settings)
        self._places = [Place(number) for number in range(1, self.count + 1)]
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pool", daemon=True)

    def start(self) -> None:
        """Start the workers and watch over them."""
        for place in self._places:
            self._start(place)
        self._thread.start()

    def pids(self) -> list[int]:
        """Return the ids of the processes that run."""
        return [p.process.pid for p in self._places if p.process is not None and p.process.poll() is None]

    def stop(self) -> None:
        """End the workers: each finishes its marking if that does not take long."""
        self._ending.set()
        self._thread.join()
        running = [place.process for place in self._places if place.process is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + STOP_S
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0.1))
            process.kill()
            _close(process)

    def _watch(self) -> None:
        while not self._ending.wait(LOOK_S):
            for place in self._places:
                try:
                    self._look_after(place)
                except Exception:  # the others are looked after all the same
                    log.exception("worker %s cannot be looked after", place.number)

    def _look_after(self, place: Place) -> None:
        now = time.monotonic()
        if place.process is not None:
            if place.process.poll() is None:
                return
            log.warning("worker %s (process %s) has ended: %s", place.number, place.process.pid, place.process.returncode)
            _close(place.process)
            lasted, place.process = now - place.started, None
            place.pause = FIRST_PAUSE_S if lasted > SETTLED_S else min(place.pause * 2, LONGEST_PAUSE_S)
            place.due = now + place.pause
            self._died()
        if now >= place.due:
            self._start(place)

    def _start(self, place: Place) -> None:
        command = [sys.executable, "-m", "simulator", "worker", "--number", str(place.number), "--of", str(self.count), "--child"]
        place.started = time.monotonic()
        # What they say goes to our log. Nobody writes to their input: its end is the end of this process.
        place.process = subprocess.Popen(command, stdin=subprocess.PIPE, env=self._environment)


def _close(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a process loads the same settings, also those given on the command line."""
    given = {name: str(getattr(settings, name)) for name, origin in settings.origins.items() if origin == "argument"}
    return {
        **os.environ, **{f"{PREFIX}{name.upper()}": value for name, value in given.items()},
        f"{PREFIX}INSTANCE": str(settings.instance),
    }
