"""The real processes: started, started again as systemd would, found in /proc, and ended by their ids."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
LOOK_S = 0.1
STOP_S = 20.0
LINGER_S = 5.0


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent has died: so nothing that this check starts can hide."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(pid: int) -> list[int]:
    """Return the children of `pid`, of all its threads."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text("ascii").split())
    return found


def descendants(pid: int) -> Iterator[int]:
    """Yield every process below `pid`, parents first."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def command(pid: int) -> str:
    """Return the command line of `pid`, "" if it is gone or dead already."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def fork_servers(pid: int) -> list[int]:
    """Return the sandboxes' fork servers below `pid`. What they have forked looks the same, but is a candidate's run."""
    marked = [found for found in descendants(pid) if "/forkserver.py" in command(found)]
    return sorted(set(marked) - {forked for server in marked for forked in descendants(server)})


@dataclass
class Unit:
    """One service: it is started again `pause` seconds after it has ended, however it ended.

    base : others need it, so it is stopped last.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    pause: float = 2.0
    base: bool = False
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    started: float = 0.0
    due: float = field(default=0.0, repr=False)

    @property
    def pid(self) -> int | None:
        """Its main process, None while there is none."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None

    def look_after(self, now: float) -> None:
        """Start it, or start it again once it is due."""
        if self.pid is not None:
            return
        if self.process is not None:
            self.process, self.due = None, now + self.pause
        if now >= self.due:
            self.started, self.starts = now, self.starts + 1
            with self.log.open("ab") as log:  # a session of its own: Ctrl+C is for the check, which ends everything in order
                self.process = subprocess.Popen(
                    self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )


class Units:
    """All services of a site, and a thread that looks after them."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="units", daemon=True)

    def start(self) -> None:
        """Start everything."""
        self._thread.start()

    def named(self, prefix: str) -> list[Unit]:
        """Return the units that run now and whose name begins with `prefix`."""
        return [unit for unit in self.units if unit.name.startswith(prefix) and unit.pid is not None]

    def stop(self) -> list[str]:
        """End everything as an operator does (SIGTERM); return the command lines of what was left after that, and kill it."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        for base in (False, True):
            self._end([unit.process for unit in self.units if unit.base == base and unit.process is not None])
        self._linger()
        return kill_all()

    def _linger(self) -> None:
        """Give what ends by itself once its users have ended (multiprocessing's resource tracker) a moment to do so."""
        until = time.monotonic() + LINGER_S
        while time.monotonic() < until and [pid for pid in descendants(os.getpid()) if command(pid)]:
            time.sleep(LOOK_S)
            self._reap()

    def _end(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.terminate()
        until = time.monotonic() + STOP_S
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0.1))
        self._reap()

    def _watch(self) -> None:
        while not self._ending.wait(LOOK_S):
            for unit in self.units:
                unit.look_after(time.monotonic())
            self._reap()

    def _reap(self) -> None:
        own = {unit.process.pid for unit in self.units if unit.process is not None and unit.process.poll() is None}
        for pid in set(children(os.getpid())) - own:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def kill_all() -> list[str]:
    """Kill every process below this one, one by one; return their command lines."""
    left: dict[int, str] = {}
    while below := [pid for pid in descendants(os.getpid()) if command(pid)]:
        for pid in below:
            left.setdefault(pid, command(pid))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in children(os.getpid()):
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
    return list(left.values())
