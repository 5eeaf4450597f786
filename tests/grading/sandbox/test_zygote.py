"""What only the fork server does: a warm interpreter that behaves like a fresh one, and servers that come and go."""

# ruff: noqa: E501  (attackers write long lines)

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grading.model import RunLimits
from grading.sandbox import BARE, RunJob, RunResult, zygote
from grading.sandbox.server import Berth, ServerGone
from grading.sandbox.zygote import ZygoteSandbox
from tests.grading.sandbox.helpers import run

pytestmark = pytest.mark.sandbox


@pytest.fixture
def own(runtimes_dir: Path) -> Iterator[ZygoteSandbox]:
    """A backend of the test's own."""
    sandbox = ZygoteSandbox(runtimes_dir)
    yield sandbox
    sandbox.close()


def warm(sandbox: ZygoteSandbox, program: str, files: dict[str, bytes] | None = None) -> RunResult:
    return sandbox.run(RunJob("python", "main.py", {"main.py": program.encode(), **(files or {})}, RunLimits(), ("*",)))


def server_pid(sandbox: ZygoteSandbox, runtime: str) -> int:
    return sandbox._servers[runtime]._process.pid


@pytest.mark.parametrize(("program", "code"), [
    ("raise SystemExit", 0), ("raise SystemExit(3)", 3), ("raise SystemExit('word')", 1), ("raise SystemExit(True)", 1),
    ("import sys; sys.exit(256 + 7)", 7), ("1 / 0", 1), ("import sys; sys.stdout.close()", 0), ("import os; os._exit(9)", 9),
    ("import sys\nclass Bad:\n closed = False\n def flush(self): raise OSError\n def write(self, x): pass\nsys.stdout = Bad()", 120),
])  # fmt: skip
def test_exit_codes_are_those_of_python(own: ZygoteSandbox, program: str, code: int, tmp_path: Path) -> None:
    plain = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode
    result = run(own, program)
    assert (result.exit_code, plain) == (code, code), result.stderr


def test_open_files_are_written_at_the_end(own: ZygoteSandbox) -> None:
    program = "a = open('a', 'w'); a.write('1')\nclass C: pass\nc = C(); c.c = c; c.f = open('b', 'w'); c.f.write('2')\nimport helper"
    files = {"helper.py": b"f = open('c', 'w'); f.write('3')\n"}
    result = run(own, program, files=files, collect=("a", "b", "c"))
    assert dict(result.files) == {"a": b"1", "b": b"2", "c": b"3"}


def test_exit_functions_and_finalizers_run(own: ZygoteSandbox) -> None:
    program = "import atexit\natexit.register(print, 'bye')\nclass C:\n def __del__(self): print('gone')\nc = C()"
    assert run(own, program).stdout == "bye\ngone\n"


def test_an_error_in_an_exit_function_is_shown(own: ZygoteSandbox) -> None:
    result = run(own, "import atexit\natexit.register(lambda: 1 / 0)")
    assert "ZeroDivisionError" in result.stderr


def test_libraries_are_there_already(own: ZygoteSandbox, python_runtime: Path) -> None:
    result = warm(own, "import time; t = time.perf_counter(); import pandas, sklearn.ensemble, matplotlib.pyplot; print(time.perf_counter() - t < .05)")
    assert result.stdout == "True\n"
    assert own._servers["python"].failed == []


def test_a_module_of_the_candidates_stands_for_a_loaded_one(own: ZygoteSandbox, python_runtime: Path) -> None:
    files = {"random.py": b"x = 'mine'\n", "statistics.py": b"x = 'too'\n"}
    assert warm(own, "import random, statistics, pandas; print(random.x, statistics.x)", files).stdout == "mine too\n"


def test_nothing_of_ours_is_among_the_modules(own: ZygoteSandbox) -> None:
    assert run(own, "import sys; print(sorted(set(sys.modules) & {'keeper', 'kernel', 'program', 'forkserver'}))").stdout == "[]\n"


def test_parallel_fits_run_in_this_process(own: ZygoteSandbox, python_runtime: Path) -> None:
    program = """
import time
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import GridSearchCV
x, y = make_classification(300, random_state=0)
begin = time.perf_counter()
print(GridSearchCV(RandomForestClassifier(5), {'max_depth': [1, 2]}, n_jobs=2).fit(x, y).best_params_['max_depth'] > 0)
HistGradientBoostingClassifier(max_iter=3).fit(x, y)
print(time.perf_counter() - begin < 8)
"""
    assert warm(own, program).stdout == "True\nTrue\n"


def test_random_numbers_are_seeded_also_in_loaded_modules(own: ZygoteSandbox, python_runtime: Path) -> None:
    program = b"import numpy as np, random; print(np.random.rand(), random.random())"
    job = RunJob("python", "main.py", {"main.py": program}, seed=5)
    first, second = own.run(job).stdout, own.run(job).stdout
    assert first == second
    assert first != own.run(RunJob("python", "main.py", {"main.py": program}, seed=6)).stdout


def test_what_one_run_does_to_a_library_is_gone_in_the_next(own: ZygoteSandbox, python_runtime: Path) -> None:
    assert warm(own, "import pandas as pd; pd.read_csv = print; pd.options.display.width = 7; print(1)").status == "ok"
    assert warm(own, "import pandas as pd; print(pd.read_csv is print, pd.options.display.width == 7)").stdout == "False False\n"


def test_a_dead_server_is_replaced(own: ZygoteSandbox) -> None:
    assert run(own, "print(1)").status == "ok"
    before = server_pid(own, BARE)
    os.killpg(before, signal.SIGKILL)
    result = run(own, "print(2)")  # what was made ahead has died with it
    assert (result.status, result.stdout) == ("ok", "2\n")
    assert server_pid(own, BARE) != before


def test_no_run_is_lost_with_a_server_that_dies_before_it(own: ZygoteSandbox) -> None:
    """Wherever the server is in its work: the program has not been let go."""
    for delay in (0, 0.001, 0.003, 0.01, 0.03):
        run(own, "pass")
        os.killpg(server_pid(own, BARE), signal.SIGKILL)
        time.sleep(delay)
        with ThreadPoolExecutor(3) as pool:
            results = list(pool.map(lambda n: run(own, f"print({n})"), range(3)))
        assert [result.stdout for result in results] == ["0\n", "1\n", "2\n"], [result.message for result in results]


def test_a_run_that_no_server_can_begin_is_tried_twice_only(own: ZygoteSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def die(berth: Berth) -> None:
        started.append(berth.server)
        raise ServerGone(berth.server)

    monkeypatch.setattr(Berth, "settle", die)
    result = run(own, "pass")
    assert result.status == "sandbox_error"
    assert len(started) == 2
    assert started[0] is not started[1]


def test_a_server_that_dies_during_a_run_is_our_fault(own: ZygoteSandbox) -> None:
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run, own, "import time; time.sleep(20)")
        time.sleep(0.7)
        os.killpg(server_pid(own, BARE), signal.SIGKILL)
        assert future.result(10).status == "sandbox_error"


def test_a_server_is_replaced_after_many_runs(own: ZygoteSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zygote, "RUNS", 4)
    run(own, "pass")
    before = server_pid(own, BARE)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda n: run(own, f"import time; time.sleep(.1); print({n})").stdout, range(16)))
    assert results == [f"{n}\n" for n in range(16)]
    deadline = time.monotonic() + 10
    while server_pid(own, BARE) == before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server_pid(own, BARE) != before


def test_more_runs_than_slots_wait(own: ZygoteSandbox) -> None:
    with ThreadPoolExecutor(40) as pool:
        assert [r.status for r in pool.map(lambda _: run(own, "import time; time.sleep(.2)"), range(40))] == ["ok"] * 40


def test_close_leaves_no_process(runtimes_dir: Path) -> None:
    sandbox = ZygoteSandbox(runtimes_dir)
    run(sandbox, "pass")
    process = sandbox._servers[BARE]._process
    sandbox.close()
    assert process.poll() is not None
    assert run(sandbox, "pass").status == "sandbox_error"


def test_the_server_dies_with_its_host(runtimes_dir: Path) -> None:
    program = f"""
from pathlib import Path
from grading.sandbox import RunJob
from grading.sandbox.zygote import ZygoteSandbox
sandbox = ZygoteSandbox(Path({str(runtimes_dir)!r}))
sandbox.run(RunJob({BARE!r}, "m.py", {{"m.py": b"pass"}}))
print(sandbox._servers[{BARE!r}]._process.pid, flush=True)
import os; os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    pid = int(done.stdout)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
