"""Second half of a run, inside of the sandbox: process 1, which starts the candidate's program and reports its end.

Run as a script in the sandbox runtime: `python inside.py REPORT_FD SCRIPT SEED RLIMITS FIGURES KIND`; standard library only.

Process 1 cannot be killed, traced or read from inside (it is not dumpable, ignores signals, and its namespace protects
it), and only it holds the report pipe. So a report "ready" without an "end" is never the program's doing.
The program runs in a fork of it: with its own `__main__`, no descriptors but 0–2, and no frame of ours in its tracebacks.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grading.sandbox import program
else:
    import program

PR_SET_DUMPABLE = 4


def guard(child: int, report: int, prepared: int, gate: int) -> None:
    """Be process 1: hide, let the prepared child go, reap everything until it ends, report how it ended."""
    import ctypes  # only here: the program should find no more modules loaded than in a plain interpreter

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        os._exit(71)
    if os.read(prepared, 1) != b"!":
        os._exit(72)
    os.write(report, b"ready\n")
    os.write(gate, b"!")
    os.close(gate)
    status = None
    while status is None:
        pid, ended = os.wait()
        status = ended if pid == child else None
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    os.write(report, f"end {status} {used.ru_utime + used.ru_stime:.4f} {used.ru_maxrss}\n".encode())
    os._exit(0)  # and the kernel ends whatever the program left behind


def become(path: str) -> None:
    """Let the kernel run `path`: by its first line, or as a compiled program."""
    os.chmod(path, 0o700)
    try:
        os.execv(path, [path])
    except OSError as error:
        sys.stderr.write(f"{path}: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(126)


def main() -> None:
    """Split into process 1 and the program."""
    report, script, seed, rlimits, figures = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5] == "1"
    (prepared, tell), (wait, gate) = os.pipe(), os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        guard(child, report, prepared, gate)
    os.close(gate)
    program.copy_caches()
    program.confine(rlimits)
    os.write(tell, b"!")
    if os.read(wait, 1) != b"!":
        os._exit(72)
    os.closerange(3, 1024)
    if sys.argv[6] == "shebang":
        become(f"{program.WORK}/{script}")
    del sys.modules["program"]
    program.play(script, seed, figures)


if __name__ == "__main__":
    main()
