"""Second half of a run, inside of the sandbox: process 1, which starts the candidate's program and reports its end.

Run as a script in the sandbox runtime: `python inside.py REPORT_FD SCRIPT SEED RLIMITS`; standard library only.

Process 1 cannot be killed, traced or read from inside (it is not dumpable, ignores signals, and its namespace protects
it), and only it holds the report pipe. So a report "ready" without an "end" is never the program's doing.
The program runs in a fork of it: with its own `__main__`, no descriptors but 0–2, and no frame of ours in its tracebacks.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType, TracebackType
from typing import Any

WORK = "/work"
WARM = "/opt/warm"
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


def confine(rlimits: str) -> None:
    """Set `kind:value,…` as soft and hard limits (the hard one for CPU is a second later)."""
    for item in rlimits.split(","):
        kind, value = (int(part) for part in item.split(":"))
        hard = value + 1 if kind == resource.RLIMIT_CPU else value
        resource.setrlimit(kind, (value, hard))


def copy_caches() -> None:
    """Copy the runtime's ready-made caches to where the program's libraries may write."""
    if not os.path.isdir(WARM):
        return
    for folder, _, names in os.walk(WARM):
        target = "/tmp" + folder[len(WARM) :]
        os.makedirs(target, exist_ok=True)
        for name in names:
            with open(f"{folder}/{name}", "rb") as source, open(f"{target}/{name}", "wb") as copy:
                copy.write(source.read())


class Seeder:
    """Seed `random` and `numpy.random` when they are first imported (importing numpy for all would cost 0.1 s)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.waiting = {"random", "numpy.random"}

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find `name` as usual, but seed it after it has been loaded."""
        if name not in self.waiting:
            return None
        self.waiting.discard(name)
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None or (spec.origin or "").startswith(WORK):
            return spec  # the program's own random.py is its own affair
        loader: Any = spec.loader
        load = loader.exec_module

        def load_and_seed(module: Any) -> None:
            load(module)
            module.seed(self.seed)

        loader.exec_module = load_and_seed
        return spec


def show_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print the traceback as Python does, without the frames of this file."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


def play(script: str, seed: int) -> None:
    """Run `script` as `__main__`; errors and exit codes come out as from a plain interpreter."""
    path = f"{WORK}/{script}"
    main = ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=__builtins__, __loader__=None, __cached__=None)
    sys.modules["__main__"] = main
    sys.argv[:] = [path]
    sys.path[0] = WORK
    sys.meta_path.insert(0, Seeder(seed))
    sys.excepthook = show_error
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        stream.reconfigure(line_buffering=True)  # what was printed before a kill is kept
    with open(path, "rb") as file:
        source = file.read()
    exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)


def main() -> None:
    """Split into process 1 and the program."""
    report, script, seed, rlimits = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    (prepared, tell), (wait, gate) = os.pipe(), os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        guard(child, report, prepared, gate)
    os.close(gate)
    copy_caches()
    confine(rlimits)
    os.write(tell, b"!")
    if os.read(wait, 1) != b"!":
        os._exit(72)
    os.closerange(3, 1024)
    play(script, seed)


if __name__ == "__main__":
    main()
