"""Watch one run from outside: its output, its report, its clock and its process tree; end it at the first limit."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from grading.errors import SandboxError
from grading.model import RunLimits
from grading.sandbox.limits import MIB, SAMPLE_S, Tree, children

SETUP_S = 30.0
"""Seconds within which a program must have started; a machine that needs longer has a broken sandbox."""

DRAIN_S = 5.0
"""Seconds within which everything must be gone once the program has ended or was killed."""

Cut = Literal["wall", "cpu", "memory", "output", "tasks"]


@dataclass
class Trace:
    """What was seen of a run.

    cut : the limit at which we ended it, or None; waitstatus : how the program ended by itself, or None (with `cut` also
    None, the sandbox failed); wall_s, cpu_s : seconds; memory : peak bytes.
    """

    cut: Cut | None = None
    waitstatus: int | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    memory: int = 0
    output: dict[str, bytearray] = field(default_factory=lambda: {"stdout": bytearray(), "stderr": bytearray()})


class Supervisor:
    """Supervises `process`, the outermost process of a sandbox, whose only child is process 1 of its pid namespace.

    stdout, stderr, report : read ends of pipes; they are closed here. The report pipe says "ready" when the program is let
    go and "end WAITSTATUS CPU_S MAXRSS_KB" when it has ended.
    """

    def __init__(self, process: subprocess.Popen[bytes], limits: RunLimits, *, stdout: int, stderr: int, report: int) -> None:
        self.process = process
        self.limits = limits
        self.trace = Trace()
        self._phase: Literal["setup", "running", "ending"] = "setup"
        self._flooded = False
        self._begin = time.monotonic()
        self._deadline = self._begin + SETUP_S
        self._next_sample = float("inf")
        self._init: int | None = None
        self._tree = Tree(0)
        self._report = b""
        self._selector = selectors.DefaultSelector()
        for name, descriptor in (("stdout", stdout), ("stderr", stderr), ("report", report)):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, name)

    def watch(self) -> Trace:
        """Return when every process of the run is gone; SandboxError if that takes too long."""
        try:
            while self._selector.get_map():
                self._step()
        finally:
            self._clear_away()
        return self.trace

    def _step(self) -> None:
        wait = min(self._deadline, self._next_sample) - time.monotonic()
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

    def _on_deadline(self) -> None:
        if self._phase != "running":
            raise SandboxError("沙箱没有按时启动或结束，可能是机器过载。")
        self._check_sums()
        self._cut("wall")

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
            buffer += chunk[: limit - len(buffer)]

    def _on_report(self, words: list[bytes]) -> None:
        if words == [b"ready"]:
            self._on_ready()
        elif self._phase == "running":
            self.trace.waitstatus, self.trace.cpu_s = int(words[1]), float(words[2])
            self.trace.memory = max(self.trace.memory, int(words[3]) * 1024)
            self._on_end()

    def _on_ready(self) -> None:
        below = children(self.process.pid)
        if len(below) != 1:
            raise SandboxError("找不到沙箱的 1 号进程。")
        self._init = os.pidfd_open(below[0])
        self._tree = Tree(below[0])
        self._phase, self._begin = "running", time.monotonic()
        self._deadline = self._begin + self.limits.wall_s
        self._next_sample = self._begin + SAMPLE_S / 2

    def _on_end(self) -> None:
        now = time.monotonic()
        self._phase, self.trace.wall_s = "ending", now - self._begin
        self._deadline, self._next_sample = now + DRAIN_S, float("inf")

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
        """Note the first limit that was passed and end process 1, and with it, by the kernel, its whole namespace."""
        self._flooded = False
        if self.trace.cut is None:
            self.trace.cut = cut
        if self._phase == "running" and self._init is not None:
            self._on_end()
            _kill(self._init)

    def _clear_away(self) -> None:
        """Leave nothing behind: no process, no descriptor."""
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()
        if self._init is not None:
            _kill(self._init)
            _wait(self._init)
            os.close(self._init)
        elif self.process.poll() is None:
            self.process.kill()  # bwrap takes its child with it (--die-with-parent)
        try:
            self.process.wait(DRAIN_S)
        except subprocess.TimeoutExpired:
            raise SandboxError("沙箱进程无法终止。") from None


def _kill(init: int) -> None:
    with suppress(ProcessLookupError):  # gone by itself
        signal.pidfd_send_signal(init, signal.SIGKILL)


def _wait(init: int) -> None:
    # Process 1 of a pid namespace ends only after all the others: when its descriptor is readable, all are gone.
    with selectors.DefaultSelector() as selector:
        selector.register(init, selectors.EVENT_READ)
        if not selector.select(DRAIN_S):
            raise SandboxError("沙箱里的进程无法终止。")
