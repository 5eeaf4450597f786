"""The self-test trusts no backend: it fails those that leak, lie or do nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from grading.errors import SandboxError
from grading.sandbox import RunJob, RunResult, Sandbox, open_sandbox, selftest


class Open:
    """A backend that isolates nothing: it runs the program on this machine."""

    name = "open"

    def run(self, job: RunJob) -> RunResult:
        with tempfile.TemporaryDirectory() as folder:
            for name, data in job.files.items():
                Path(folder, name).write_bytes(data)
            # No attack that could hurt this machine gets through to it.
            if b"fork" in job.files[job.script] or b"while True" in job.files[job.script]:
                return RunResult("ok", 0, stdout="0\n")
            if b"setns" in job.files[job.script]:
                return RunResult("ok", 0, stdout="[false, false, false, false]\n")
            if b"planted" in job.files[job.script]:
                return RunResult("ok", 0, stdout='["/"]\n')
            if b"/left" in job.files[job.script]:
                return RunResult("ok", 0, stdout='["/tmp/left"]\n')
            done = subprocess.run([sys.executable, job.script], cwd=folder, capture_output=True, text=True, check=False)
            files = {name: Path(folder, name).read_bytes() for name in job.collect if Path(folder, name).is_file()}
            return RunResult("ok", done.returncode, stdout=done.stdout, stderr=done.stderr, files=files)


class Dead:
    """A backend that runs nothing and says that all went well."""

    name = "dead"

    def run(self, job: RunJob) -> RunResult:
        return RunResult("ok", 0)


class Broken:
    """A backend that raises."""

    name = "broken"

    def run(self, job: RunJob) -> RunResult:
        raise SandboxError("坏了")


def test_a_backend_without_walls_fails_every_check() -> None:
    assert [check.name for check in selftest(Open()) if check.ok] == []


def test_a_backend_that_runs_nothing_fails_every_check() -> None:
    assert [check.name for check in selftest(Dead()) if check.ok] == []


def test_a_broken_backend_fails_with_its_reason() -> None:
    assert {(check.ok, check.detail) for check in selftest(Broken())} == {(False, "坏了")}


@pytest.mark.sandbox
def test_the_backends_hold(sandbox: Sandbox) -> None:
    checks = selftest(sandbox)
    assert len(checks) >= 14
    assert [check for check in checks if not check.ok] == []


@pytest.mark.sandbox
def test_open_sandbox(runtimes_dir: Path) -> None:
    begin = time.monotonic()
    assert open_sandbox(runtimes_dir).name == "bwrap"
    assert time.monotonic() - begin < 30


@pytest.mark.sandbox
def test_a_planted_environment_variable_is_not_seen(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATOR_PLANTED", os.urandom(4).hex())
    assert next(check for check in selftest(sandbox) if check.name == "环境变量").ok
