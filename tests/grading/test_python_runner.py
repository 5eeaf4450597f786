"""Runner `python`: from a program to artifacts, and to a reason for each that is missing."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grading.errors import TaskError
from grading.fields.code import CodeSpec
from grading.model import Produce, RunLimits, RunSpec, Task, Upload
from grading.runners import RunOutcome, get_runner, names
from grading.sandbox import RunJob, RunResult, Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.usefixtures("python_runtime")]

N = {"n": Produce(kind="number", variable="n")}


def play(box: Sandbox, root: Path, program: str, produces: dict[str, Produce], *, starter: str | None = None, **keys: Any) -> RunOutcome:
    run = RunSpec(id="r", runner="python", of="program", produces=produces, **keys)
    task = Task("t", "t", "s", 1, Decimal(1), (CodeSpec(id="program", file=starter),), (run,), (), root=root)
    return get_runner("python")(run, task, program, box)


def test_registry() -> None:
    assert "python" in names()
    assert not any(name.startswith("_") for name in names())
    with pytest.raises(TaskError, match="python"):
        get_runner("nothing")


def test_inputs_file_variable_and_output(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "key").mkdir()
    (tmp_path / "files" / "in.csv").write_text("a,b\n1,2\n1,2\n3,4\n")
    (tmp_path / "key" / "test.csv").write_text("a\n5\n")
    (tmp_path / "key" / "answer.csv").write_text("secret")
    program = """
import os, pandas as pd
df = pd.read_csv('in.csv')
n = int(df.duplicated().sum())
df.drop_duplicates().to_csv('out.csv', index=False)
print(sorted(os.listdir('.')))
"""
    outcome = play(sandbox, tmp_path, program, {
        "table": Produce(kind="table", file="out.csv"), **N, "text": Produce(kind="text", stdout=True),
        "frame": Produce(kind="table", variable="df"), "raw": Produce(kind="bytes", file="out.csv"),
    }, files=("in.csv",), hidden=("test.csv",), starter="main.py")  # fmt: skip
    assert outcome.problems == {}
    assert outcome.artifacts["n"] == 1.0
    assert outcome.artifacts["table"].rows == (("1", "2"), ("3", "4"))
    assert outcome.artifacts["frame"].columns == ("a", "b")
    assert outcome.artifacts["raw"] == Upload("out.csv", b"a,b\n1,2\n3,4\n")
    assert outcome.artifacts["text"] == "['in.csv', 'main.py', 'out.csv', 'test.csv']\n"


@pytest.mark.parametrize(("code", "expected"), [
    ("n = 3", 3.0), ("n = -2.5", -2.5), ("import numpy as np; n = np.int64(7)", 7.0), ("import numpy as np; n = np.float32(0.5)", 0.5),
    ("n = float('inf')", math.inf), ("import numpy as np; n = np.array(4)", 4.0),
])  # fmt: skip
def test_numbers(sandbox: Sandbox, tmp_path: Path, code: str, expected: float) -> None:
    found = play(sandbox, tmp_path, code, N).artifacts["n"]
    assert type(found) is float
    assert found == expected


@pytest.mark.parametrize("code", [
    "n = '3'", "n = True", "n = [1]", "n = None", "n = 10 ** 400", "n = 10 ** 5000",
    "class Sly(float):\n  def __eq__(self, other): return True\nn = Sly(1)",
    "class Sly:\n  def tolist(self): return self\nn = Sly()", "n = []; n.append(n)", "n = lambda: 1", "import os; n = os",
])  # fmt: skip
def test_what_is_no_number_never_becomes_one(sandbox: Sandbox, tmp_path: Path, code: str) -> None:
    outcome = play(sandbox, tmp_path, code, N)
    assert "n" not in outcome.artifacts
    assert outcome.problems["n"].cause == "unreadable"
    assert "n" in outcome.problems["n"].sentence


def test_other_kinds_of_variables(sandbox: Sandbox, tmp_path: Path) -> None:
    program = """
import numpy as np, pandas as pd
t = '文字'
a = np.arange(6).reshape(2, 3)
j = {'x': {3, 1, 2}, 1: (np.float64(0.5), None), 'd': pd.Timestamp('2024-01-05')}
g = pd.DataFrame({'k': ['x', 'y', 'x'], 'v': [1, 2, 3]}).groupby('k').sum()
"""
    outcome = play(sandbox, tmp_path, program, {
        "t": Produce(kind="text", variable="t"), "a": Produce(kind="array", variable="a"),
        "j": Produce(kind="json", variable="j"), "g": Produce(kind="table", variable="g"),
    })  # fmt: skip
    assert outcome.problems == {}
    assert outcome.artifacts["t"] == "文字"
    assert outcome.artifacts["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert outcome.artifacts["j"] == {"x": [1, 2, 3], "1": [0.5, None], "d": "2024-01-05T00:00:00"}
    assert (outcome.artifacts["g"].columns, outcome.artifacts["g"].rows) == (("k", "v"), (("x", "4"), ("y", "2")))


def test_files_of_other_kinds(sandbox: Sandbox, tmp_path: Path) -> None:
    program = """
import json, numpy as np
np.save('a.npy', np.array([1.5, 2.5])); json.dump({'k': [1]}, open('j.json', 'w'))
open('n.txt', 'w').write(' 0.75\\n'); open('t.txt', 'wb').write('中文'.encode('gbk'))
np.save('evil.npy', np.array([{'a': 1}], dtype=object), allow_pickle=True)
open('deep.json', 'w').write('[' * 100000)
"""
    outcome = play(sandbox, tmp_path, program, {
        "a": Produce(kind="array", file="a.npy"), "j": Produce(kind="json", file="j.json"),
        "n": Produce(kind="number", file="n.txt"), "t": Produce(kind="text", file="t.txt"),
        "evil": Produce(kind="array", file="evil.npy"), "deep": Produce(kind="json", file="deep.json"),
    })  # fmt: skip
    assert outcome.artifacts["a"].tolist() == [1.5, 2.5]
    assert outcome.artifacts["j"] == {"k": [1]}
    assert outcome.artifacts["n"] == 0.75
    assert outcome.artifacts["t"] == "中文"
    assert {name: problem.cause for name, problem in outcome.problems.items()} == {"evil": "unreadable", "deep": "unreadable"}


def test_what_was_made_before_an_error_is_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    program = "n = 5\nopen('out.txt', 'w').write('7')\nraise ValueError('坏数据')\nm = 6"
    outcome = play(sandbox, tmp_path, program, {
        **N, "f": Produce(kind="number", file="out.txt"), "m": Produce(kind="number", variable="m"),
    }, starter="solve.py")  # fmt: skip
    assert outcome.artifacts == {"n": 5.0, "f": 7.0}
    assert outcome.problems["m"].cause == "crash"
    assert outcome.problems["m"].sentence == "程序以错误结束：ValueError：坏数据（第 3 行）；没有变量 m。"
    assert outcome.result.stderr.splitlines() == [
        "Traceback (most recent call last):", '  File "/work/solve.py", line 3, in <module>', "    raise ValueError('坏数据')",
        "ValueError: 坏数据"]  # fmt: skip


def test_variables_survive_sys_exit(sandbox: Sandbox, tmp_path: Path) -> None:
    outcome = play(sandbox, tmp_path, "n = 5\nimport sys; sys.exit(2)", N)
    assert outcome.artifacts == {"n": 5.0}
    assert outcome.result.exit_code == 2


@pytest.mark.parametrize(("program", "limits", "cause", "words"), [
    ("while True: pass", {"wall_s": 1}, "time_limit", "运行超过 1 秒"),
    ("x = []\nwhile True: x.append(bytearray(b'1') * (4 << 20))", {"memory_mb": 100}, "memory_limit", "内存超过 100 MB"),
    ("while True: print('x' * 1000)", {"output_kb": 8}, "output_limit", "输出超过 8 KB"),
    ("import os, time\nwhile True:\n  if os.fork() == 0: time.sleep(9)", {"processes": 8}, "process_limit", "8 个"),
    ("1 / 0", {}, "crash", "ZeroDivisionError"), ("def f(:", {}, "crash", "SyntaxError"),
    ("import os; os._exit(0)", {}, "wrong", "没有变量 n"), ("pass", {}, "wrong", "没有变量 n"),
])  # fmt: skip
def test_causes(sandbox: Sandbox, tmp_path: Path, program: str, limits: dict[str, Any], cause: str, words: str) -> None:
    outcome = play(sandbox, tmp_path, program, N, limits=RunLimits(**limits))
    assert outcome.artifacts == {}
    assert outcome.problems["n"].cause == cause
    assert words in outcome.problems["n"].sentence


def test_file_made_before_the_time_limit_is_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    program = "with open('out.csv', 'w') as f: f.write('a\\n1\\n')\nwhile True: pass"
    outcome = play(sandbox, tmp_path, program, {"t": Produce(kind="table", file="out.csv")}, limits=RunLimits(wall_s=1))
    assert outcome.artifacts["t"].rows == (("1",),)
    assert outcome.result.status == "time_limit"


def test_forged_variables_file_is_only_data(sandbox: Sandbox, tmp_path: Path) -> None:
    for content in ("[", "[1]", '{"n": 1}', '{"n": {"value": {"$": 1}}}', "[" * 100_000, '{"n": {"type": 5}}'):
        program = f"import os\nopen('/work/_variables.json', 'w').write({content!r})\nos._exit(0)"
        outcome = play(sandbox, tmp_path, program, N)
        assert outcome.artifacts == {}
        assert outcome.problems["n"].cause in ("wrong", "unreadable")


def test_source_is_read_as_utf8_whatever_it_declares(sandbox: Sandbox, tmp_path: Path) -> None:
    outcome = play(sandbox, tmp_path, "# -*- coding: gbk -*-\nprint('中文')", {"t": Produce(kind="text", stdout=True)})
    assert outcome.artifacts["t"] == "中文\n"


def test_seed_reaches_numpy(sandbox: Sandbox, tmp_path: Path) -> None:
    program = "import numpy as np\nn = np.random.rand()"
    first, again, other = (play(sandbox, tmp_path, program, N, seed=seed).artifacts["n"] for seed in (1, 1, 2))
    assert first == again != other
    assert first == pytest.approx(0.417022004702574)


def test_typical_libraries_work(sandbox: Sandbox, tmp_path: Path) -> None:
    program = """
import warnings; warnings.simplefilter('error')
import matplotlib.pyplot as plt, openpyxl, pandas as pd, scipy.stats, seaborn, imblearn, PIL.Image
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
X, y = make_classification(200, random_state=0)
n = GridSearchCV(LogisticRegression(), {'C': [.1, 1]}, n_jobs=2, cv=2).fit(X, y).best_score_
plt.plot([1, 2]); plt.savefig('p.png'); pd.DataFrame({'a': [1]}).to_excel('t.xlsx', index=False)
"""
    outcome = play(sandbox, tmp_path, program, {
        **N, "p": Produce(kind="bytes", file="p.png"), "t": Produce(kind="table", file="t.xlsx"),
    }, limits=RunLimits(wall_s=120, cpu_s=120, memory_mb=2048))  # fmt: skip
    assert outcome.problems == {}, outcome.result
    assert 0.5 < outcome.artifacts["n"] <= 1
    assert outcome.artifacts["p"].data.startswith(b"\x89PNG")
    assert "font cache" not in outcome.result.stderr


@pytest.mark.parametrize("status", ["sandbox_error", "refused"])
def test_a_failed_sandbox_is_our_fault(tmp_path: Path, status: Any) -> None:
    class Failing:
        name = "failing"

        def run(self, job: RunJob) -> RunResult:
            return RunResult(status, message="坏了", files={"_variables.json": b'{"n": {"value": 1}}'})

    outcome = play(Failing(), tmp_path, "n = 1", N | {"t": Produce(kind="text", stdout=True)})
    assert outcome.artifacts == {}
    assert {problem.cause for problem in outcome.problems.values()} == {"fault"}
