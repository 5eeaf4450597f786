"""The seccomp filter of both backends: what is not on the list of `syscalls.py` is refused.

It is a second wall behind the namespaces: it takes away what kernel bugs have been reached through. It is built once per
process and handed to a backend as BPF bytes. Refused calls fail with EPERM and do not kill: libraries try things.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from contextlib import suppress
from functools import cache
from typing import Any

from grading.errors import SandboxError
from grading.sandbox import syscalls

# new mount, cgroup, uts, ipc, user, pid, net namespace (a new time namespace cannot be asked for by clone)
CLONE_NEW = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000

# Of terminals (of which a program has none): ask and set modes, size, group; never TIOCSTI or TIOCLINUX, which type.
# Of files: ask what is waiting, blocking, close-on-exec; flags, clones and extents as `cp` asks for them.
IOCTLS = (
    0x5401, 0x5402, 0x5403, 0x5404, 0x540B, 0x540F, 0x5410, 0x5411, 0x5413, 0x5414, 0x5422, 0x5429, 0x802C542A, 0x402C542B,
    0x402C542C, 0x402C542D,
    0x541B, 0x5421, 0x5450, 0x5451, 0x5452, 0x5460, 0x80086601, 0x40049409, 0x4020940D, 0xC020660B,
)  # fmt: skip

# Names and parent-death signals of threads, dumpable, no new privileges, timer slack, subreaper, huge pages, names of memory;
# questions about capabilities, seccomp, speculation, vectors, the auxiliary vector. Never a filter or memory map of its own.
PRCTLS = (1, 2, 3, 4, 15, 16, 21, 23, 29, 30, 36, 37, 38, 39, 41, 42, 51, 52, 64, 66, 0x53564D41, 0x41555856)

# SO_*: addresses, buffers, time-outs, credentials; never a BPF program.
SOCKET_OPTIONS = (2, 6, 7, 8, 9, 10, 13, 15, 16, 18, 20, 21, 66, 67)

_LOAD, _AT_LEAST, _ABOVE, _RETURN = 0x20, 0x35, 0x25, 0x06
_X32 = 0x40000000


@cache
def program() -> bytes:
    """Return the filter as BPF for this processor; SandboxError if libseccomp is missing or too old."""
    return build()


def build(processor: int | None = None) -> bytes:
    """Return the filter as BPF. processor : a `pyseccomp.Arch` (for tests), or None for this machine's."""
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise SandboxError(f"缺少 libseccomp（{error}）；请安装系统包 libseccomp2 后重试。") from None
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    if processor is not None:
        rules.remove_arch(pyseccomp.Arch.NATIVE)
        rules.add_arch(processor)
    rules.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    with suppress(OSError, ValueError):  # libseccomp before 2.5 makes a list instead of a tree: a little slower
        rules.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, 2)
    for name in syscalls.ALLOWED:
        _allow(rules, name)
    _allow_some(rules)
    # The flags of clone3 are in memory, out of a filter's sight; without it the C library uses clone.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    return _later_calls_do_not_exist() + _export(rules)


def _allow(rules: Any, name: str, *conditions: Any) -> None:
    import pyseccomp

    for call in (name, syscalls.RECENT.get(name)):
        if call is None:
            continue
        try:
            rules.add_rule(pyseccomp.ALLOW, call, *conditions)
            return
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            if name in syscalls.ESSENTIAL:
                raise SandboxError(f"libseccomp 不认识系统调用 {name}：{error}；请升级系统包 libseccomp2。") from None


def _allow_some(rules: Any) -> None:
    """Allow the calls that are harmless with some arguments only."""
    from pyseccomp import EQ, ERRNO, MASKED_EQ, NE, Arg

    def is_(number: int, value: int) -> Any:
        return Arg(number, MASKED_EQ, 0xFFFFFFFF, value)

    _allow(rules, "clone", Arg(0, MASKED_EQ, CLONE_NEW, 0))
    for request in IOCTLS:
        _allow(rules, "ioctl", is_(1, request))
    for option in PRCTLS:
        _allow(rules, "prctl", is_(0, option))
    for option in SOCKET_OPTIONS:
        _allow(rules, "setsockopt", is_(1, socket.SOL_SOCKET), is_(2, option))
    # With prlimit a program could lower the limits of process 1 (same user) until the kernel kills it.
    _allow(rules, "prlimit64", Arg(0, EQ, 0))
    for name in ("socket", "socketpair"):
        _allow(rules, name, Arg(0, EQ, socket.AF_UNIX))
        rules.add_rule(ERRNO(errno.EACCES), name, Arg(0, NE, socket.AF_UNIX))


def _later_calls_do_not_exist() -> bytes:
    """Return instructions to stand before all others: a call newer than the list gets ENOSYS, which libseccomp cannot say.

    x32 calls (numbers from 2**30 on) are left to libseccomp, which refuses them.
    """
    unknown = 0x00050000 | errno.ENOSYS
    steps = ((_LOAD, 0, 0, 0), (_AT_LEAST, 2, 0, _X32), (_ABOVE, 0, 1, syscalls.NEWEST), (_RETURN, 0, 0, unknown))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _export(rules: Any) -> bytes:
    descriptor = os.memfd_create("seccomp")
    with os.fdopen(descriptor, "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
