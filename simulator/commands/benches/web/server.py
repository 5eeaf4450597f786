"""The servers under test as processes of their own, and what they cost: CPU seconds of the whole tree, and of the database's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from simulator.commands.benches.measure import NotCounted

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
START_S = 60.0


def free_port() -> int:
    """Return a port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A started server. kill : at once, as when the power fails."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port

    def cpu_s(self) -> float:
        """Return the CPU seconds that the processes of the tree have used."""
        return sum(_cpu_s(pid) for pid in tree(self._process.pid))

    def kill(self) -> None:
        """Kill every process of the tree."""
        for pid in tree(self._process.pid):
            _signal(pid, signal.SIGKILL)
        self._process.wait()

    def wait_until_it_answers(self, log: Path) -> None:
        """Return when the port is open; NotCounted with the end of its log if it does not open."""
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise NotCounted(f"服务没有启动：{log.read_text('utf-8', 'replace')[-500:]}")


@contextmanager
def started(words: Sequence[str], port: int, environment: Mapping[str, str], log: Path) -> Iterator[Server]:
    """Run `python -m …` as a server until the context ends. port : what it will listen on; 0 if it is no server but a worker."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *words], env={**os.environ, **environment}, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    server = Server(process, port)
    try:
        if port:
            server.wait_until_it_answers(log)
        yield server
    finally:
        _signal(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def tree(root: int) -> list[int]:
    """Return `root` and all its descendants, as far as they live."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def postgres_cpu_s() -> float:
    """Return the CPU seconds of all processes of PostgreSQL on this machine, those that have ended included in their parent's."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))) and fields[-1] == "postgres":
            total += sum(int(fields[n]) for n in (11, 12, 13, 14)) * TICK_S
    return total


def _cpu_s(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) * TICK_S if fields else 0.0


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on, and the command's name at the end; [] if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    head, _, rest = text.rpartition(")")
    return [*rest.split(), head.partition("(")[2]]


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
