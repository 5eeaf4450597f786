"""Record the system calls of real programs, to compare with the list in `grading/sandbox/syscalls.py`. For developers.

    apt install strace; .venv/bin/python tools/syscalls.py [--write]

Runs, under strace and without the filter, every program of the task samples, of the contract tests and of
`tests/grading/sandbox/programs.py`. Prints the recorded calls that the list refuses; --write adds the names to
`tests/grading/sandbox/recorded.txt`, which a test compares with the list.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT / "tests/grading/sandbox/recorded.txt"
START = "/opt/runtime/bin/python"
"""What a run executes first inside: calls of this process and its descendants count."""

_LINE = re.compile(r"^(\d+) +(?:<\.\.\. )?([a-z_]\w*)")
_CHILD = re.compile(r"(?:clone|fork|vfork)\b.*= \d+ ?(?:/\* (\d+) in strace's PID NS \*/)?")


def record(log: Path) -> Counter[str]:
    """Run everything under strace; return how often each call was made."""
    command = ["strace", "-f", "-qq", "-s", "64", "--decode-pids=pidns", "-e", "signal=none", "-o", str(log)]
    subprocess.run([*command, sys.executable, __file__, "--inner"], check=True, cwd=ROOT)
    with log.open(errors="replace") as lines:
        return count(lines)


def count(lines: Iterable[str]) -> Counter[str]:
    """Return name → number of the calls that processes of the sandbox made."""
    seen: Counter[str] = Counter()
    inside: set[str] = set()
    for line in lines:
        match = _LINE.match(line)
        if not match:
            continue
        pid, name = match.groups()
        if name == "execve" and f'"{START}"' in line:
            inside.add(pid)
        if pid in inside:
            seen[name] += " resumed>" not in line
            if child := _CHILD.search(line):
                inside.add(child.group(1) or line.rsplit("= ", 1)[1].split()[0])
    return seen


def run_everything() -> None:
    """Run the corpus in the sandbox `bwrap` with a filter that lets everything pass."""
    sys.path.insert(0, str(ROOT))
    import pytest

    from grading.library import load_library
    from grading.proof import prove
    from grading.sandbox import make_backend, seccomp

    seccomp.program = lambda: struct.pack("=HBBI", 6, 0, 0, 0x7FFF0000)  # type: ignore[assignment]
    sandbox = make_backend("bwrap", ROOT / "instance" / "runtimes")
    for task in load_library(ROOT / "tasks").tasks.values():
        if task.runs:
            print(task.id, len(prove(task, sandbox).trials), flush=True)
    tests = [str(ROOT / "tests/grading/sandbox" / name) for name in ("test_contract.py", "test_programs.py", "test_scripts.py")]
    pytest.main(["-q", "-p", "no:cacheprovider", "-n0", "-k", "not zygote and not rights", *tests])


def main() -> None:
    """Record, compare, and keep the names if asked to."""
    if "--inner" in sys.argv:
        return run_everything()
    if not shutil.which("strace"):
        sys.exit("请先安装 strace。")
    from grading.sandbox.syscalls import ALLOWED, CONDITIONAL

    with tempfile.TemporaryDirectory(prefix="syscalls-") as folder:
        seen = record(Path(folder) / "log")
    for name, times in seen.most_common():
        print(f"{times:>9} {name}{'' if name in (*ALLOWED, *CONDITIONAL) else '    <- not on the list'}")
    if "--write" in sys.argv:
        # Added to what is there: which calls are made depends a little on chance and on the machine.
        RECORDED.write_text("".join(f"{name}\n" for name in sorted({*seen, *RECORDED.read_text("ascii").split()})), "ascii")
    return None


if __name__ == "__main__":
    main()
