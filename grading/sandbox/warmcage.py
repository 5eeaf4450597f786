"""One warm run as the host sees it: what is sent to its keeper, and what comes back."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Container, Iterator
from contextlib import suppress

from grading.errors import SandboxError
from grading.sandbox import rootfs
from grading.sandbox.cgroup import MemoryGroup
from grading.sandbox.collect import MAX_FIGURE, MAX_FIGURES, read_regular
from grading.sandbox.contract import RunJob
from grading.sandbox.limits import MIB
from grading.sandbox.server import Berth
from grading.sandbox.supervise import DRAIN_S, kill, wait_for_end

MESSAGE = 1 << 16
"""Bytes of a message at most, as in keeper.py."""


class WarmCage:
    """One run in a settled berth. group : the slot's memory cgroup, if there is one."""

    warm = True

    def __init__(self, berth: Berth, group: MemoryGroup | None) -> None:
        self._berth = berth
        self._channel = berth.channel
        self._group = group
        self._done = False

    def send(self, job: RunJob, *, figures: bool) -> None:
        """Send the order and the inputs."""
        if self._group is not None:
            writable = sum(size for size, _ in rootfs.writable(job).values())  # files there are memory too
            self._group.begin(job.limits.memory_mb * MIB + writable)
        order = json.dumps(rootfs.run_order(job, figures=figures)).encode()
        try:
            self._channel.send(len(order).to_bytes(4, "big"))
            for data in (order, *job.files.values(), job.stdin):
                view = memoryview(data)
                for start in range(0, len(view), MESSAGE):
                    self._channel.send(view[start : start + MESSAGE])
        except ConnectionError:
            pass  # the keeper failed, and says why in its report; or its server was killed, and there is none
        except TimeoutError:
            raise SandboxError("沙箱没有按时启动，可能是机器过载。") from None

    def init(self) -> int:
        """Return the id of process 1."""
        return self._berth.pid

    def stop(self) -> None:
        """Tell the keeper to end everything and to hand the files out."""
        with suppress(OSError):
            self._channel.send(b"stop")

    def kill(self) -> None:
        """Kill the keeper: the files are lost."""
        kill(self._berth.init)

    def memory_failures(self) -> int:
        """Return how many processes of the run the kernel has killed for want of memory."""
        return self._group.failures() if self._group is not None else 0

    def figures(self) -> Iterator[bytes]:
        """Ask for new pictures and yield them."""
        try:
            self._channel.send(b"figures")
        except OSError:
            return  # it has ended
        yield from self._pictures_of(self._receive()[1])

    def files(self, *, inputs: Container[str], max_bytes: int) -> tuple[dict[str, bytes], list[bytes]]:
        """Return name → content of the files handed out at the end (regular, at most `max_bytes` in sum), and late pictures."""
        files: dict[str, bytes] = {}
        pictures: list[bytes] = []
        left = max_bytes
        while True:
            kind, opened = self._receive()
            if kind == "figures":
                pictures += self._pictures_of(opened)
                continue
            for name, descriptor in opened:
                data = read_regular(descriptor, left)
                if data is not None and not (kind == "others" and name in inputs):
                    files[name] = data
                    left -= len(data)
            if kind in ("done", "gone"):
                self._done = kind == "done"
                return files, pictures

    def _pictures_of(self, opened: list[tuple[str, int]]) -> list[bytes]:
        found = [read_regular(descriptor, MAX_FIGURE) for _, descriptor in opened]
        return [data for data in found if data is not None][:MAX_FIGURES]

    def _receive(self) -> tuple[str, list[tuple[str, int]]]:
        """Return the next message of the keeper: its kind, and (name, descriptor) of files; "gone" if there is none."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._channel, MESSAGE, 128, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            return "gone", []
        if not data:
            return "gone", []
        kind, names = json.loads(data)
        return kind, list(zip(names, descriptors, strict=True))

    def close(self) -> None:
        """See to it that every process is gone; SandboxError if one stays.

        A keeper that has handed everything out has reaped all others and is about to end: nobody needs to wait for that.
        """
        self._channel.close()
        gone = self._done or wait_for_end(self._berth.init, 0.0)
        if not gone:
            kill(self._berth.init)
            gone = wait_for_end(self._berth.init, DRAIN_S)
        os.close(self._berth.init)
        if not gone:
            raise SandboxError("沙箱里的进程无法终止。")
