"""The filter, call by call: an interpreter of BPF asks it about every call on two processors."""

from __future__ import annotations

import errno
import socket
import struct
from pathlib import Path

import pyseccomp
import pytest

from grading.errors import SandboxError
from grading.sandbox import seccomp, syscalls

ARCHS = {"x86_64": pyseccomp.Arch.X86_64, "aarch64": pyseccomp.Arch.AARCH64}
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, EPERM, EACCES, ENOSYS = (
    pyseccomp.ALLOW, pyseccomp.KILL_PROCESS, *(pyseccomp.ERRNO(code) for code in (errno.EPERM, errno.EACCES, errno.ENOSYS))
)  # fmt: skip

# What was once forbidden by name, before the filter became a list of what is allowed. None of it may ever get onto the list.
DANGEROUS = """
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
    seccomp sync mq_open setuid setgid setresuid setresgid setgroups capset set_mempolicy mbind ioprio_set lsm_set_self_attr
    landlock_create_ruleset fanotify_mark remap_file_pages set_mempolicy_home_node
""".split()  # noqa: SIM905  easier to read than a list


def ask(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """Return what the filter says about one call (the few instructions of classic BPF that such filters use)."""
    steps = [struct.unpack_from("=HBBI", program, offset) for offset in range(0, len(program), 8)]
    values = [value & (1 << 64) - 1 for value in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, arch, 0, *values)
    here = accumulator = 0
    while True:
        code, yes, no, constant = steps[here]
        here += 1
        if code == 0x20:
            accumulator = struct.unpack_from("=I", data, constant)[0]
        elif code == 0x54:
            accumulator &= constant
        elif code == 0x06:
            return constant
        elif code == 0x05:
            here += constant
        else:
            met = {0x15: accumulator == constant, 0x25: accumulator > constant, 0x35: accumulator >= constant,
                   0x45: bool(accumulator & constant)}[code]  # fmt: skip
            here += yes if met else no


class Filter:
    def __init__(self, name: str) -> None:
        self.name, self.program = name, seccomp.build(ARCHS[name])

    def number(self, call: str) -> int | None:
        found = pyseccomp.resolve_syscall(ARCHS[self.name], call)
        return found if found >= 0 else None

    def ask(self, call: str, *arguments: int) -> int:
        number = self.number(call)
        assert number is not None, call
        return ask(self.program, AUDIT[self.name], number, *arguments)


@pytest.fixture(scope="module", params=list(ARCHS))
def wall(request: pytest.FixtureRequest) -> Filter:
    return Filter(request.param)


def test_what_is_dangerous_is_refused(wall: Filter) -> None:
    known = {name: number for name in DANGEROUS if (number := wall.number(name)) is not None}
    assert len(known) > 80
    asked = {name: ask(wall.program, AUDIT[wall.name], number) for name, number in known.items()}
    assert {name for name, answer in asked.items() if answer != EPERM} == set()


def test_every_call_is_allowed_or_refused_as_the_list_says(wall: Filter) -> None:
    listed = {wall.number(name) for name in syscalls.ALLOWED}
    if ARCHS[wall.name] == pyseccomp.system_arch():
        listed |= set(syscalls.RECENT.values())  # libseccomp cannot add calls by number for another processor
    some = {wall.number(name) for name in syscalls.CONDITIONAL}
    clone3 = wall.number("clone3")
    for number in set(range(syscalls.NEWEST + 1)) - some:
        expected = ALLOW if number in listed else ENOSYS if number == clone3 else EPERM
        assert ask(wall.program, AUDIT[wall.name], number) == expected, number


def test_later_calls_do_not_exist(wall: Filter) -> None:
    for number in (syscalls.NEWEST + 1, syscalls.NEWEST + 200, 4095):
        assert ask(wall.program, AUDIT[wall.name], number) == ENOSYS


def test_calls_of_another_processor_are_fatal(wall: Filter) -> None:
    for arch in (0x40000003, 0x40000028, 0):
        assert ask(wall.program, arch, 1) == KILL
    if wall.name == "x86_64":
        assert ask(wall.program, AUDIT["x86_64"], 0x40000000 + 165) not in (ALLOW, ENOSYS)


@pytest.mark.parametrize("flag", [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000])
def test_clone_makes_no_namespaces(wall: Filter, flag: int) -> None:
    assert wall.ask("clone", flag | 17) == EPERM
    assert wall.ask("clone", 0x003D0F00) == wall.ask("clone", 0x01200011) == ALLOW  # a thread, a fork


def test_terminals_cannot_be_typed_into(wall: Filter) -> None:
    for high in (0, 1 << 32, -1 << 32):  # the kernel looks at 32 bits
        assert wall.ask("ioctl", 0, high | 0x5412) == wall.ask("ioctl", 0, high | 0x541C) == EPERM
        assert wall.ask("ioctl", 0, high | 0x5401) == ALLOW


def test_limits_of_others_are_out_of_reach(wall: Filter) -> None:
    assert (wall.ask("prlimit64", 0), wall.ask("prlimit64", 1)) == (ALLOW, EPERM)


def test_sockets_are_unix_sockets(wall: Filter) -> None:
    for call in ("socket", "socketpair"):
        assert wall.ask(call, socket.AF_UNIX) == ALLOW
        assert {wall.ask(call, family) for family in range(64) if family != socket.AF_UNIX} == {EACCES}
        assert wall.ask(call, 1 << 32 | socket.AF_INET) == EACCES


def test_no_filter_or_bpf_program_of_its_own(wall: Filter) -> None:
    assert wall.ask("prctl", 22, 2) == wall.ask("prctl", 35, 1) == wall.ask("prctl", 24, 1) == EPERM
    assert {wall.ask("setsockopt", 3, socket.SOL_SOCKET, option) for option in (26, 27, 50, 51, 52)} == {EPERM}
    assert wall.ask("setsockopt", 3, 0, 2) == EPERM


def test_all_that_was_recorded_is_allowed(wall: Filter) -> None:
    recorded = Path(__file__).with_name("recorded.txt").read_text("ascii").split()
    assert len(recorded) > 100
    assert set(recorded) - {*syscalls.ALLOWED, *syscalls.CONDITIONAL, *syscalls.DISPENSABLE} == set()
    assert set(syscalls.DISPENSABLE) <= set(recorded)


def test_the_list_names_each_call_once() -> None:
    names = (*syscalls.ALLOWED, *syscalls.CONDITIONAL, *syscalls.DISPENSABLE)
    assert len(names) == len(set(names))
    assert not {*syscalls.ALLOWED, *syscalls.CONDITIONAL} & set(DANGEROUS)


def test_the_filter_is_small(wall: Filter) -> None:
    assert len(wall.program) < 16_384  # handed to the backend through a pipe
    assert len(wall.program) // 8 < 4096  # the kernel's own limit


def test_a_libseccomp_without_an_essential_call_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = pyseccomp.SyscallFilter.add_rule

    def add_rule(self: pyseccomp.SyscallFilter, action: int, call: str, *conditions: pyseccomp.Arg) -> None:
        if call in missing:
            raise OSError(errno.EINVAL, "unknown")
        real(self, action, call, *conditions)

    monkeypatch.setattr(pyseccomp.SyscallFilter, "add_rule", add_rule)
    missing = {"fchmodat2", "file_setattr", "futimesat"}
    program = seccomp.build()
    assert ask(program, AUDIT["x86_64"], 452) == ask(program, AUDIT["x86_64"], 469) == ALLOW  # by number
    missing = {"openat"}
    with pytest.raises(SandboxError, match="openat"):
        seccomp.build()
