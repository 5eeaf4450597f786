"""The zygote: imports a runtime's libraries once, then forks a ready interpreter for each run. Runs inside its own root.

Run as a script (`/opt/runtime/bin/python /opt/forkserver.py FD`) by `launch.py`; standard library only.

::

    host ── control ──▶ serve()          only "run", a slot number and descriptors: nothing of any submission
      │                   └ fork ─▶ keeper    process 1 of the run: builds its world, fills it, reaps, hands files out
      └──── channel ───────────────▶   └ fork ─▶ the candidate's program, unprivileged

What is done here once costs every run nothing: so no secret, no key and no candidate's work ever comes into this process.
It has one thread when it forks (OpenMP and BLAS are set to one), or the children would inherit locks that nobody holds.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grading.sandbox import keeper, kernel, program
else:
    import keeper
    import kernel
    import program

PLAIN = frozenset(sys.modules)
"""What a bare interpreter has loaded anyway."""


def preload(names: list[str], prime: str) -> list[str]:
    """Import `names`, run the lines `prime`; return what failed. A missing library is the program's affair, not ours."""
    failed = []
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {error}")
    try:
        exec(compile(prime, "<prime>", "exec", dont_inherit=True), {"__name__": "prime"})
    except Exception as error:
        failed.append(f"prime: {type(error).__name__}: {error}")
    return failed


def threads() -> int:
    """Return the number of threads of this process."""
    return len(os.listdir("/proc/self/task"))


def prepare(control: socket.socket) -> kernel.Filter:
    """Take the settings, load everything, say "ready" (or what is wrong)."""
    control.send(b"hello")
    settings: dict[str, Any] = json.loads(control.recv(1 << 20))
    scratch = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", program.SCRATCH, "tmpfs", scratch, "size=64m,nr_inodes=1024,mode=700")
    program.copy_caches()
    failed = preload(settings["preload"], settings["prime"])
    if threads() != 1:
        failed.append(f"{threads()} threads after the imports")
        control.send(json.dumps({"ready": False, "failed": failed}).encode())
        sys.exit(70)
    gc.collect()
    gc.freeze()
    control.send(json.dumps({"ready": True, "failed": failed}).encode())
    return kernel.Filter(bytes.fromhex(settings["seccomp"]))


def reap(options: int = os.WNOHANG) -> None:
    """Collect the ended keepers (we are process 1 of our namespace: everybody's orphans come to us)."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def serve(control: socket.socket, wall: kernel.Filter) -> keeper.Start:
    """Fork a keeper for each order until the host goes away. Returns only in the candidate's process."""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        poll.poll(1000)
        reap()
        try:
            order, descriptors, _, _ = socket.recv_fds(control, 64, 5, socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue
        if not order:
            reap(0)  # the running keepers end in their time, or at once if their host is gone
            os._exit(0)
        kernel.unshare(kernel.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            control.close()
            os.close(own)
            return keeper.keep(int(order), descriptors, wall)
        kernel.setns(own, kernel.CLONE_NEWPID)
        _announce(pid, descriptors)


def _announce(pid: int, descriptors: list[int]) -> None:
    """Tell the host who the keeper is, and let go of the run's descriptors."""
    keeper_descriptor = os.pidfd_open(pid)
    with socket.socket(fileno=descriptors[0]) as channel, suppress(OSError):
        socket.send_fds(channel, [b"forked"], [keeper_descriptor])
    for descriptor in (keeper_descriptor, *descriptors[1:]):
        os.close(descriptor)


def main() -> keeper.Start:
    """Serve; in the candidate's process return what it needs to begin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    start = serve(control, prepare(control))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    forget(start.names)
    return start


def forget(names: list[str]) -> None:
    """Drop from the loaded modules ours, and those that a file of the candidate's is meant to stand for (`helper.py`)."""
    for name in ("keeper", "kernel", "program"):
        del sys.modules[name]
    stems = {name.removesuffix(".py") for name in names if name.endswith(".py")} - PLAIN
    if any(stem in sys.modules for stem in stems):  # looking at all names would touch, and so copy, their pages
        for name in [name for name in sys.modules if name.partition(".")[0] in stems]:
            del sys.modules[name]


if __name__ == "__main__":
    ready = main()
    program.play(ready.script, ready.seed, ready.figures, True)
