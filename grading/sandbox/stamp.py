"""Remember that a self-test passed, for commands that run once: until the machine, the program or the rights change.

A note lies beside the runtimes. It is worth what the folder is worth: who can write there can replace the runtimes too.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path

_FACTS = (
    "/proc/sys/kernel/random/boot_id", "/proc/version", "/proc/self/attr/current", "/proc/self/cgroup", "/proc/self/uid_map",
    "/proc/sys/user/max_user_namespaces", "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "/proc/self/mountinfo", "/etc/subuid", "/etc/subgid",
)  # fmt: skip
_RIGHTS = ("Uid", "Gid", "Groups", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp")


def is_fresh(runtimes: Path, backend: str, parts: tuple[Path, ...]) -> bool:
    """Return whether `backend` passed here as everything is now. parts : files and folders that it consists of."""
    try:
        return _note(runtimes, backend).read_text("ascii") == fingerprint(backend, parts)
    except OSError:
        return False


def keep(runtimes: Path, backend: str, parts: tuple[Path, ...]) -> None:
    """Note that `backend` has passed. Where nothing can be written, the next command tests again."""
    note = _note(runtimes, backend)
    fresh = note.with_name(f"{note.name}-{os.getpid()}")
    with suppress(OSError):
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(fingerprint(backend, parts))
        fresh.replace(note)


def forget(runtimes: Path, backend: str) -> None:
    """Remove the note: `backend` has failed."""
    with suppress(OSError):
        _note(runtimes, backend).unlink(missing_ok=True)


def fingerprint(backend: str, parts: tuple[Path, ...]) -> str:
    """Return what changes with the boot, the kernel, its settings, our rights, namespaces, versions and `parts`."""
    here = Path(__file__).parent
    digest = hashlib.sha256(repr((backend, sys.version, sys.executable, ctypes.util.find_library("seccomp"))).encode())
    for path in (*map(Path, _FACTS), *sorted(here.glob("*.py"))):
        with suppress(OSError):
            digest.update(path.read_bytes())
    for name in ("user", "mnt", "pid", "net"):
        with suppress(OSError):
            digest.update(bytes(Path(f"/proc/self/ns/{name}").readlink()))
    with suppress(OSError):
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines() if ":" in line)
        digest.update(repr([status.get(name) for name in _RIGHTS]).encode())
    for path in parts:
        with suppress(OSError):
            found = path.stat()
            digest.update(f"{path} {found.st_ino} {found.st_mtime_ns} {found.st_size}".encode())
    return digest.hexdigest()


def _note(runtimes: Path, backend: str) -> Path:
    return runtimes / f".selftest-{backend}"
