"""The system calls that Python 3.11 does not offer: namespaces, mounts, capabilities, seccomp. Linux only.

Standard library only and free of the package, because scripts import it that run where the package is not: outside with an
empty environment (`launch.py`), inside of a sandbox runtime (`forkserver.py`).
"""

from __future__ import annotations

import ctypes
import os
import platform

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 4, 22, 24, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL, SECCOMP_MODE_FILTER = 4, 2
F_ADD_SEALS, SEAL_ALL = 1033, 15

_AT_FDCWD, _AT_RECURSIVE, _MOUNT_SETATTR = -100, 0x8000, 442  # new calls have one number on all architectures
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "loongarch64": 41}
_CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def check(result: int, what: str) -> None:
    """Raise OSError from errno if a libc call failed."""
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def unshare(flags: int) -> None:
    """Move this process (for pid: its next children) into new namespaces."""
    check(libc.unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Move this process (for pid: its next children) into the namespace behind `descriptor`."""
    check(libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount as mount(2) does; OSError says where."""
    check(libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode()), f"mount {target}")


def cover(targets: list[str]) -> None:
    """Hide what is mounted at `targets`, as far as they are there, under empty folders that nobody can write to."""
    for target in targets:
        if os.path.isdir(target):
            mount("tmpfs", target, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k,nr_inodes=2,mode=555")


def make_read_only(target: str) -> None:
    """Make the mount at `target` and all below it read-only, without set-uid programs and device nodes (Linux 5.12)."""
    wanted = _MountAttributes(set=MS_RDONLY | MS_NOSUID | MS_NODEV)  # MOUNT_ATTR_* have the same values
    result = libc.syscall(
        ctypes.c_long(_MOUNT_SETATTR), ctypes.c_int(_AT_FDCWD), target.encode(), ctypes.c_uint(_AT_RECURSIVE),
        ctypes.byref(wanted), ctypes.c_size_t(ctypes.sizeof(wanted)),
    )  # fmt: skip
    check(result, f"mount_setattr {target}")


def enter_root(folder: str) -> None:
    """Make the mount at `folder` the root of this mount namespace and leave nothing of the old one."""
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(f"pivot_root: unknown architecture {platform.machine()}")
    os.chdir(folder)
    check(libc.syscall(ctypes.c_long(number), b".", b"."), "pivot_root")
    check(libc.umount2(b".", MNT_DETACH), "umount the old root")
    os.chdir("/")


def prctl(option: int, *arguments: int) -> None:
    """Call prctl(2)."""
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    check(libc.prctl(ctypes.c_int(option), *values), f"prctl {option}")


def set_hostname(name: str) -> None:
    """Set the host name of this uts namespace."""
    check(libc.sethostname(name.encode(), ctypes.c_size_t(len(name))), "sethostname")


def drop_capabilities() -> None:
    """Give up all capabilities, also those that a set-uid program could bring back."""
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) == -1:
            break  # the kernel knows no more
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    check(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


class Filter:
    """A seccomp filter, ready to be loaded."""

    def __init__(self, program: bytes) -> None:
        self._instructions = ctypes.create_string_buffer(program, len(program))
        self._program = _Program(len(program) // 8, ctypes.addressof(self._instructions))

    def load(self) -> None:
        """Refuse from now on, for good, in this process and its children, what the filter refuses."""
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(self._program))
