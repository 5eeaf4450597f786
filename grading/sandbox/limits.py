"""Limits of a run: what the kernel enforces for each process (rlimits), and sums over all of them (by sampling).

Rlimits do not add up over processes (ten children may each take the whole memory), so the tree is sampled from outside.
"""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from math import ceil

from grading.model import RunLimits

SAMPLE_S = 0.05
"""Seconds between two samples of the process tree."""

SPARE_TASKS = 8
"""Tasks that the kernel lets pass above the limit, so that the sampler sees the excess and can name it."""

MIB = 1024 * 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def rlimits(limits: RunLimits) -> dict[int, int]:
    """Return `RLIMIT_*` → value for one process of the run.

    Data is bounded well above the memory limit: much of it is reserved and never touched. The bound stops what grows
    faster than the sampler looks, and turns one huge allocation into a MemoryError. Processes are counted by the kernel
    within the run's own user namespace (Linux 5.14), process 1 included.
    """
    return {
        resource.RLIMIT_CPU: ceil(limits.cpu_s) + 1,
        resource.RLIMIT_DATA: (limits.memory_mb * 3 // 2 + 512) * MIB,
        resource.RLIMIT_FSIZE: limits.disk_mb * MIB,
        resource.RLIMIT_NPROC: limits.processes + 1 + SPARE_TASKS,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_MEMLOCK: 64 * 1024,
        resource.RLIMIT_STACK: 8 * MIB,
        resource.RLIMIT_CORE: 0,
        12: 0,  # RLIMIT_MSGQUEUE, which the resource module does not name
    }


@dataclass(frozen=True)
class Sample:
    """One look at a process tree. tasks : processes and threads; memory : bytes; cpu_s : seconds of those still alive."""

    tasks: int
    memory: int
    cpu_s: float


class Tree:
    """All processes below process 1 of a pid namespace, seen from outside.

    An orphan's parent becomes process 1, so walking down from it finds every process, also the daemonised.
    warm : process 1 is a fork of a loaded interpreter. What it has in memory at the beginning, each process of the run has
    inherited; it is shared by all runs and not counted, until the sum is so large that looking closely pays.
    """

    def __init__(self, root: int, *, warm: bool = False) -> None:
        self.root = root
        self.inherited = _resident(root) if warm else 0
        """bytes of loaded libraries that each process begins with"""

    def sample(self, limit: int) -> Sample:
        """Return a sample; memory that processes share is counted once if the plain sum exceeds `limit` bytes."""
        tasks, memory, fresh, ticks, pids = 0, 0, 0, 0, []
        waiting = children(self.root)
        while waiting:
            pid = waiting.pop()
            try:
                with open(f"/proc/{pid}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            ticks += sum(int(number) for number in fields[11:15])
            tasks += int(fields[17])
            resident = int(fields[21]) * _PAGE
            memory += resident
            fresh += max(resident - self.inherited, 0)
            pids.append(pid)
            waiting += children(pid)
        close = memory > limit and (len(pids) > 1 or self.inherited > 0)
        return Sample(tasks, sum(map(_proportional, pids)) if close else fresh, ticks / _TICKS)


def children(pid: int) -> list[int]:
    """Return the ids of the living children of all threads of `pid`; none if it is gone."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    except OSError:
        pass  # it ended meanwhile; whatever it left is found below process 1 next time
    return found


def _resident(pid: int) -> int:
    """Return the resident bytes of `pid`, 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except OSError:
        return 0


def _proportional(pid: int) -> int:
    """Return the bytes of `pid` with each shared page divided among those who share it; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith(b"Pss:")), 0)
    except OSError:
        return 0
