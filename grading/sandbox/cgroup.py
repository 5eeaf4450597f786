"""A memory cgroup for each slot, where this process may make one: the kernel then bounds the sum over all processes exactly.

Version 1 and version 2 of the cgroup file system; a group is made once and used by one run after the other. Where none can be
made, the sampling watcher (`limits.Tree`) is the only one who bounds the sum.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
PREFIX = "simulator-"
LEAF = f"{PREFIX}worker"


class MemoryGroup:
    """One memory cgroup at `folder`; version : 1 or 2."""

    def __init__(self, folder: Path, version: int) -> None:
        self.folder = folder
        self.version = version
        self._killed_before = 0

    def begin(self, limit: int) -> None:
        """Bound the group to `limit` bytes for the next run (whose processes join by themselves); OSError if that fails."""
        if self.version == 1:
            # The limit may not exceed the one for memory and swap together: lift that first.
            values = {"memory.memsw.limit_in_bytes": "-1", "memory.limit_in_bytes": str(limit)}
            self._write_all(values, optional="memory.memsw")
            self._write_all({"memory.memsw.limit_in_bytes": str(limit)}, optional="memory.memsw")
        else:
            self._write_all({"memory.max": str(limit), "memory.swap.max": "0"}, optional="memory.swap")
        self._killed_before = self._killed()

    def failures(self) -> int:
        """Return how many processes the kernel has killed for want of memory since `begin`."""
        return self._killed() - self._killed_before

    def remove(self) -> None:
        """Remove the group; one that is still in use stays for the next start to clear."""
        with suppress(OSError):
            self.folder.rmdir()

    def _killed(self) -> int:
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        for line in (self.folder / name).read_text("ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
        return 0

    def _write_all(self, values: dict[str, str], *, optional: str) -> None:
        """Write name → text; files whose names begin with `optional` need not be there (no accounting of swap)."""
        for name, text in values.items():
            try:
                self._write(name, text)
            except FileNotFoundError:
                if not name.startswith(optional):
                    raise

    def _write(self, name: str, text: str) -> None:
        # Not write_text: it would create a missing file where the file system is not a cgroup's.
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def make_group(name: str, mount: Path = MOUNT, own: Path = Path("/proc/self/cgroup")) -> MemoryGroup | None:
    """Return a new memory cgroup below this process's own, None where that is not allowed or not there."""
    for version, parent in _parents(mount, own):
        folder = parent / f"{PREFIX}{os.getpid()}-{name}"
        try:
            _sweep(parent)
            if version == 2 and "memory" not in (parent / "cgroup.subtree_control").read_text("ascii").split():
                _delegate(parent)
            folder.mkdir(exist_ok=True)
            group = MemoryGroup(folder, version)
            group._killed()
        except OSError:
            with suppress(OSError):
                folder.rmdir()
            continue
        return group
    return None


def _parents(mount: Path, own: Path) -> list[tuple[int, Path]]:
    """Return (version, folder of this process's group) for each hierarchy that may hold the memory controller."""
    found = []
    try:
        lines = own.read_text("ascii").splitlines()
    except OSError:
        return []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            found.append((1, mount / "memory" / path.lstrip("/")))
        elif controllers == "" and (mount / path.lstrip("/") / "cgroup.controllers").is_file():
            folder = mount / path.lstrip("/")
            # Another worker of the service has moved all of them one level down (see _delegate).
            found.append((2, folder.parent if folder.name == LEAF else folder))
    return found


def _delegate(parent: Path) -> None:
    """Let groups below `parent` bound memory. A group with processes of its own may not: they move one level down first.

    Only a service's own group is touched so (systemd: ``Delegate=yes``), never a log-in session with other people's programs.
    """
    if not parent.name.endswith(".service"):
        raise OSError("not a service's own group")
    if "memory" not in (parent / "cgroup.controllers").read_text("ascii").split():
        raise OSError("no memory controller")
    leaf = parent / LEAF
    leaf.mkdir(exist_ok=True)
    for pid in (parent / "cgroup.procs").read_text("ascii").split():
        with suppress(OSError):  # ended meanwhile
            (leaf / "cgroup.procs").write_text(pid)
    (parent / "cgroup.subtree_control").write_text("+memory")


def _sweep(parent: Path) -> None:
    """Remove what processes that are gone have left."""
    for folder in parent.glob(f"{PREFIX}[0-9]*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            with suppress(OSError):
                folder.rmdir()
