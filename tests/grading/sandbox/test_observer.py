"""Looking at a run while it goes on: output, pictures, stopping it. Both backends."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import pytest

from grading.model import RunLimits
from grading.sandbox import BARE, RunJob, RunResult, Sandbox

pytestmark = pytest.mark.sandbox


class Watcher:
    """Notes what it is told and when; stops the run once it has seen `stop_at`."""

    def __init__(self, stop_at: bytes | None = None) -> None:
        self.stop_at = stop_at
        self.printed: dict[str, bytes] = {"stdout": b"", "stderr": b""}
        self.first: float | None = None
        self.pictures: list[tuple[float, bytes]] = []

    def output(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        self.first = self.first or time.monotonic()
        self.printed[stream] += data

    def figure(self, data: bytes) -> None:
        self.pictures.append((time.monotonic(), data))

    def cancelled(self) -> bool:
        return self.stop_at is not None and self.stop_at in self.printed["stdout"]


def watch(sandbox: Sandbox, program: str, watcher: Watcher, runtime: str = BARE, **limits: float) -> RunResult:
    job = RunJob(runtime, "main.py", {"main.py": program.encode()}, RunLimits(**limits), ("*",))
    return sandbox.run(job, watcher)


def test_output_is_seen_while_the_program_runs(sandbox: Sandbox) -> None:
    watcher = Watcher()
    result = watch(sandbox, "import time, sys\nprint('早')\nprint('err', file=sys.stderr)\ntime.sleep(.6)\nprint('晚')", watcher)
    assert watcher.printed == {"stdout": "早\n晚\n".encode(), "stderr": b"err\n"}
    assert watcher.first is not None
    assert time.monotonic() - watcher.first > 0.5
    assert result.stdout == "早\n晚\n"


def test_cancelling_ends_the_run_and_keeps_what_it_wrote(sandbox: Sandbox) -> None:
    program = "import os, time\nopen('half', 'w').write('x')\nos.fork()\nprint('here')\ntime.sleep(60)"
    begin = time.monotonic()
    result = watch(sandbox, program, Watcher(b"here"))
    assert time.monotonic() - begin < 5
    assert (result.status, result.message) == ("cancelled", "程序被停止。")
    assert result.files == {"half": b"x"}


def test_the_observer_sees_no_more_than_the_limit(sandbox: Sandbox) -> None:
    watcher = Watcher()
    assert watch(sandbox, "while True: print('x' * 99)", watcher, output_kb=4).status == "output_limit"
    assert len(watcher.printed["stdout"]) == 4096


PLOT = """
import time
import matplotlib.pyplot as plt
for number in range(2):
    plt.plot([1, 2, number])
    plt.show()
    time.sleep(.6)
print(plt.get_fignums())
"""


def test_pictures_are_seen_when_they_are_shown(sandbox: Sandbox, python_runtime: Path) -> None:
    watcher = Watcher()
    result = watch(sandbox, PLOT, watcher, "python", wall_s=60, cpu_s=60)
    assert (result.status, result.stdout) == ("ok", "[]\n"), result.stderr
    assert [data[:8] for _, data in watcher.pictures] == [b"\x89PNG\r\n\x1a\n"] * 2
    assert watcher.pictures[1][0] - watcher.pictures[0][0] > 0.3


def test_nobody_looks_nothing_is_drawn(sandbox: Sandbox, python_runtime: Path) -> None:
    job = RunJob("python", "main.py", {"main.py": PLOT.encode()}, RunLimits(wall_s=60, cpu_s=60), ("*",))
    result = sandbox.run(job)
    assert (result.status, result.stderr, dict(result.files)) == ("ok", "", {})


def test_forged_pictures_are_handed_on_as_they_are(sandbox: Sandbox) -> None:
    """A link is not followed, a pipe not waited for; whether the bytes are a picture is for the reader to see."""
    program = ("import os, time\nos.symlink('/etc/passwd', '_figure_1.png'); os.mkfifo('_figure_2.png')\n"
               "open('_figure_3.png', 'w').write('no picture'); os.mkdir('_figure_4.png'); time.sleep(.5)")  # fmt: skip
    watcher = Watcher()
    assert watch(sandbox, program, watcher).status == "ok"
    assert [data for _, data in watcher.pictures] == [b"no picture"]
