"""Kills at random, by a plan that the seed decides: what, when, and whom."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

Strike = Callable[[Random], str]
"""Kills one thing; returns what it was, "" if there was nothing to kill."""

TRY_S = 5.0
LOOK_S = 0.05
SHORTEST = 0.4
WRITE_LOCK = 120
"""The byte of SQLite's -shm file that whoever writes has locked."""

WRITE_S, WRITE_LOOK_S = 0.5, 0.0005


@dataclass(frozen=True)
class Blow:
    """One kill: seconds since the start, kind, and what was hit."""

    second: float
    kind: str
    hit: str


class Killer:
    """Makes strikes that kill processes; none is killed twice (it may take a moment to go)."""

    def __init__(self) -> None:
        self._killed: set[int] = {os.getpid()}

    def one_of(self, victims: Callable[[], list[int]]) -> Strike:
        """Return a strike that kills one of `victims()`."""
        def strike(random: Random) -> str:
            found = [pid for pid in victims() if pid not in self._killed]
            return self._kill(random.choice(found)) if found else ""

        return strike

    def writer(self, shm: Path) -> Strike:
        """Return a strike that kills the process that is just writing to the SQLite database whose index is `shm`."""
        def strike(_random: Random) -> str:
            until = time.monotonic() + WRITE_S
            while time.monotonic() < until:
                pid = writer(shm)
                if pid is not None and pid not in self._killed:
                    return self._kill(pid)
                time.sleep(WRITE_LOOK_S)
            return ""

        return strike

    def _kill(self, pid: int) -> str:
        self._killed.add(pid)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return ""
        return str(pid)


def writer(shm: Path) -> int | None:
    """Return the process that holds the write lock of a SQLite database in WAL mode, None if nobody does."""
    try:
        inode = f":{shm.stat().st_ino}"
    except FileNotFoundError:
        return None
    for line in Path("/proc/locks").read_text("ascii").splitlines():
        parts = line.split()  # 12: POSIX  ADVISORY  WRITE 7444 fe:00:2278531 120 120
        if parts[1] == "POSIX" and parts[3] == "WRITE" and parts[5].endswith(inode) and int(parts[6]) == WRITE_LOCK:
            return int(parts[4])
    return None


def plan(weights: Mapping[str, int], count: int, seconds: float, random: Random) -> list[tuple[float, str]]:
    """Return (seconds since the one before, kind) of `count` kills; kinds come as often as they weigh, in random order."""
    deck: list[str] = []
    while len(deck) < count:
        pack = [kind for kind, weight in weights.items() for _ in range(weight)]
        random.shuffle(pack)
        deck += pack
    return [(seconds / count * (0.5 + random.random()), kind) for kind in deck[:count]]


class Striker(threading.Thread):
    """Carries out a plan. A kill whose victim is just not there waits for it a while, then another kind takes its place."""

    def __init__(self, strikes: Mapping[str, Strike], todo: list[tuple[float, str]], random: Random) -> None:
        super().__init__(name="striker", daemon=True)
        self.blows: list[Blow] = []
        self._strikes, self._todo, self._random = strikes, todo, random
        self._ending = threading.Event()

    def stop(self) -> None:
        """Strike no more."""
        self._ending.set()

    def run(self) -> None:
        """Strike. What waiting for a victim has cost is made up for by shorter pauses, but never is there none."""
        started, due = time.monotonic(), 0.0
        for pause, kind in self._todo:
            due += pause
            if self._ending.wait(max(started + due - time.monotonic(), pause * SHORTEST)):
                return
            self._strike(kind, started)

    def _strike(self, kind: str, started: float) -> None:
        """Kill one of `kind`; if none is there for a while, whatever is."""
        until = time.monotonic() + TRY_S
        while not self._ending.wait(LOOK_S):
            choice = kind if time.monotonic() < until else self._random.choice(list(self._strikes))
            if hit := self._strikes[choice](self._random):
                self.blows.append(Blow(round(time.monotonic() - started, 1), choice, hit))
                return
