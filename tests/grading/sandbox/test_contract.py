"""What every backend must do (grading/sandbox/contract.py)."""

# ruff: noqa: E501  (attackers write long lines)

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grading.errors import SandboxError
from grading.sandbox import BARE, RunJob, Sandbox, make_backend, open_sandbox
from tests.grading.sandbox.helpers import run

pytestmark = pytest.mark.sandbox


def test_ok(sandbox: Sandbox) -> None:
    result = run(sandbox, "x = b'1' * (20 << 20); print('你好'); import sys; print('err', file=sys.stderr)")
    assert (result.status, result.exit_code, result.signal) == ("ok", 0, None)
    assert (result.stdout, result.stderr) == ("你好\n", "err\n")
    assert 0 < result.wall_s < 10
    assert 0 < result.cpu_s < 10
    assert 19 < result.memory_mb < 100


def test_files_in_and_out(sandbox: Sandbox) -> None:
    program = "open('out.bin','wb').write(open('in.bin','rb').read()[::-1]); import os; os.mkdir('folder')"
    result = run(sandbox, program, files={"in.bin": bytes(range(256)) * 5000}, collect=("out.bin", "missing", "folder"))
    assert result.files == {"out.bin": (bytes(range(256)) * 5000)[::-1]}


def test_collect_all_that_was_made(sandbox: Sandbox) -> None:
    result = run(sandbox, "open('b.txt','w').write('2'); open('甲.txt','w').write('1')", files={"in.txt": b""}, collect=("*",))
    assert result.files == {"b.txt": b"2", "甲.txt": b"1"}


def test_inputs_may_be_overwritten(sandbox: Sandbox) -> None:
    assert run(sandbox, "open('in.txt','a').write('b')", files={"in.txt": b"a"}, collect=("in.txt",)).files == {"in.txt": b"ab"}


def test_stdin(sandbox: Sandbox) -> None:
    assert run(sandbox, "print(input()[::-1], len(input()))", stdin="你好\n".encode() + b"x" * 100_000).stdout == "好你 100000\n"


def test_no_stdin_is_end_of_file(sandbox: Sandbox) -> None:
    result = run(sandbox, "input()")
    assert result.status == "runtime_error"
    assert "EOFError" in result.message


def test_exit_code(sandbox: Sandbox) -> None:
    result = run(sandbox, "import sys; sys.exit(3)")
    assert (result.status, result.exit_code, result.signal) == ("runtime_error", 3, None)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_signal(sandbox: Sandbox, number: signal.Signals) -> None:
    result = run(sandbox, f"import os; os.kill(os.getpid(), {int(number)})")
    assert (result.status, result.exit_code, result.signal) == ("runtime_error", None, number)
    assert number.name in result.message


def test_error_names_line_and_shows_no_frame_of_ours(sandbox: Sandbox) -> None:
    result = run(sandbox, "x = 1\ndef f():\n    return nothing\nf()\n")
    assert result.message == "程序以错误结束：NameError：name 'nothing' is not defined（第 3 行）。"
    assert result.stderr.splitlines()[1] == '  File "/work/main.py", line 4, in <module>'
    assert "inside" not in result.stderr


def test_syntax_error(sandbox: Sandbox) -> None:
    result = run(sandbox, "print(1)\nif:\n")
    assert result.status == "runtime_error"
    assert result.message.startswith("程序以错误结束：SyntaxError")
    assert "inside" not in result.stderr


def test_output_is_decoded_with_replacement(sandbox: Sandbox) -> None:
    assert run(sandbox, "import os; os.write(1, b'a\\xff\\xfeb')").stdout == "a\ufffd\ufffdb"


def test_seed_repeats_and_differs(sandbox: Sandbox) -> None:
    program = "import random; print(random.random(), hash('abc'))"
    first, again, other = (run(sandbox, program, seed=seed).stdout for seed in (7, 7, 8))
    assert first == again != other


def test_own_module_named_random_is_left_alone(sandbox: Sandbox) -> None:
    assert run(sandbox, "import random; print(random.X)", files={"random.py": b"X = 5\n"}).stdout == "5\n"


def test_main_module_is_the_program(sandbox: Sandbox) -> None:
    program = "import sys, __main__\nprint(__name__, __file__, sys.argv, sys.path[0], __main__.x if 'x' in dir(__main__) else 0)"
    assert run(sandbox, program).stdout == "__main__ /work/main.py ['/work/main.py'] /work 0\n"


def test_program_does_not_inherit_our_future_imports(sandbox: Sandbox) -> None:
    assert run(sandbox, "def f(x: int): pass\nprint(f.__annotations__)").stdout == "{'x': <class 'int'>}\n"


def test_atexit_and_threads_end_as_usual(sandbox: Sandbox) -> None:
    program = ("import atexit, threading, time\natexit.register(print, 'bye')\n"
               "threading.Thread(target=lambda: (time.sleep(.2), print('thread'))).start()\nprint('main')")  # fmt: skip
    assert run(sandbox, program).stdout == "main\nthread\nbye\n"


def test_multiprocessing(sandbox: Sandbox) -> None:
    program = "import multiprocessing as m\nif __name__ == '__main__':\n with m.Pool(2) as p: print(p.map(abs, [-1, -2]))"
    assert run(sandbox, program).stdout == "[1, 2]\n"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "a\0b", "x" * 121])
def test_bad_file_names_are_refused(sandbox: Sandbox, name: str) -> None:
    assert run(sandbox, "print(1)", files={name: b""}).status == "refused"
    assert run(sandbox, "print(1)", collect=(name,)).status == "refused"


def test_missing_script_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.run(RunJob(BARE, "main.py", {"other.py": b""})).status == "refused"


def test_inputs_too_large_are_refused(sandbox: Sandbox) -> None:
    result = run(sandbox, "print(1)", files={"big": b"x" * (2 << 20)}, disk_mb=2)
    assert result.status == "refused"
    assert "2 MB" in result.message


def test_missing_runtime_is_our_fault(tmp_path: Path, sandbox: Sandbox) -> None:
    result = run(make_backend(sandbox.name, tmp_path), "print(1)", runtime="python")
    assert result.status == "sandbox_error"
    assert "simulator runtimes build python" in result.message


def test_several_at_once_do_not_mix(sandbox: Sandbox) -> None:
    def one(number: int) -> tuple[str, dict[str, bytes]]:
        program = f"import time; open('me','w').write('{number}'); time.sleep(.2); print(open('me').read())"
        result = run(sandbox, program, collect=("me",), processes=4)
        return result.stdout, dict(result.files)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(16))) == [(f"{n}\n", {"me": str(n).encode()}) for n in range(16)]


def test_runs_at_lowest_priority(sandbox: Sandbox) -> None:
    assert run(sandbox, "import os; print(os.nice(0))").stdout == "19\n"


def test_nothing_is_left_behind(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file on disk, no descriptor, no child process, also after a daemon and a kill."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    run(sandbox, "pass")
    before = len(os.listdir("/proc/self/fd"))
    marker = f"left-{os.getpid()}"
    daemon = f"import os, time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  os.execv(sys.executable, ['{marker}', '-c', 'import time; time.sleep(60)'])\n os._exit(0)\ntime.sleep(.1)"
    run(sandbox, "import sys\n" + daemon)
    run(sandbox, "import sys\n" + daemon + "\nwhile True: pass", wall_s=0.3)
    assert not _processes(marker)
    assert len(os.listdir("/proc/self/fd")) == before
    assert os.listdir(tmp_path) == []


def test_kill_is_quick_and_complete(sandbox: Sandbox) -> None:
    marker = f"slow-{os.getpid()}"
    program = f"import os, sys, signal\nfor n in range(5): os.spawnv(os.P_NOWAIT, sys.executable, ['{marker}', '-c', 'while True: pass'])\nwhile True: pass"
    begin = time.monotonic()
    result = run(sandbox, program, wall_s=1)
    setup = 1.0
    assert result.status == "time_limit"
    assert result.wall_s < 1.5
    assert time.monotonic() - begin < 1 + setup + 0.5
    assert not _processes(marker)


def test_broken_backend_is_never_the_candidates_fault(runtimes_dir: Path) -> None:
    from grading.sandbox.bwrap import BwrapSandbox

    for binary in ("/bin/false", "/bin/true", "/nowhere"):
        result = run(BwrapSandbox(runtimes_dir, binary=Path(binary)), "raise SystemExit(1)")
        assert result.status == "sandbox_error", binary
        assert result.message


def test_open_sandbox_without_a_working_backend_says_what_to_do(runtimes_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grading.sandbox.bwrap.find_bwrap", lambda: Path("/bin/false"))
    monkeypatch.setattr("grading.sandbox.server._LAUNCH", "/nowhere.py")
    with pytest.raises(SandboxError, match="unprivileged_userns_clone") as caught:
        open_sandbox(runtimes_dir)
    assert "apparmor_restrict_unprivileged_userns" in str(caught.value)
    assert "--security-opt" in str(caught.value)


def test_unknown_backend(runtimes_dir: Path) -> None:
    with pytest.raises(SandboxError, match="bwrap"):
        open_sandbox(runtimes_dir, backend="nothing")


def _processes(marker: str) -> list[str]:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found += [pid] if marker.encode() in Path(f"/proc/{pid}/cmdline").read_bytes() else []
        except OSError:
            continue
    return [pid for pid in found if pid != str(os.getpid())]
