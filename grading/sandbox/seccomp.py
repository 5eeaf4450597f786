"""System calls that no candidate's program needs, refused inside the sandbox by a seccomp filter.

The filter is a second wall behind the namespaces: it takes away what kernel bugs have been reached through. It is built
once per process and handed to the backend as BPF bytes.
"""

from __future__ import annotations

import errno
import os
import socket
from functools import cache
from typing import Any

from grading.errors import SandboxError

# Refused with EPERM. Names that an architecture or an older libseccomp does not know are skipped.
DENIED = """
    ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise process_mrelease move_pages migrate_pages
    mount umount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr open_tree_attr
    unshare setns statmount listmount
    keyctl add_key request_key bpf perf_event_open userfaultfd fanotify_init lookup_dcookie
    io_uring_setup io_uring_enter io_uring_register io_setup io_submit io_destroy vmsplice
    kexec_load kexec_file_load init_module finit_module delete_module create_module
    open_by_handle_at name_to_handle_at personality modify_ldt iopl ioperm vm86 vm86old
    swapon swapoff reboot quotactl quotactl_fd acct syslog vhangup uselib ustat sysfs _sysctl nfsservctl
    settimeofday clock_settime clock_adjtime clock_adjtime64 adjtimex stime sethostname setdomainname
    memfd_create memfd_secret shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl
""".split()  # noqa: SIM905  easier to read than a list
# The last line: memory that belongs to no process, which a watcher of processes cannot see. Files in /dev/shm, which have
# a quota, do the same job.

ESSENTIAL = frozenset({"ptrace", "mount", "unshare", "setns", "bpf", "keyctl", "memfd_create", "process_vm_writev"})

# new mount, cgroup, uts, ipc, user, pid, net, time namespace
CLONE_NEW = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
TERMINAL_IOCTLS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into somebody else's terminal


@cache
def program() -> bytes:
    """Return the filter as BPF; SandboxError if libseccomp is missing or too old."""
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise SandboxError(f"缺少 libseccomp（{error}）；请安装系统包 libseccomp2 后重试。") from None
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in DENIED:
        _deny(rules, refuse, name)
    # The flags of clone3 are in memory, out of a filter's sight; without it the C library uses clone.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    for flag in CLONE_NEW:
        rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    for request in TERMINAL_IOCTLS:
        rules.add_rule(refuse, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request))
    # With prlimit a program could lower the limits of process 1 (same user) until the kernel kills it.
    rules.add_rule(refuse, "prlimit64", pyseccomp.Arg(0, pyseccomp.NE, 0))
    rules.add_rule(pyseccomp.ERRNO(errno.EACCES), "socket", pyseccomp.Arg(0, pyseccomp.NE, socket.AF_UNIX))
    return _export(rules)


def _deny(rules: Any, refuse: int, name: str) -> None:
    try:
        rules.add_rule(refuse, name)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        if name in ESSENTIAL:
            raise SandboxError(f"libseccomp 不支持过滤系统调用 {name}：{error}。") from None


def _export(rules: Any) -> bytes:
    descriptor = os.memfd_create("seccomp")
    with os.fdopen(descriptor, "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
