"""The host's side of a fork server: start it, ask it for forks, know whether it still serves."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from grading.errors import SandboxError
from grading.runtimes import names as runtime_names, spec
from grading.sandbox import identity, rootfs
from grading.sandbox.interpreter import Interpreter

START_S = 60.0
"""Seconds within which a server must have loaded its libraries."""

END_S = 2.0
"""Seconds that servers which are told to end may take together."""

FORK_S = 30.0
"""Seconds within which a fork must be there; a machine that needs longer has a broken sandbox."""

_LAUNCH = str(Path(__file__).with_name("launch.py"))


class ServerGone(SandboxError):
    """A fork server ended under a run whose program had not been let go: the run can be done again by another `server`."""

    def __init__(self, server: Server) -> None:
        super().__init__("预载解释器意外结束。")
        self.server = server


class Berth:
    """A place where one program can be run: a keeper and a waiting process that the server has forked, or is just forking.

    channel : to talk to the keeper; stdout, stderr, report : read ends of its pipes; pid, init : the keeper as seen from here
    and its pid descriptor, known after `settle`.
    """

    def __init__(self, server: Server, channel: socket.socket, pipes: list[int]) -> None:
        self.server = server
        self.channel = channel
        self.stdout, self.stderr, self.report = pipes
        self.pid = self.init = 0

    def settle(self) -> None:
        """Wait until the keeper is there; ServerGone if it will not be, SandboxError if that takes too long."""
        try:
            answer, received, _, _ = socket.recv_fds(self.channel, 64, 1)
        except TimeoutError:
            raise SandboxError("沙箱没有按时启动，可能是机器过载。") from None
        except ConnectionError:
            answer, received = b"", []
        if answer == b"forked" and received:
            self.init = received[0]
            self.pid = _pid_of(self.init)
        if self.pid <= 0:
            raise ServerGone(self.server)

    def leave(self) -> None:
        """Give up a berth that was never used: its keeper ends by itself."""
        self.channel.close()
        for descriptor in (self.stdout, self.stderr, self.report):
            os.close(descriptor)
        if self.init:
            os.close(self.init)


class Server:
    """A running fork server of one runtime. SandboxError if it does not start.

    The process is started with an empty environment, and after its start gets nothing but slot numbers and descriptors.
    """

    def __init__(self, runtime: str, interpreter: Interpreter, seccomp: bytes) -> None:
        self._interpreter = interpreter
        self._stamp = _stamp(interpreter)
        self.forks = 0
        users = identity.map_for_server()
        self._first_slot = users.first_slot
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            order = rootfs.server_order(interpreter, users, theirs.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", _LAUNCH, str(theirs.fileno())], env={}, cwd="/", start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(theirs.fileno(),),
            )  # fmt: skip
        self._control = ours
        try:
            self.failed = self._load(order, runtime, seccomp)
        except (SandboxError, OSError):
            self.close()
            raise

    def _load(self, order: dict[str, object], runtime: str, seccomp: bytes) -> list[str]:
        """Send the orders and wait until everything is loaded; return which libraries could not be."""
        wanted = spec(runtime) if runtime in runtime_names() else None
        self._control.settimeout(START_S)
        try:
            self._control.send(json.dumps(order).encode())
            answer = self._control.recv(1 << 16)
            if answer == b"hello":
                settings = {
                    "preload": list(wanted.preload) if wanted else [], "prime": wanted.prime if wanted else "", "seccomp": seccomp.hex(),
                }
                self._control.send(json.dumps(settings).encode())
                answer = self._control.recv(1 << 16)
        except TimeoutError:
            raise SandboxError("沙箱没有按时启动，可能是机器过载。") from None
        if not answer or answer.startswith(b"failed"):
            reason = answer.decode(errors="replace").removeprefix("failed ") or "辅助进程意外结束"
            raise SandboxError(f"不能启动预载解释器：{reason}。")
        loaded = json.loads(answer)
        if not loaded["ready"]:
            raise SandboxError(f"预载解释器不能使用：{'；'.join(loaded['failed'])}。")
        self._control.settimeout(FORK_S)
        return list(loaded["failed"])

    def serves(self, interpreter: Interpreter) -> bool:
        """Return whether it runs, and is of this interpreter as it is now on the disk."""
        return self._interpreter == interpreter and self._stamp == _stamp(interpreter) and self._process.poll() is None

    def berth(self, slot: int, group: Path | None) -> Berth:
        """Ask for a berth for the user of `slot`, whose cgroup is the folder `group`, without waiting; ServerGone if nobody listens."""
        pairs = [os.pipe2(os.O_CLOEXEC) for _ in range(3)]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(FORK_S)
        berth = Berth(self, ours, [pair[0] for pair in pairs])
        given = [theirs.detach(), *(pair[1] for pair in pairs)]
        try:
            if group is not None:
                given.append(os.open(group / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))
            user = self._first_slot + slot if self._first_slot else 0
            socket.send_fds(self._control, [str(user).encode()], given)
        except ConnectionError:
            berth.leave()
            raise ServerGone(self) from None
        except OSError:
            berth.leave()
            raise
        finally:
            for descriptor in given:
                os.close(descriptor)
        self.forks += 1
        return berth

    def retire(self) -> None:
        """Let the server end when its last run has ended."""
        self._control.close()
        threading.Thread(target=self._process.wait, daemon=True).start()

    def close(self) -> None:
        """End the server and with it, after a moment, everything that it has forked."""
        self.dismiss()
        self.end(time.monotonic() + END_S)

    def dismiss(self) -> None:
        """Ask the server to end; `end` waits for it."""
        self._control.close()

    def end(self, until: float) -> None:
        """Wait for a dismissed server until time.monotonic() is `until`, then kill what is left."""
        try:
            self._process.wait(max(until - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
            self._process.wait()


def _stamp(interpreter: Interpreter) -> tuple[int, int, int]:
    """Return what changes when the runtime is built anew in the same place, or another folder of models is there."""
    status = (interpreter.packages or interpreter.binary).stat()
    return status.st_ino, status.st_mtime_ns, interpreter.models.stat().st_ino if interpreter.models else 0


def _pid_of(descriptor: int) -> int:
    """Return the process id, in our view, behind a pid descriptor; -1 if it has ended."""
    lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text("ascii").splitlines()
    return next((int(value) for name, _, value in (line.partition(":") for line in lines) if name == "Pid"), -1)
