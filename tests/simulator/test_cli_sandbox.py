"""`simulator sandbox run|selftest`: exactly the options and keys that others rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grading.sandbox import BACKENDS, Check
from simulator.cli import main

KEYS = {"status", "exit_code", "signal", "wall_s", "cpu_s", "memory_mb", "stdout", "stderr", "files", "message"}

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A folder of runtimes with none in it, but with the notes of passed self-tests."""
    return tmp_path_factory.mktemp("runtimes")


@pytest.fixture
def simulator(tmp_path, monkeypatch, empty):
    monkeypatch.setenv("SIMULATOR_INSTANCE", str(tmp_path / "instance"))
    return lambda *args: CliRunner().invoke(main, ["sandbox", *(str(arg) for arg in args), "--runtimes-dir", str(empty)])


@pytest.fixture
def play(simulator, tmp_path):
    def play(text: str, *options: object, name: str = "script.py"):
        (tmp_path / name).write_text(text, "utf-8")
        answer = simulator("run", "--runtime", "bare", *options, tmp_path / name, "--json")
        return answer.exit_code, json.loads(answer.stdout)

    return play


@pytest.mark.parametrize("backend", [None, *BACKENDS])
def test_a_run(play, backend):
    code, data = play("print('你好')\nopen('out.txt', 'w').write('abc')", *(["--backend", backend] if backend else []))
    assert (code, set(data)) == (0, KEYS)
    assert (data["status"], data["exit_code"], data["signal"], data["stdout"], data["stderr"]) == ("ok", 0, None, "你好\n", "")
    assert data["files"] == [{"name": "out.txt", "size": 3}]
    assert all(0 < data[key] < 200 for key in ("wall_s", "cpu_s", "memory_mb")), data


def test_files_and_stdin(play, tmp_path):
    for name in ("a.csv", "b.csv", "in"):
        (tmp_path / name).write_text(name)
    program = "print(open('a.csv').read(), open('b.csv').read(), input())\nopen('a.csv', 'a').write('x'); open('c.csv', 'w')"
    code, data = play(program, "--file", tmp_path / "a.csv", "--file", tmp_path / "b.csv", "--stdin", tmp_path / "in")
    assert (code, data["stdout"]) == (0, "a.csv b.csv in\n")
    assert data["files"] == [{"name": "c.csv", "size": 0}]  # new ones only


@pytest.mark.parametrize(("options", "program", "status"), [
    (("--wall", 0.5), "import time; time.sleep(60)", "time_limit"),
    (("--cpu", 0.5, "--wall", 30), "while True: pass", "time_limit"),
    (("--memory-mb", 64), "x = []\nwhile True: x.append(bytearray(b'1') * (1 << 20))", "memory_limit"),
    (("--output-kb", 2), "print('x' * 5000)", "output_limit"),
    (("--processes", 4), "import os, time\nfor n in range(8):\n if os.fork() == 0: time.sleep(9)\ntime.sleep(9)", "process_limit"),
    ((), "1 / 0", "runtime_error"),
])  # fmt: skip
def test_limits(play, options, program, status):
    code, data = play(program, *options)
    assert (code, data["status"]) == (1, status)
    assert data["message"]


def test_exit_codes_and_signals(play):
    assert play("import sys; sys.exit(3)")[1]["exit_code"] == 3
    data = play("import os; os.kill(os.getpid(), 9)")[1]
    assert (data["exit_code"], data["signal"]) == (None, 9)


@pytest.mark.parametrize("options", [("--wall", 0), ("--memory-mb", 1), ("--processes", 0), ("--output-kb", 0), ("--cpu", "x"),
                                     ("--backend", "docker")])  # fmt: skip
def test_bad_options_are_usage_errors(simulator, tmp_path, options):
    (tmp_path / "s.py").write_text("")
    assert simulator("run", *options, tmp_path / "s.py").exit_code == 2


def test_two_files_of_one_name(simulator, tmp_path):
    (tmp_path / "other").mkdir()
    for path in (tmp_path / "s.py", tmp_path / "other" / "s.py"):
        path.write_text("")
    answer = simulator("run", "--file", tmp_path / "other" / "s.py", tmp_path / "s.py")
    assert answer.exit_code == 2
    assert "s.py" in answer.output


def test_missing_runtime_is_a_sandbox_error(simulator, tmp_path):
    (tmp_path / "s.py").write_text("")
    answer = simulator("run", "--runtime", "python", tmp_path / "s.py", "--json")
    data = json.loads(answer.stdout)
    assert (answer.exit_code, data["status"]) == (2, "sandbox_error")
    assert "simulator runtimes build python" in data["message"]


def test_a_shell_script_runs_by_its_first_line(play):
    code, data = play("#!/bin/sh\necho hello $(id -u)\ntouch made\n", name="script.sh")
    assert (code, data["status"], data["stdout"], data["files"]) == (0, "ok", "hello 60001\n", [{"name": "made", "size": 0}])


def test_a_shell_script_and_a_backend_that_cannot(play):
    code, data = play("#!/bin/sh\necho hello\n", "--backend", "zygote", name="script.sh")
    assert (code, data["status"], data["stdout"]) == (1, "refused", "")
    assert "bwrap" in data["message"]
    assert play("#!/nowhere/sh\n", name="script.sh")[1]["status"] == "refused"


def test_a_first_line_that_names_python(play):
    assert play("#!/usr/bin/env python3\nprint(6 * 7)\n", "--backend", next(iter(BACKENDS)))[1]["stdout"] == "42\n"


def test_only_the_first_command_tests_itself(play, empty, monkeypatch):
    tested = []
    monkeypatch.setattr("grading.sandbox.backends.selftest", lambda *_args: tested.append(1) or [Check("x", True, "")])
    for path in empty.glob(".selftest-*"):
        path.unlink()
    assert play("print(1)", "--backend", "bwrap")[0] == play("print(1)", "--backend", "bwrap")[0] == 0
    assert len(tested) == 1
    note = empty / ".selftest-bwrap"
    assert note.stat().st_mode & 0o077 == 0
    note.write_text("0" * 64)  # of another boot, version or right
    assert play("print(1)", "--backend", "bwrap")[0] == 0
    assert len(tested) == 2


def test_what_fails_its_test_is_not_used_and_not_remembered(play, empty, monkeypatch):
    play("print(1)", "--backend", "bwrap")
    monkeypatch.setattr("grading.sandbox.backends.selftest", lambda *_args: [Check("读取本机文件", False, "读到了")])
    monkeypatch.setattr("grading.sandbox.stamp.is_fresh", lambda *_args: False)
    code, data = play("print(1)")
    assert (code, data["status"], data["stdout"]) == (2, "sandbox_error", "")
    assert "读取本机文件" in data["message"]
    assert list(empty.glob(".selftest-*")) == []


def test_selftest(simulator):
    answer = simulator("selftest", "--json")
    backends = json.loads(answer.stdout)["backends"]
    assert (answer.exit_code, [backend["name"] for backend in backends]) == (0, list(BACKENDS))
    for backend in backends:
        assert (backend["ok"], backend["error"]) == (True, "")
        assert all(set(check) == {"name", "ok", "detail"} and check["ok"] for check in backend["checks"])
    assert "考试时用它" in simulator("selftest", "--backend", "bwrap").stdout


def test_selftest_says_why_there_is_none(simulator, monkeypatch):
    monkeypatch.setattr("grading.sandbox.bwrap.find_bwrap", lambda: Path("/bin/false"))
    answer = simulator("selftest", "--backend", "bwrap")
    assert answer.exit_code == 1
    assert "✗ 失守" in answer.stdout
