"""The self-test trusts no backend: it fails those that leak, lie or do nothing."""

# ruff: noqa: E501  (attackers write long lines)

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import grading.sandbox
from grading.errors import SandboxError
from grading.sandbox import BACKENDS, Check, RunJob, RunResult, Sandbox, open_sandbox, selftest
from grading.sandbox.contract import Observer

# What a backend without walls would let these programs see. They are not run: they could hurt this machine.
TOO_DANGEROUS = {
    "os.fork()": "[0]", "while True": "[0]", "libc.unshare": json.dumps([False] * 7), "/planted": '[["/"]]',
    "/left": '[["/tmp"], 2]', "for line in open('/proc/self/maps')": "[9999999, 1, 1]", "_getframe": '[[["/srv/run.py", "run"]], ["job"]]',
}  # fmt: skip


class Open:
    """A backend that isolates nothing: it runs the program on this machine."""

    name = "open"

    def run(self, job: RunJob, observer: Observer | None = None) -> RunResult:
        text = job.files[job.script].decode()
        for sign, answer in TOO_DANGEROUS.items():
            if sign in text:
                if observer:
                    observer.output("stdout", b"ready")
                return RunResult("ok", 0, stdout=answer + "\n")
        with tempfile.TemporaryDirectory() as folder:
            for name, data in job.files.items():
                Path(folder, name).write_bytes(data)
            done = subprocess.run([sys.executable, job.script], cwd=folder, capture_output=True, text=True, check=False)
            files = {name: Path(folder, name).read_bytes() for name in job.collect if Path(folder, name).is_file()}
            return RunResult("ok", done.returncode, stdout=done.stdout, stderr=done.stderr, files=files)

    def close(self) -> None:
        pass


class Dead(Open):
    """A backend that runs nothing and says that all went well."""

    name = "dead"

    def run(self, job: RunJob, observer: Observer | None = None) -> RunResult:
        return RunResult("ok", 0)


class Broken(Open):
    """A backend that raises."""

    name = "broken"

    def run(self, job: RunJob, observer: Observer | None = None) -> RunResult:
        raise SandboxError("坏了")


class Leak(Open):
    """A backend that holds, but for what `change` does to its jobs, given the input of the last job that had one."""

    name = "leak"

    def __init__(self, sandbox: Sandbox, change: Callable[[str, str], str]) -> None:
        self.sandbox, self.change, self.last = sandbox, change, ""

    def run(self, job: RunJob, observer: Observer | None = None) -> RunResult:
        program = self.change(job.files[job.script].decode(), self.last)
        self.last = job.stdin.decode() or self.last
        return self.sandbox.run(dataclasses.replace(job, files={**job.files, job.script: program.encode()}), observer)


def failed(checks: list[Check]) -> set[str]:
    return {check.name for check in checks if not check.ok}


def test_a_backend_without_walls_fails_every_check() -> None:
    assert [check.name for check in selftest(Open(), ("python",)) if check.ok] == []


def test_a_backend_that_runs_nothing_fails_every_check() -> None:
    assert [check.name for check in selftest(Dead(), ("python",)) if check.ok] == []


def test_a_broken_backend_fails_with_its_reason() -> None:
    assert {(check.ok, check.detail) for check in selftest(Broken())} == {(False, "坏了")}


@pytest.mark.sandbox
def test_text_of_an_earlier_run_is_found_in_memory(sandbox: Sandbox) -> None:
    leak = Leak(sandbox, lambda program, last: f"held = ['x', {last!r}]; import mmap; m = mmap.mmap(-1, 9999); m.write({last[:400].encode()!r})\n" + program)
    assert failed(selftest(leak)) == {"在内存里找到前一次运行的文字"}


@pytest.mark.sandbox
def test_a_frame_with_a_job_is_found(sandbox: Sandbox) -> None:
    def nest(program: str, last: str) -> str:
        return f"def run(job):\n  exec(PROGRAM, dict(__name__='__main__'))\nPROGRAM = {program!r}\nrun(dict(stdin=[{last!r}], path={str(Path(grading.sandbox.__file__).parent)!r}))\n"

    found = failed(selftest(Leak(sandbox, nest)))
    assert "从调用栈看到沙箱的数据" in found


@pytest.mark.sandbox
def test_a_file_that_stays_is_found(sandbox: Sandbox) -> None:
    leak = Leak(sandbox, lambda program, last: (f"open('/dev/shm/left', 'w').write({last!r})\n" if last else "") + program)
    assert failed(selftest(leak)) == {"看到前一次运行的文件", "在内存里找到前一次运行的文字"}


@pytest.mark.sandbox
def test_a_variable_that_slips_in_is_found(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "1")
    leak = Leak(sandbox, lambda program, last: "import os; os.environ['DB_PASSWORD'] = '1'\n" + program)
    assert failed(selftest(leak)) == {"环境变量和启动时的栈"}


@pytest.mark.sandbox
def test_the_backends_hold(sandbox: Sandbox) -> None:
    begin = time.monotonic()
    checks = selftest(sandbox)
    assert [check for check in checks if not check.ok] == []
    assert len(checks) == len({check.name for check in checks}) >= 19
    assert time.monotonic() - begin < 30  # a few seconds where nothing else runs


@pytest.mark.sandbox
def test_loaded_interpreters_are_searched_too(sandbox: Sandbox, python_runtime: Path) -> None:
    checks = selftest(sandbox, ("python",))
    assert [check for check in checks if not check.ok] == []
    assert sum("python" in check.name for check in checks) == 3


@pytest.mark.sandbox
def test_open_sandbox(runtimes_dir: Path) -> None:
    begin = time.monotonic()
    opened = open_sandbox(runtimes_dir)
    opened.close()
    assert opened.name == next(iter(BACKENDS))
    assert time.monotonic() - begin < 30


@pytest.mark.sandbox
def test_a_planted_environment_variable_is_not_seen(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATOR_PLANTED", os.urandom(4).hex())
    assert next(check for check in selftest(sandbox) if check.name == "环境变量和启动时的栈").ok
