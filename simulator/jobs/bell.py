"""Wakes waiting processes of this machine: a datagram to each of their sockets in one folder. Who misses it looks in later."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)

SUFFIX = ".bell"


class Bell:
    """`ring()` in one process ends `wait()` in every other. A ring between two waits is not lost."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}{SUFFIX}"
        self._ear: socket.socket | None = None

    def listen(self) -> None:
        """Begin to hear: from now on a ring is kept for the next `wait()`."""
        if self._ear is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            with _short(self._folder) as folder:
                ear.bind(f"{folder}/{self._name}")
            self._ear = ear

    def wait(self, timeout: float) -> bool:
        """Wait for a ring, at most `timeout` seconds; False if there was none."""
        self.listen()
        assert self._ear is not None
        poll = select.poll()
        poll.register(self._ear, select.POLLIN)
        if not poll.poll(timeout * 1000):
            return False
        with contextlib.suppress(BlockingIOError):
            while self._ear.recv(16):
                pass
        return True

    def ring(self) -> None:
        """Wake everybody who waits; sockets of processes that have died are removed. Never fails: they also look by themselves."""
        try:
            if self._folder.is_dir():
                self._ring()
        except OSError:
            log.exception("nobody can be woken")

    def _ring(self) -> None:
        with _short(self._folder) as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as mouth:
            for ear in Path(folder).glob(f"*{SUFFIX}"):
                _call(mouth, ear)

    def close(self) -> None:
        """Stop hearing."""
        if self._ear is not None:
            self._ear.close()
            self._ear = None
            (self._folder / self._name).unlink(missing_ok=True)


def _call(mouth: socket.socket, ear: Path) -> None:
    try:
        mouth.sendto(b"!", str(ear))
    except ConnectionRefusedError:  # nobody has it open any more
        with contextlib.suppress(OSError):
            ear.unlink()
    except OSError:  # full: it is awake already; gone: it has just ended
        pass


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Give a short path of `folder`: addresses of sockets have room for 107 bytes only."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
