"""What this machine offers a sandbox, asked and not guessed: for people who have to mend it (`simulator doctor`)."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import platform
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from grading.sandbox import identity
from grading.sandbox.cgroup import make_group

KERNEL = (5, 14)
"""Oldest kernel: limits on processes count within a user namespace from here on."""

_SYSCTLS = ("user/max_user_namespaces", "kernel/unprivileged_userns_clone", "kernel/apparmor_restrict_unprivileged_userns")
_TRY = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
for flag in (0x10000000, 0x00020000):
    if libc.unshare(flag):
        sys.exit(ctypes.get_errno())
"""


def kernel() -> tuple[int, ...]:
    """Return the version of the running kernel."""
    return tuple(int(number) for number in re.findall(r"\d+", platform.release())[:2])


def seccomp_version() -> str:
    """Return the version of libseccomp, "" if it cannot be loaded."""
    try:
        library = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2")
        library.seccomp_version.restype = ctypes.POINTER(ctypes.c_uint * 3)
        return ".".join(map(str, library.seccomp_version().contents))
    except (OSError, AttributeError, ValueError):
        return ""


def bwrap_version() -> str:
    """Return what the bwrap that would be used says of itself; SandboxError if there is none."""
    from grading.sandbox.bwrap import find_bwrap

    done = subprocess.run([str(find_bwrap()), "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip()[:100]


def namespaces() -> str:
    """Return the name of the error with which a user namespace and a mount namespace in it are refused, "" if they are not."""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", _TRY], capture_output=True, check=False)
    return errno.errorcode.get(done.returncode, str(done.returncode)) if done.returncode else ""


def sysctls() -> dict[str, str]:
    """Return the kernel settings about user namespaces that exist here."""
    found = {}
    for name in _SYSCTLS:
        with suppress(OSError):
            found[name.replace("/", ".")] = Path("/proc/sys", name).read_text("ascii").strip()
    return found


def container() -> str:
    """Return the kind of container that this process runs in, "" if none is seen."""
    for path, name in (("/.dockerenv", "Docker"), ("/run/.containerenv", "Podman")):
        if Path(path).exists():
            return name
    for path in ("/proc/1/environ", "/proc/1/cgroup"):
        with suppress(OSError):
            text = Path(path).read_text("utf-8", "replace")
            if match := re.search(r"(?:^|\0)container=([\w-]+)|\b(docker|kubepods|lxc|libpod)\b", text):
                return match.group(1) or match.group(2)
    return ""


def many_users() -> bool:
    """Return whether runs at the same time get users of their own (as root, or by /etc/subuid and newuidmap)."""
    return identity.map_for_server().first_slot > 0


def memory_cgroup() -> int:
    """Return the version of the cgroups in which memory can be bounded here, 0 if it is only watched."""
    group = make_group("doctor")
    if group is None:
        return 0
    group.remove()
    return group.version


def clock_is_synchronised() -> bool | None:
    """Return whether the kernel says that a time server keeps the clock right; None if it does not say."""
    buffer = ctypes.create_string_buffer(512)  # struct timex, with modes 0: only ask
    state = ctypes.CDLL(None).adjtimex(buffer)
    return None if state < 0 else state != 5  # TIME_ERROR


def is_root() -> bool:
    """Return whether this process is the administrator of the machine."""
    return os.getuid() == 0
