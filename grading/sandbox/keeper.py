"""Process 1 of a warm run: builds the run's world ahead, fills it, lets the program go, reaps, hands its files out.

keeper (the server's rights)  ── fork ──▶  program (a user of its own, in a user namespace of its own, no rights)

Both stand ready before there is anything to run. The keeper cannot be killed, traced or read from inside: it is another user,
and its namespace protects it. What it opens for the host it opens after every other process is gone, without following links.

Talks with the host over `channel` (whole messages): order and inputs in, then single commands (``stop``, ``figures``); answers
are descriptors of files. Standard library only.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grading.sandbox import kernel, program
else:
    import kernel
    import program

SPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | kernel.CLONE_NEWCGROUP
SAFE = kernel.MS_NOSUID | kernel.MS_NODEV
USER = 60001
"""User and group of the program, as it sees itself."""

FIRST = "size=8m,nr_inodes=512"
"""Size of the writable places until the order says how large they are."""

BATCH = 32
"""Files handed out at a time."""

MESSAGE = 1 << 16
"""Bytes of a message at most; each input begins with a message of its own."""


@dataclass
class Start:
    """What the candidate's process needs to begin."""

    script: str
    seed: int
    figures: bool
    names: list[str]


def keep(slot: int, descriptors: list[int], wall: kernel.Filter) -> Start:
    """Be process 1 of a run. Returns in the candidate's process only; failures go to the report pipe.

    slot : user of the program within the server's range, 0 if there is only one;
    descriptors : channel, stdout, stderr, report, and the slot's `cgroup.procs` if it has a cgroup.
    """
    channel, stdout, stderr, report, *groups = descriptors
    sock = socket.socket(fileno=channel)
    gate, wait = socket.socketpair()
    try:
        os.setsid()
        for group in groups:
            os.write(group, b"0")
            os.close(group)
        _build(slot)
        child = os.fork()
        if child == 0:
            sock.close()
            gate.close()
            return _become_program(slot, stdout, stderr, wait, wall)
        for descriptor in (stdout, stderr):
            os.close(descriptor)
        wait.close()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        first = sock.recv(4)
        if not first:
            os._exit(0)  # not needed after all
        order: dict[str, Any] = json.loads(_read(sock, int.from_bytes(first, "big")))
        _resize(order["writable"], slot)
        kernel.cover(order["covered"])
        _let_go(order, _fill(sock, order, slot), gate)
    except (OSError, EOFError, ValueError) as error:
        os.write(report, f"failed {error}\n".encode())
        os._exit(70)
    _guard(sock, report, child, gate, order["collect"])
    os._exit(0)


def _build(slot: int) -> None:
    """Make the run's namespaces and its writable places, all owned by the server and not by the program."""
    kernel.unshare(SPACES)
    for target in ("/work", program.SCRATCH, "/dev/shm"):
        kernel.mount("tmpfs", target, "tmpfs", SAFE, f"{FIRST},mode=700,uid={slot},gid={slot}")
    # Process 1 may be the program's own user outside: then nothing but hiding it keeps its oom_score_adj from being written.
    kernel.mount("proc", "/proc", "proc", SAFE | kernel.MS_NOEXEC, "hidepid=2")
    kernel.set_hostname("sandbox")


def _resize(writable: dict[str, tuple[int, int]], slot: int) -> None:
    """Give the writable places the sizes of the order: path → (bytes, inodes)."""
    for target, (size, inodes) in writable.items():
        options = f"size={size},nr_inodes={inodes},mode=700,uid={slot},gid={slot}"
        kernel.mount("tmpfs", target, "tmpfs", kernel.MS_REMOUNT | SAFE, options)


def _let_go(order: dict[str, Any], stdin: int, gate: socket.socket) -> None:
    """Tell the waiting process what to run, and wait until it is ready to begin."""
    names = [name for name, _ in order["files"]]
    text = json.dumps((order["rlimits"], order["script"], order["seed"], order["figures"], names)).encode()
    socket.send_fds(gate, [len(text).to_bytes(4, "big")], [stdin])
    gate.sendall(text)
    os.close(stdin)
    if gate.recv(1) != b"!":
        raise OSError("the program's process ended before it began")


def _become_program(slot: int, stdout: int, stderr: int, wait: socket.socket, wall: kernel.Filter) -> Start:
    """In the candidate's process: drop everything that a program must not have, take the order, wait for the gate."""
    if slot:
        os.setgroups([])
        os.setresgid(slot, slot, slot)
        os.setresuid(slot, slot, slot)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or our own /proc/self would not be ours to write
    kernel.unshare(kernel.CLONE_NEWUSER)
    # Of all in the run's memory cgroup the kernel shall choose the program, not its keeper, when memory runs out.
    for path, text in (("self/setgroups", "deny"), ("self/uid_map", f"{USER} {slot} 1"), ("self/gid_map", f"{USER} {slot} 1"),
                       ("sys/user/max_user_namespaces", "0"), ("self/oom_score_adj", "500")):  # fmt: skip
        with open(f"/proc/{path}", "w") as file:
            file.write(text)
    os.nice(19)
    program.copy_caches()
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    length, descriptors, _, _ = socket.recv_fds(wait, 4, 1)
    if not descriptors:
        os._exit(0)  # not needed after all
    os.dup2(descriptors[0], 0)
    rlimits, script, seed, figures, names = json.loads(_exactly(wait, int.from_bytes(length, "big")))
    os.chdir(program.WORK)
    program.confine(rlimits)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    wall.load()
    wait.send(b"!")
    if wait.recv(1) != b"!":
        os._exit(72)
    wait.close()
    os.closerange(3, 1024)
    return Start(script, seed, figures, names)


def _exactly(sock: socket.socket, count: int) -> bytes:
    """Return `count` bytes of a stream."""
    data = b""
    while len(data) < count:
        data += sock.recv(count - len(data))
    return data


def _fill(sock: socket.socket, order: dict[str, Any], slot: int) -> int:
    """Write the inputs as they arrive; return standard input as a sealed file."""
    for name, size in order["files"]:
        with open(f"{program.WORK}/{name}", "xb") as file:
            os.fchown(file.fileno(), slot, slot)
            _copy(sock, file, size)
    stdin = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(stdin), "wb") as file:
        _copy(sock, file, order["stdin"])
    kernel.check(kernel.libc.fcntl(stdin, kernel.F_ADD_SEALS, kernel.SEAL_ALL), "seal stdin")
    os.lseek(stdin, 0, os.SEEK_SET)
    return stdin


def _copy(sock: socket.socket, file: Any, size: int) -> None:
    while size:
        chunk = sock.recv(MESSAGE)
        if not chunk:
            raise EOFError("the host closed the channel")
        file.write(chunk)
        size -= len(chunk)


def _read(sock: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        chunk = sock.recv(MESSAGE)
        if not chunk:
            raise EOFError("the host closed the channel")
        data += chunk
    return bytes(data)


def _guard(sock: socket.socket, report: int, child: int, gate: socket.socket, wanted: list[str]) -> None:
    """Let the program go, reap everything until it ends, end the rest, report, hand out the wanted files."""
    awake, bell = os.pipe2(os.O_NONBLOCK)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    os.write(report, b"ready\n")
    gate.send(b"!")
    gate.close()
    poll = select.poll()
    for source in (awake, sock):
        poll.register(source, select.POLLIN)
    shown: set[str] = set()
    status = None
    while status is None:
        poll.poll()
        with suppress(BlockingIOError):
            os.read(awake, 4096)
        status = _reap(child)
        command = _command(sock)
        if command == b"stop":
            break
        if command == b"figures":
            _hand_out(sock, "figures", _figures(shown))
    status = _end_all(child, status)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    os.write(report, f"end {status} {used.ru_utime + used.ru_stime:.4f} {used.ru_maxrss}\n".encode())
    os.close(report)
    signal.set_wakeup_fd(-1)
    _hand_out(sock, "figures", _figures(shown))
    _hand_out_all(sock, wanted)


def _command(sock: socket.socket) -> bytes:
    """Return the host's next command, "" if there is none; the run ends with its host."""
    try:
        command = sock.recv(16, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""
    return command or b"stop"


def _reap(child: int) -> int | None:
    """Collect whatever has ended; return the program's status once it is among them."""
    status = None
    with suppress(ChildProcessError):
        while True:
            pid, ended = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == child:
                status = ended
    return status


def _end_all(child: int, status: int | None) -> int:
    """Kill everything else in this namespace and wait until it is gone; return the program's status."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            pid, ended = os.wait()
            if pid == child:
                status = ended
    return status if status is not None else signal.SIGKILL


def _figures(shown: set[str]) -> list[str]:
    names = sorted(name for name in os.listdir(program.WORK) if name.startswith("_figure_") and name.endswith(".png"))
    fresh = [name for name in names if name not in shown][:BATCH]
    shown.update(fresh)
    return fresh


def _hand_out_all(sock: socket.socket, wanted: list[str]) -> None:
    """Send the wanted files in batches (those asked for by name first), then say that it is done."""
    named = [name for name in wanted if name != "*"]
    others = [name for name in sorted(os.listdir(program.WORK)) if name not in named] if "*" in wanted else []
    for kind, names in (("files", named), ("others", others)):
        for start in range(0, len(names), BATCH):
            _hand_out(sock, kind, names[start : start + BATCH])
    _hand_out(sock, "done", [])


def _hand_out(sock: socket.socket, kind: str, names: list[str]) -> None:
    """Send those of `names` that can be opened: one message with kind and names, and their descriptors."""
    opened = [(name, descriptor) for name in names if (descriptor := _open(name)) is not None]
    with suppress(OSError):  # nobody listens any more
        message = json.dumps((kind, [name for name, _ in opened])).encode()
        socket.send_fds(sock, [message], [descriptor for _, descriptor in opened])
    for _, descriptor in opened:
        os.close(descriptor)


def _open(name: str) -> int | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    if "/" in name:
        return None
    try:
        return os.open(f"{program.WORK}/{name}", flags)
    except OSError:
        return None
