"""Programs that are not Python: run by their first line, under bwrap, with no more rights than the others."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from grading.model import RunLimits
from grading.sandbox import BACKENDS, BARE, RunJob, RunResult, Sandbox, make_backend, shebang
from tests.grading.sandbox import programs

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def bwrap(runtimes_dir: Path) -> Sandbox:
    return make_backend("bwrap", runtimes_dir)


def play(sandbox: Sandbox, script: bytes, **limits: float) -> RunResult:
    job = RunJob(BARE, "script", {"script": script}, RunLimits(**limits), ("*",), interpreter="shebang")
    return sandbox.run(job)


@pytest.mark.parametrize("name", programs.SCRIPTS)
def test_scripts(bwrap: Sandbox, name: str) -> None:
    interpreter, text = programs.SCRIPTS[name]
    if not os.access(interpreter, os.X_OK):
        pytest.skip(f"no {interpreter} here")
    result = play(bwrap, text.encode())
    assert (result.status, result.stdout) == ("ok", "ok\n"), (result.message, result.stderr)
    assert "script" not in result.files


@pytest.mark.parametrize("flags", [(), ("-static",)])
def test_compiled_program(bwrap: Sandbox, tmp_path: Path, flags: tuple[str, ...]) -> None:
    if not shutil.which("gcc"):
        pytest.skip("no C compiler here")
    (tmp_path / "c.c").write_text(programs.C)
    subprocess.run(["gcc", "-O1", "-pthread", *flags, "-o", tmp_path / "program", tmp_path / "c.c"], check=True)
    result = play(bwrap, (tmp_path / "program").read_bytes())
    assert (result.status, result.stdout, dict(result.files)) == ("ok", "ok\n", {"c.txt": b"1"}), (result.message, result.stderr)


@pytest.mark.parametrize("name", [name for name in BACKENDS if name != "bwrap"])
def test_other_backends_refuse(runtimes_dir: Path, name: str) -> None:
    other = make_backend(name, runtimes_dir)
    result = play(other, b"#!/bin/sh\necho hello\n")
    other.close()
    assert result.status == "refused"
    assert "bwrap" in result.message


def test_files_of_the_host_are_not_there(bwrap: Sandbox, tmp_path: Path) -> None:
    places = "/etc/shadow /etc/hostname /root /home /var /sys /run /boot /srv /mnt"
    result = play(bwrap, f"#!/bin/sh\nfor p in {places} {tmp_path}; do [ -e $p ] && echo $p; done; ls /etc; exit 0\n".encode())
    assert result.stdout.split() == ["alternatives", "group", "nsswitch.conf", "passwd"]


def test_no_more_rights_than_python(bwrap: Sandbox) -> None:
    script = b"""#!/bin/sh
grep -E 'Cap(Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp:' /proc/self/status; id -u
for command in 'touch /usr/bin/x' 'touch /bin/x' 'mount -t tmpfs x /tmp' 'unshare -r true' 'su -c id' 'chroot / true'; do
  $command < /dev/null > /dev/null 2>&1 && echo "$command"
done
exit 0
"""
    lines = play(bwrap, script).stdout.splitlines()
    assert [line.split()[-1] for line in lines[:6]] == ["0" * 16] * 4 + ["1", "2"]
    assert lines[6:] == ["60001"]


def test_limits_hold(bwrap: Sandbox) -> None:
    assert play(bwrap, b"#!/bin/sh\nwhile :; do :; done\n", wall_s=0.5).status == "time_limit"
    assert play(bwrap, b"#!/bin/sh\nwhile :; do echo xxxxxxxxxxxxxxxxxx; done\n", output_kb=4).status == "output_limit"
    many = play(bwrap, b"#!/bin/sh\nfor n in $(seq 40); do sleep 20 & done; wait\n", processes=16)
    assert many.status == "process_limit" or "fork" in many.stderr.lower()
    assert many.wall_s < 5


def test_exit_codes(bwrap: Sandbox) -> None:
    assert play(bwrap, b"#!/bin/sh\nexit 3\n").exit_code == 3
    assert play(bwrap, b"#!/bin/sh\nkill -9 $$\n").signal == 9
    failed = play(bwrap, b"#!/nowhere/interpreter\n")
    assert (failed.status, failed.exit_code) == ("runtime_error", 126)
    assert "script" in failed.stderr


@pytest.mark.parametrize(
    ("script", "expected"),
    [(b"", "python"), (b"print(1)\n", "python"), (b"#!/usr/bin/python3.11\n", "python"), (b"#!/usr/bin/env python\n", "python"),
     (b"#!/usr/bin/env -S python3 -u\n", "python"), (b"#! /usr/bin/env -S A=1 node --x\n", "shebang"), (b"#!/bin/bash -e\n", "shebang"),
     (b"#!/usr/bin/perl", "shebang"), (b"\x7fELF\x02", "shebang"), (b"#!\n", "python"), (b"#!/usr/bin/pythonista\n", "shebang")],
)  # fmt: skip
def test_what_runs_a_script(script: bytes, expected: str) -> None:
    assert shebang.interpreter(script) == expected


@pytest.mark.parametrize("script", [b"#!/nowhere/sh\n", b"#!/usr/bin/env no-such-program\n"])
def test_missing_interpreter(script: bytes) -> None:
    assert "解释器" in shebang.missing(script)
    assert shebang.missing(b"#!/bin/sh\n") == shebang.missing(b"#!/usr/bin/env sh\n") == ""


def test_interpreter_that_would_not_be_seen(tmp_path: Path) -> None:
    hidden = tmp_path / "sh"
    hidden.write_text("#!/bin/sh\n")
    hidden.chmod(0o755)
    assert "/usr" in shebang.missing(f"#!{hidden}\n".encode())
