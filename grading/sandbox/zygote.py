"""Backend `zygote`: one loaded fork server for each sandbox runtime; a run is a fork of it in a world of its own.

host (here) ── launch.py ── forkserver.py (libraries loaded, nothing of any submission) ── keeper.py ── the program

The host thread that calls `run` sends the inputs, watches, and reads the outputs from descriptors that the keeper opens.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from grading.errors import SandboxError
from grading.runtimes import models_folder
from grading.sandbox import outcome, rootfs, seccomp
from grading.sandbox.cgroup import MemoryGroup, make_group
from grading.sandbox.contract import Observer, RunJob, RunResult
from grading.sandbox.interpreter import Interpreter, locate
from grading.sandbox.limits import MIB
from grading.sandbox.server import END_S, Berth, Server, ServerGone
from grading.sandbox.supervise import Supervisor
from grading.sandbox.warmcage import WarmCage

log = logging.getLogger(__name__)

MAX_SLOTS = 32
"""Runs at a time in one backend; more wait."""

AHEAD = os.cpu_count() or 1
"""Berths that are kept ready for the next runs."""

NOT_PYTHON = "后端 zygote 只运行 Python 程序；由别的解释器运行的程序要用后端 bwrap。"

RUNS = 500
"""Runs after which a server is replaced: its children share addresses and hash seed, which should not stay for ever."""


class ZygoteSandbox:
    """Runs each job in a fork of a loaded interpreter. Safe to use from several threads at once.

    runtimes : folder of the built runtimes. Servers start when they are first needed.
    """

    name = "zygote"

    def __init__(self, runtimes: Path) -> None:
        self.runtimes, self.models = runtimes, models_folder(runtimes)
        self._filter = seccomp.program()
        self._lock = threading.Lock()
        self._starting: dict[str, threading.Lock] = {}
        self._servers: dict[str, Server] = {}
        self._free = threading.Semaphore(MAX_SLOTS)
        self._slots: list[Slot] = []
        self._closed = False
        atexit.register(self.close)

    def run(self, job: RunJob, observer: Observer | None = None) -> RunResult:
        """Run `job` as the contract says; a sandbox that fails gives `sandbox_error`, with the reason in its message."""
        unfit = rootfs.unfit(job) or ("" if job.interpreter == "python" else NOT_PYTHON)
        if unfit:
            return RunResult("refused", message=unfit)
        try:
            with self._slot(job.runtime) as slot:
                return self._run_again(job, observer, slot)
        except SandboxError as error:
            return outcome.failed(str(error))
        except OSError as error:
            return outcome.failed(f"沙箱未能运行程序：{error}。")

    def close(self) -> None:
        """Stop all servers and remove the cgroups."""
        with self._lock:
            self._closed = True
            servers, self._servers = list(self._servers.values()), {}
            slots, self._slots = self._slots, []
        for slot in slots:
            slot.leave()
        for server in servers:
            server.dismiss()
        until = time.monotonic() + END_S
        for server in servers:
            server.end(until)
        for slot in slots:  # after the servers: a cgroup with processes cannot be removed
            slot.remove()
        atexit.unregister(self.close)

    def _run_again(self, job: RunJob, observer: Observer | None, slot: Slot) -> RunResult:
        """Run; once more, with a new server, if the server ended before the program was let go."""
        try:
            return self._run(job, observer, slot)
        except ServerGone as gone:
            log.warning("the fork server of runtime %s ended; the run is done by a new one", job.runtime)
            self._forget(job.runtime, gone.server)
            slot.leave()
            return self._run(job, observer, slot)

    def _run(self, job: RunJob, observer: Observer | None, slot: Slot) -> RunResult:
        berth = self._berth(job.runtime, slot)
        try:
            berth.settle()
            cage = WarmCage(berth, slot.group)
            supervisor = Supervisor(
                cage, job.limits, observer, stdout=berth.stdout, stderr=berth.stderr, report=berth.report
            )  # fmt: skip
        except BaseException:
            berth.leave()
            raise
        try:
            cage.send(job, figures=observer is not None)
            trace = supervisor.watch()
            if not trace.started:
                raise ServerGone(berth.server)
            files, pictures = cage.files(inputs=job.files, max_bytes=job.limits.disk_mb * MIB)
            if observer is not None:
                for picture in pictures:
                    observer.figure(picture)
        finally:
            cage.close()
        return outcome.result(trace, job.limits, files)

    def _berth(self, runtime: str, slot: Slot) -> Berth:
        """Return the berth that was made ahead for `slot`, if it is of a server that still serves, else a new one."""
        with self._server(runtime) as server:
            berth, slot.berth = slot.berth, None
            if berth is not None and berth.server is server:
                return berth
            if berth is not None:
                berth.leave()
            return server.berth(slot.number, slot.group.folder if slot.group else None)

    @contextmanager
    def _slot(self, runtime: str) -> Iterator[Slot]:
        """Lend a slot: a user id and, where possible, a memory cgroup that no other run has meanwhile."""
        with self._free:
            with self._lock:
                ready = next((slot for slot in reversed(self._slots) if slot.runtime == runtime), None)
                slot = ready or (self._slots[0] if len(self._slots) == MAX_SLOTS else Slot())
                if slot in self._slots:
                    self._slots.remove(slot)
            try:
                yield slot
                self._prepare(runtime, slot)
            finally:
                with self._lock:
                    if self._closed:
                        slot.remove()
                    else:
                        self._slots.append(slot)

    def _prepare(self, runtime: str, slot: Slot) -> None:
        """Have the next berth forked while nobody waits for it, unless there are enough."""
        slot.runtime = runtime
        if sum(other.berth is not None for other in self._slots) < AHEAD and not self._closed:
            with suppress(SandboxError, OSError):  # the next run will say what is wrong
                slot.berth = self._berth(runtime, slot)

    @contextmanager
    def _server(self, runtime: str) -> Iterator[Server]:
        """Lend the server of `runtime`, started if needed, while one run is forked from it."""
        with self._lock:
            if self._closed:
                raise SandboxError("沙箱已经关闭。")
            lock = self._starting.setdefault(runtime, threading.Lock())
        with lock:
            interpreter = locate(self.runtimes, runtime)
            server = self._servers.get(runtime)
            if server is None or not server.serves(interpreter):
                server = self._replace(runtime, Server(runtime, interpreter, self._filter))
            elif server.forks == RUNS:
                # Its successor loads meanwhile: nobody waits for it.
                threading.Thread(target=self._succeed, args=(runtime, interpreter), daemon=True).start()
            yield server

    def _succeed(self, runtime: str, interpreter: Interpreter) -> None:
        """Replace the server of `runtime` by a new one as soon as that has loaded."""
        try:
            fresh = Server(runtime, interpreter, self._filter)
        except (SandboxError, OSError):
            log.exception("the fork server of runtime %s could not be replaced", runtime)
            return
        with self._starting[runtime]:
            self._replace(runtime, fresh)

    def _forget(self, runtime: str, server: Server) -> None:
        """Fork no more runs from `server`. If it still has some, it ends after them."""
        with self._starting[runtime], self._lock:
            if self._servers.get(runtime) is not server:
                return
            del self._servers[runtime]
        server.retire()

    def _replace(self, runtime: str, fresh: Server) -> Server:
        """Let `fresh` take over; the old one ends when its last run has ended."""
        with self._lock:
            old = self._servers.pop(runtime, None)
            if not self._closed:
                self._servers[runtime] = fresh
        if old is not None:
            old.retire()
        if self._closed:
            fresh.close()
        return fresh


class Slot:
    """What one run at a time has to itself: a user id within the server's range, and a memory cgroup if one can be made.

    berth : made ahead for the next run of `runtime`, if there is one.
    """

    _numbers = 0
    _lock = threading.Lock()

    def __init__(self) -> None:
        with Slot._lock:
            Slot._numbers += 1
            self.number = Slot._numbers
        self.group: MemoryGroup | None = make_group(str(self.number))
        self.runtime = ""
        self.berth: Berth | None = None

    def leave(self) -> None:
        """Give up the berth."""
        if self.berth is not None:
            self.berth.leave()
            self.berth = None

    def remove(self) -> None:
        """Give up everything."""
        self.leave()
        if self.group is not None:
            self.group.remove()
