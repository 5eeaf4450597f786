"""Watch one run from outside: its output, its report, its clock and its process tree; end it at the first limit."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Protocol

from grading.errors import SandboxError
from grading.model import RunLimits
from grading.sandbox.contract import Observer
from grading.sandbox.limits import MIB, SAMPLE_S, Tree

SETUP_S = 30.0
"""Seconds within which a program must have started; a machine that needs longer has a broken sandbox."""

DRAIN_S = 5.0
"""Seconds within which everything must be gone once the program has ended or was killed."""

STOP_S = 1.0
"""Seconds within which a program that was told to end has to be gone before its process 1 is killed."""

ASK_S = 0.2
"""Seconds between two questions to the observer."""

Cut = Literal["wall", "cpu", "memory", "output", "tasks", "cancel"]


class Cage(Protocol):
    """The processes of one run, as its backend knows them.

    warm : whether they are forks of a loaded interpreter, with which they share most of their memory.
    """

    warm: bool

    def init(self) -> int:
        """Return the process id, seen from here, of process 1 of the run; asked once, when the program was let go."""
        ...

    def stop(self) -> None:
        """End the program and all that it started. What it wrote is kept."""
        ...

    def kill(self) -> None:
        """Kill process 1, and with it, by the kernel, its whole namespace."""
        ...

    def memory_failures(self) -> int:
        """Return how many processes the kernel has killed because the run had no memory left; 0 if it does not count."""
        ...

    def figures(self) -> Iterator[bytes]:
        """Yield the pictures that the program has shown since the last call."""
        ...

    def close(self) -> None:
        """Wait until every process is gone, leave nothing behind; SandboxError if something stays."""
        ...


@dataclass
class Trace:
    """What was seen of a run.

    started : whether the program was let go; cut : the limit (or wish) at which we ended it, or None; waitstatus : how the
    program ended by itself, or None (with `cut` also None, the sandbox failed); wall_s, cpu_s : seconds; memory : peak bytes.
    """

    started: bool = False
    cut: Cut | None = None
    waitstatus: int | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    memory: int = 0
    output: dict[str, bytearray] = field(default_factory=lambda: {"stdout": bytearray(), "stderr": bytearray()})


class Supervisor:
    """Supervises the run in `cage`.

    stdout, stderr, report : read ends of pipes; they are closed here. The report pipe says "ready" when the program is let
    go and "end WAITSTATUS CPU_S MAXRSS_KB" when it has ended, or "failed …".
    """

    def __init__(self, cage: Cage, limits: RunLimits, observer: Observer | None, *, stdout: int, stderr: int, report: int) -> None:
        self.cage = cage
        self.limits = limits
        self.observer = observer
        self.trace = Trace()
        self._phase: Literal["setup", "running", "ending", "killed"] = "setup"
        self._flooded = False
        self._begin = time.monotonic()
        self._deadline = self._begin + SETUP_S
        self._next_sample = self._next_question = float("inf")
        self._tree = Tree(0)
        self._report = b""
        self._selector = selectors.DefaultSelector()
        for name, descriptor in (("stdout", stdout), ("stderr", stderr), ("report", report)):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, name)

    def watch(self) -> Trace:
        """Return when the program has ended and nobody holds its output any more; SandboxError if that takes too long."""
        try:
            while self._selector.get_map():
                self._step()
            if self.trace.cut is None and self.cage.memory_failures():
                self.trace.cut = "memory"
        finally:
            for key in list(self._selector.get_map().values()):
                os.close(key.fd)
            self._selector.close()
        return self.trace

    def _step(self) -> None:
        wait = min(self._deadline, self._next_sample, self._next_question) - time.monotonic()
        for key, _ in self._selector.select(max(0.0, wait)):
            self._read(key.fd, key.data)
        now = time.monotonic()
        if self._flooded and self._phase != "setup":
            self._cut("output")
        elif now >= self._deadline:
            self._on_deadline()
        elif now >= self._next_sample:
            self._next_sample = now + SAMPLE_S
            self._check_sums()
        if now >= self._next_question and self._phase == "running":
            self._next_question = now + ASK_S
            self._ask()

    def _on_deadline(self) -> None:
        if self._phase == "running":
            self._check_sums()
            self._cut("wall")
        elif self._phase == "ending" and self.trace.cut:
            self._phase, self._deadline = "killed", time.monotonic() + DRAIN_S
            self.cage.kill()
        else:
            raise SandboxError("沙箱没有按时启动或结束，可能是机器过载。")

    def _ask(self) -> None:
        assert self.observer is not None
        for picture in self.cage.figures():
            self.observer.figure(picture)
        if self.observer.cancelled():
            self._cut("cancel")

    def _read(self, descriptor: int, name: str) -> None:
        try:
            chunk = os.read(descriptor, 65536)
        except BlockingIOError:
            return
        if not chunk:
            self._selector.unregister(descriptor)
            os.close(descriptor)
        elif name == "report":
            *lines, self._report = (self._report + chunk).split(b"\n")
            for line in lines:
                self._on_report(line.split())
        else:
            buffer, limit = self.trace.output[name], self.limits.output_kb * 1024
            self._flooded |= len(buffer) + len(chunk) > limit
            fits = chunk[: limit - len(buffer)]
            buffer += fits
            if self.observer is not None and fits:
                self.observer.output("stdout" if name == "stdout" else "stderr", fits)

    def _on_report(self, words: list[bytes]) -> None:
        if words == [b"ready"]:
            self._on_ready()
        elif words[:1] == [b"failed"]:
            raise SandboxError(f"不能准备沙箱：{b' '.join(words[1:]).decode(errors='replace')}。")
        elif words[:1] == [b"end"]:
            if self.trace.cut is None:
                self.trace.waitstatus = int(words[1])
            self.trace.cpu_s = max(self.trace.cpu_s, float(words[2]))
            self.trace.memory = max(self.trace.memory, int(words[3]) * 1024 - self._tree.inherited)
            self._on_end(DRAIN_S)

    def _on_ready(self) -> None:
        self.trace.started = True
        self._tree = Tree(self.cage.init(), warm=self.cage.warm)
        self._phase, self._begin = "running", time.monotonic()
        self._deadline = self._begin + self.limits.wall_s
        self._next_sample = self._begin + SAMPLE_S / 2
        if self.observer is not None:
            self._next_question = self._begin + ASK_S

    def _on_end(self, patience: float) -> None:
        now = time.monotonic()
        if self._phase == "running":
            self.trace.wall_s = now - self._begin
        self._phase = "ending"
        self._deadline, self._next_sample, self._next_question = now + patience, float("inf"), float("inf")

    def _check_sums(self) -> None:
        limits, sample = self.limits, self._tree.sample(self.limits.memory_mb * MIB)
        self.trace.memory = max(self.trace.memory, sample.memory)
        self.trace.cpu_s = max(self.trace.cpu_s, sample.cpu_s)
        if sample.memory > limits.memory_mb * MIB:
            self._cut("memory")
        elif sample.tasks > limits.processes:
            self._cut("tasks")
        elif sample.cpu_s > limits.cpu_s:
            self._cut("cpu")

    def _cut(self, cut: Cut) -> None:
        """Note the first limit that was passed and end the program."""
        self._flooded = False
        if self.trace.cut is None:
            self.trace.cut = cut
        if self._phase == "running":
            self._on_end(STOP_S)
            self.cage.stop()


def kill(init: int) -> None:
    """Kill process 1 of a run, given as a pid descriptor."""
    with suppress(ProcessLookupError):  # gone by itself
        signal.pidfd_send_signal(init, signal.SIGKILL)


def wait_for_end(init: int, seconds: float) -> bool:
    """Return whether process 1 of a run, given as a pid descriptor, has ended within `seconds`.

    It ends only after all the other processes of its namespace: then all are gone.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(init, selectors.EVENT_READ)
        return bool(selector.select(seconds))
