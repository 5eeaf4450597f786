"""A step seen in the code or proved by the state."""

from __future__ import annotations

import pytest

from grading.calls import Unreadable, live_calls
from grading.errors import TaskError
from grading.graders.ast_step import ast_step
from grading.registry import KeyFile, get_grader
from grading.tables import Table

STEP = "df.drop_duplicates()"


def seen(code, *calls, **keywords):
    return ast_step(code, calls=calls or ("drop_duplicates",), keywords=keywords).fraction == 1


@pytest.mark.parametrize(
    "code",
    [
        STEP, f"x = {STEP}", f"if ready:\n    {STEP}", f"if True:\n    {STEP}", f"if not False:\n    {STEP}",
            f"if False:\n    pass\nelse:\n    {STEP}",
        f"for i in range(3):\n    {STEP}", f"while going:\n    {STEP}", f"with open('a') as f:\n    {STEP}",
        f"try:\n    {STEP}\nexcept ValueError:\n    pass",
        f"try:\n    pass\nfinally:\n    {STEP}", f"def f():\n    {STEP}\nf()", f"def f():\n    {STEP}\nmap(f, [])",
        f"def f():\n    g()\ndef g():\n    {STEP}\nf()",
        f"class A:\n    def run(self):\n        {STEP}\nA().run()", f"class A:\n    def __init__(self):\n        {STEP}\nA()",
        f"f = lambda: {STEP}\nf()",
        f"class A:\n    {STEP}", f"if __name__ == '__main__':\n    {STEP}", f"y = 1 if x else {STEP}", f"x and {STEP}",
        f"[{STEP} for _ in r]",
        "df.dropna().drop_duplicates().reset_index()", "frames[0].drop_duplicates()", f"match x:\n    case 1:\n        {STEP}",
        f"async def f():\n    {STEP}\nf",
        f"for i in [1]:\n    {STEP}", f"for i in []:\n    pass\nelse:\n    {STEP}", f"assert True\n{STEP}", f"if a:\n    exit()\n{STEP}",
        f"if 1 == 1:\n    {STEP}",
        f"if 1 < 2:\n    {STEP}", f"def f(x={STEP}):\n    pass", f"@deco({STEP})\ndef f():\n    pass", f"if x and True or y:\n    {STEP}",
        f"while 0:\n    pass\nelse:\n    {STEP}",
        f"try:\n    raise E\nexcept E:\n    pass\n{STEP}", f"import re\nre.compile('\\d')\n{STEP}",
        f"async def f():\n    async with a:\n        {STEP}\nf()",
    ],
)
def test_live_code_counts(code):
    assert seen(code)


@pytest.mark.parametrize(
    "code",
    [
        "", "# df.drop_duplicates()", "'df.drop_duplicates()'", "print('drop_duplicates()')", "df.drop_duplicates", "drop_duplicates = 1",
        "drop_duplicates()",
        "exec('df.drop_duplicates()')", f"if False:\n    {STEP}", f"if 0:\n    {STEP}", f"if None:\n    {STEP}",
        f"if not True:\n    {STEP}", f"if True:\n    pass\nelse:\n    {STEP}",
        f"if 1 == 2:\n    {STEP}", f"if 1 != 1:\n    {STEP}", f"if x and False:\n    {STEP}", f"while False:\n    {STEP}",
        f"while True:\n    pass\nelse:\n    {STEP}", f"for i in []:\n    {STEP}",
        f"def f():\n    {STEP}", f"def f():\n    f()\n    {STEP}", f"def f():\n    return\n    {STEP}\nf()", f"raise E\n{STEP}",
        f"import sys\nsys.exit()\n{STEP}", f"exit()\n{STEP}",
        f"for i in x:\n    continue\n    {STEP}", f"for i in x:\n    break\n    {STEP}", f"if a:\n    exit()\nelse:\n    raise E\n{STEP}",
        f"assert False\n{STEP}", f"False and {STEP}",
        f"True or {STEP}", f"x if True else {STEP}", f"{STEP} if False else x", f"f = lambda: {STEP}",
        f"class A:\n    def run(self):\n        {STEP}\nA()", "def drop_duplicates():\n    pass\ndrop_duplicates()",
        f"with a:\n    exit()\n{STEP}", f"try:\n    exit()\nfinally:\n    pass\n{STEP}", f"if True:\n    exit()\n{STEP}",
        f"if False:\n    pass\nelse:\n    exit()\n{STEP}", "(lambda: 0)()",
    ],
)
def test_code_that_cannot_run_does_not_count(code):
    assert not seen(code)


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("import pandas as pd\npd.read_csv('a')", "pd.read_csv"),
        ("import pandas as p\np.read_csv('a')", "pd.read_csv"),
        ("import pandas\npandas.read_csv('a')", "pd.read_csv"),
        ("from pandas import read_csv\nread_csv('a')", "pd.read_csv"),
        ("from pandas import read_csv as r\nr('a')", "read_csv"),
        ("from pandas import *\nread_csv('a')", "read_csv"),
        ("from sklearn.model_selection import train_test_split as tts\ntts(x)", "train_test_split"),
        ("from sklearn import model_selection as m\nm.train_test_split(x)", "sklearn.model_selection.train_test_split"),
        ("import sklearn.model_selection\nsklearn.model_selection.train_test_split(x)", "train_test_split"),
        ("import pandas as pd\nload = pd.read_csv\nload('a')", "pd.read_csv"),
        ("import matplotlib.pyplot as plt\nplt.show()", "plt.show"),
        ("from . import tools\ntools.run()", "tools.run"),
        ("print(1)", "print"),
    ],
)
def test_import_aliases(code, call):
    assert seen(code, call)


@pytest.mark.parametrize(
    ("code", "call"),
    [("read_csv('a')", "read_csv"), ("import polars as pl\npl.read_csv('a')", "pd.read_csv"),
    ("def print(x):\n    pass\nprint(1)", "print"),
     ("from m import *\ndef f():\n    pass\nf()", "f"), ("f = 1\nf()", "f")],
)
def test_names_of_another_origin(code, call):
    assert not seen(code, call)


def test_keywords():
    code = (
        "from sklearn.model_selection import train_test_split\nSEED = 42\nt = 0.3\nt = 0.2\n"
        "train_test_split(x, random_state=SEED, test_size=t, shuffle=True, stratify=y)"
    )
    assert seen(code, "train_test_split", random_state=42)
    assert seen(code, "train_test_split", random_state=[0, 42])
    assert seen(code, "train_test_split", stratify=[])
    assert seen(code, "train_test_split", shuffle=True)
    assert not seen(code, "train_test_split", shuffle=1)
    assert not seen(code, "train_test_split", random_state=0)
    assert not seen(code, "train_test_split", test_size=0.2)
    mark = ast_step(code, calls=["train_test_split"], keywords={"random_state": 0, "train_size": []})
    assert mark.reason == "代码第 5 行调用了 train_test_split，但参数 random_state、train_size 没有写或不合要求。"
    assert mark.expected == "调用 train_test_split（random_state=0，train_size=任意值）"


def test_the_best_of_several_calls_counts():
    assert seen("s.fit(a=1)\ns.fit(a=2, **more)\ns.fit(a=3)", "fit", a=2)


def test_lists_and_tuples_are_equal():
    assert seen("s.cut(x, bins=(0, 18, 60))", "cut", bins=[[0, 18, 60]])
    assert not seen("s.cut(x, bins=(0, 18))", "cut", bins=[[0, 18, 60]])


PROOF = {"grader": "row_count", "args": {"equals": 2}}


def test_either_the_code_or_the_state_is_enough():
    two, three = (Table(("a",), (("1",),) * n) for n in (2, 3))
    other = "df = df[~df.duplicated()]"
    assert ast_step(STEP, None, calls=["drop_duplicates"], proof=PROOF).fraction == 1
    assert ast_step(STEP, three, calls=["drop_duplicates"], proof=PROOF).fraction == 1
    assert ast_step(other, two, calls=["drop_duplicates"], proof=PROOF).reason == "由运行结果判定：行数正确。"
    neither = ast_step(other, three, calls=["drop_duplicates"], proof=PROOF)
    assert neither.fraction == 0
    assert "代码中没有找到" in neither.reason
    assert "运行结果也不能证明：行数偏多" in neither.reason
    assert ast_step(other, None, calls=["drop_duplicates"], proof=PROOF).fraction == 0
    assert ast_step(other, two, calls=["drop_duplicates"]).fraction == 0


def test_a_proof_may_be_partial():
    state = Table(("a",), (("1",), (None,)))
    assert ast_step("x = 1", state, calls=["dropna"], proof={"grader": "no_missing", "args": {}}).fraction == 0.5


def test_a_state_that_cannot_be_read_proves_nothing(monkeypatch):
    from grading import registry
    from grading.errors import ResponseError

    def broken(found: str) -> None:
        raise ResponseError("读不出来。")

    grader = registry.Grader("broken", broken, ("any",), get_grader("file_exists").arguments, 1)
    monkeypatch.setitem(registry._GRADERS, "broken", grader)
    monkeypatch.setattr(registry.Grader, "bind", lambda *_: {})
    mark = ast_step("x = 1", "?", calls=["f"], proof={"grader": "broken"})
    assert mark.fraction == 0
    assert mark.reason.endswith("运行结果也不能证明：读不出来。")


def test_a_syntax_error_is_named_with_its_line():
    mark = ast_step("x = 1\ny = (\n", calls=["f"])
    assert mark.reason == "代码第 2 行有语法错误，无法识别其中的操作。"
    assert mark.found == "代码无法识别"


@pytest.mark.parametrize("code", ["a\0b", "x = '\ud800'", "(" * 3000, "-" * 100_000 + "1", "a" + ".b" * 100_000, "1" + "+1" * 50_000,
    "a" + "()" * 50_000])
def test_hostile_code_has_no_tree(code):
    with pytest.raises(Unreadable):
        live_calls(code)


def test_a_tree_too_deep_to_walk(monkeypatch):
    code = "x = " + "f(" * 80 + ")" * 80
    assert len(live_calls("from m import f\n" + code)) == 80
    monkeypatch.setattr("grading.calls._Program.calls", lambda _: (_ for _ in ()).throw(RecursionError))
    with pytest.raises(Unreadable, match="嵌套过深"):
        live_calls(code)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "calls"), ({"calls": []}, "calls"), ({"calls": ["df.drop()"]}, "calls"),
        ({"calls": ["f"], "keywords": {"a b": 1}}, "keywords"),
        ({"calls": ["f"], "proof": {"grader": "no_such"}}, "no_such"),
        ({"calls": ["f"], "proof": {"grader": "row_count", "args": {}}}, "row_count"),
        ({"calls": ["f"], "proof": {"grader": "ast_step", "args": {"calls": ["f"]}}}, "不能作 proof"),
        ({"calls": ["f"], "proof": {"args": {}}}, "proof"),
    ],
)
def test_bad_arguments(args, words):
    with pytest.raises(TaskError, match=words):
        get_grader("ast_step").bind(args)


def test_a_proof_with_a_key_file_names_the_file(tmp_path):
    path = tmp_path / "k.csv"
    path.write_text("id\n")
    with pytest.raises(TaskError) as caught:
        get_grader("ast_step").bind({"calls": ["f"], "proof": {"grader": "table_match", "args": {"key": KeyFile(path), "on": "id"}}})
    assert caught.value.file == str(path)
    assert caught.value.key == "args.proof.args"
