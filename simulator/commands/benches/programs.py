"""Who runs the programs of the marking bench: plain `python` of the runtime, or a sandbox; and what is asked of each run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grading.model import RunLimits
from grading.sandbox.contract import RunJob, RunResult, Sandbox
from simulator.commands.benches import workload
from simulator.commands.benches.measure import Contender, NotCounted

SINGLE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""As in the sandbox, so that plain python gains or loses nothing by threads."""

# Adds up what this process alone holds; a thread looks all the time, because memory given back at the end is memory used.
_WATCH = """\
import threading
def _private():
    with open("/proc/self/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(("Private_Dirty:", "Swap:")))
_peak, _done = [_private()], threading.Event()
def _watch():
    while not _done.wait(0.005):
        _peak.append(_private())
_watcher = threading.Thread(target=_watch)
_watcher.start()
"""
_REPORT = """
_done.set()
_watcher.join()
print(max(*_peak, _private()))
"""

_STUBBORN = """\
import os, signal, time
def stay():
    while True:
        time.sleep(60)
for number in range(1, signal.NSIG):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
for child in range(8):
    if os.fork() == 0:
        stay()
print("started", flush=True)
stay()
"""
KILL_WALL_S = 0.5


@dataclass(frozen=True)
class Program:
    """A program with its inputs; output : what its file `predictions.csv` must hold, None if it writes none."""

    text: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    output: bytes | None = None

    def job(self) -> RunJob:
        """Return the program as a job of a sandbox."""
        files = {**self.files, "main.py": self.text.encode()}
        return RunJob("python", "main.py", files, RunLimits(), (workload.OUTPUT,) if self.output is not None else ())


PASS = Program("pass\n")


def typical(reference: workload.Reference) -> Program:
    """Return the typical program."""
    return Program(workload.PROGRAM, {workload.DATA: workload.data()}, reference.output)


def in_sandbox(name: str, sandbox: Sandbox, program: Program) -> Contender:
    """Return runs of `program` in `sandbox`, from the files in memory to the collected file."""
    job = program.job()

    def check(result: RunResult) -> None:
        if result.status != "ok":
            raise NotCounted(f"沙箱里的程序没有正常结束：{result.message} {result.stderr[-200:]}")
        if program.output is not None and result.files.get(workload.OUTPUT) != program.output:
            raise NotCounted("沙箱里写出的预测与直接运行的不同")

    return Contender(name, lambda: sandbox.run(job), check)


def plain(name: str, python: Path, folder: Path, program: Program) -> Contender:
    """Return runs of `python main.py` in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, data in {**program.files, "main.py": program.text.encode()}.items():
        (folder / file).write_bytes(data)
    output = folder / workload.OUTPUT

    def check(done: subprocess.CompletedProcess[str]) -> None:
        if done.returncode != 0:
            raise NotCounted(f"直接运行的程序没有正常结束：{done.stderr[-200:]}")
        if program.output is not None and (not output.is_file() or output.read_bytes() != program.output):
            raise NotCounted("直接运行两次，写出的预测不同")

    return Contender(name, lambda: run_plain(python, folder), check, lambda: output.unlink(missing_ok=True))


def run_plain(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python main.py` (or with other `arguments`) in `folder`, as a shell would."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | SINGLE_THREAD
    return subprocess.run(
        [str(python), *(arguments or ("main.py",))], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, errors="replace", check=False,
    )  # fmt: skip


def find_reference(python: Path, folder: Path) -> workload.Reference:
    """Run the typical program plainly once and return what it gives; NotCounted if it does not work."""
    contender = plain("reference", python, folder, Program(workload.PROBE, {workload.DATA: workload.data()}))
    done = contender.run()
    contender.check(done)
    try:
        return workload.Reference.read(done.stdout, (folder / workload.OUTPUT).read_bytes())
    except (ValueError, OSError) as error:
        raise NotCounted(str(error)) from None


def private_mb(sandbox: Sandbox, program: Program) -> float:
    """Return the most MB (10⁶ bytes) that one run of `program` holds for itself alone, with the files in its work directory."""
    watched = Program(_WATCH + program.text + _REPORT, program.files, program.output)
    contender = in_sandbox("memory", sandbox, watched)
    result = contender.run()
    contender.check(result)
    files = sum(map(len, (*watched.job().files.values(), *result.files.values())))
    return (int(result.stdout.split()[-1]) * 1024 + files) / 1e6


def stubborn(sandbox: Sandbox) -> Contender:
    """Return runs of a program with eight children, all of which ignore every signal, into their limit of time."""
    job = RunJob("python", "main.py", {"main.py": _STUBBORN.encode()}, RunLimits(wall_s=KILL_WALL_S))

    def check(result: RunResult) -> None:
        if result.status != "time_limit" or "started" not in result.stdout:
            raise NotCounted(f"程序没有按预期超时：{result.message} {result.stderr[-200:]}")

    return Contender("kill", lambda: sandbox.run(job), check)
