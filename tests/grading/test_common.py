"""What is true of every grader, as in scikit-learn's common tests.

A grader is listed once in GRADERS, with arguments and an answer that earns everything; it then inherits all tests below.
One that is registered but not listed fails `test_every_grader_is_listed`.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from grading.errors import TaskError
from grading.model import Mark, Upload
from grading.registry import KeyFile, all_graders, get_grader
from grading.tables import Table

TRUTH = "id,y,z\n1,0,甲\n2,1,乙\n3,1,丙\n4,0,丁\n"
ANSWER = Table(("id", "y", "z"), (("1", "0", "甲"), ("2", "1", "乙"), ("3", "1", "丙"), ("4", "0", "丁")))
RUBRIC = [{"id": "a", "title": "去重", "any": ["去重"]}, {"id": "b", "title": "缺失值", "all": [["缺失"], ["填充"]]}]
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 20


@dataclass(frozen=True)
class Case:
    """args : as an author writes them (a KeyFile is made of TRUTH); full : positional values that earn everything;
    order_free : the order of rows does not matter; column : the column whose values are judged."""

    args: dict[str, Any]
    full: tuple[Any, ...]
    order_free: bool = False
    column: str = ""


GRADERS = {
    "choice": Case({"key": ["A", "C"], "options": 4}, (frozenset("AC"),)),
    "number": Case({"equals": 37, "abs_tol": 0.5}, (37.0,)),
    "blank": Case({"accept": ["K-Means", "K均值"]}, (" ｋ均值 ",)),
    "text_points": Case({"points": RUBRIC}, ("先去重，再填充缺失值。",)),
    "file_exists": Case({"extensions": [".png"]}, (Upload("a.png", PNG),)),
    "row_count": Case({"equals": 4}, (ANSWER,), order_free=True),
    "columns": Case({"names": ["id", "y", "z"], "all_or_nothing": True}, (ANSWER,), order_free=True),
    "no_missing": Case({"column": "y"}, (ANSWER,), order_free=True, column="y"),
    "unique": Case({"columns": "z"}, (ANSWER,), order_free=True),
    "in_range": Case({"column": "y", "min": 0, "max": 1}, (ANSWER,), order_free=True, column="y"),
    "allowed_values": Case({"column": "y", "values": [0, 1]}, (ANSWER,), order_free=True, column="y"),
    "dtype": Case({"column": "y", "type": "integer"}, (ANSWER,), order_free=True, column="y"),
    "table_match": Case({"key": "truth.csv", "on": "id", "columns": ["y"]}, (ANSWER,), order_free=True, column="y"),
    "metric": Case(
        {"key": "truth.csv", "on": "id", "predicted": "y", "actual": "y", "metric": "f1_score", "better": "higher",
         "bands": [{"at": 0.5, "fraction": 0}, {"at": 1, "fraction": 1}], "interpolate": True},
        (ANSWER,), order_free=True, column="y",
    ),
    "ast_step": Case(
        {"calls": ["drop_duplicates"], "proof": {"grader": "number", "args": {"equals": 37}}}, ("df.drop_duplicates()", 37.0)
    ),
}

STRANGE_CELLS = (None, "", "NaN", float("nan"), float("inf"), 10**400, True, datetime(1, 1, 1), "\ud800", "\0", "x" * 30_000, "=1+1")
STRANGE = Table(tuple(f"c{n}" for n in range(len(STRANGE_CELLS))), (STRANGE_CELLS,))
GARBAGE = {
    "choice": [frozenset(), frozenset(["Z"]), frozenset(["BD", ""]), frozenset(map(str, range(500)))],
    "number": [float("nan"), float("inf"), float("-inf"), 1e308, -0.0, 10**400],
    "text": ["", " \n", "\0", "\ud800", "。" * 5000, "🙂" * 5000, "a" * 50_000, "((((", "不" * 3000],
    "table": [Table((), ()), Table(("id", "y"), ()), STRANGE, Table(("id", "y", "y2"), (STRANGE_CELLS[:3],)),
              replace(STRANGE, columns=("y", "w", "id", *STRANGE.columns[3:]))],
    "upload": [Upload("", b""), Upload("a.png", b""), Upload("a.png", b"PK\x03\x04"), Upload("x" * 5000, b"\0" * 100)],
    "any": [None, float("nan"), 1e308],
}
CELLS = st.one_of(st.none(), st.text(max_size=5), st.floats(), st.integers(), st.booleans(), st.datetimes(),
    st.sampled_from(["0", "1", "甲"]))
ROWS = st.lists(st.tuples(st.sampled_from(["1", "2", 3, "4", "5", None]), CELLS, CELLS).map(tuple), max_size=6)
VALUES = {
    "choice": st.frozensets(st.sampled_from("ABCDEZ")),
    "number": st.floats() | st.integers(),
    "text": st.text(max_size=60) | st.lists(st.sampled_from(["去重", "填充", "缺失", "，", "不", "k均值", "df.drop_duplicates()",
    "\n"])).map("".join),
    "table": ROWS.map(lambda rows: Table(("id", "y", "z"), tuple(rows))),
    "upload": st.builds(Upload, st.text(max_size=8) | st.just("a.png"), st.binary(max_size=30) | st.just(PNG)),
    "any": st.none() | st.floats(),
}


@pytest.fixture(scope="module")
def bound(tmp_path_factory):
    """Return a function that gives a grader's function and its checked arguments."""
    path = tmp_path_factory.mktemp("key") / "truth.csv"
    path.write_text(TRUTH, "utf-8")

    def bind(name):
        grader = get_grader(name)
        args = {key: KeyFile(path) if key in grader.key_files else value for key, value in GRADERS[name].args.items()}
        return lambda *values: grader.function(*values, **grader.bind(args))

    return bind


def every(condition=lambda case: True):
    return pytest.mark.parametrize("name", [name for name, case in GRADERS.items() if condition(case)])


def garbage(name):
    kinds = get_grader(name).accepts
    return [tuple(values) for values in zip(*(_cycled(GARBAGE[kind]) for kind in kinds), strict=True)]


def _cycled(values):
    return [values[n % len(values)] for n in range(9)]


def is_sound(mark):
    assert isinstance(mark, Mark)
    assert isinstance(mark.fraction, float | int)
    assert 0.0 <= mark.fraction <= 1.0
    assert 0 < len(mark.expected) <= 200
    assert 0 < len(mark.found) <= 200
    assert mark.reason.endswith("。")
    assert "\n" not in mark.expected + mark.found + mark.reason
    return True


def test_every_grader_is_listed():
    assert set(all_graders()) == set(GRADERS)


@every()
def test_the_key_earns_everything(bound, name):
    mark = bound(name)(*GRADERS[name].full)
    assert mark.fraction == 1.0
    assert is_sound(mark)


@every()
def test_garbage_earns_nothing_without_an_exception(bound, name):
    for values in garbage(name):
        mark = bound(name)(*values)
        assert mark.fraction == 0.0, values
        assert is_sound(mark)


@every()
def test_the_same_answer_earns_the_same_mark(bound, name):
    assert bound(name)(*GRADERS[name].full) == bound(name)(*GRADERS[name].full)


@pytest.mark.parametrize("name", list(GRADERS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_fraction_is_always_a_share(bound, name, data):
    values = [data.draw(VALUES[kind]) for kind in get_grader(name).accepts]
    assert is_sound(bound(name)(*values))


@every(lambda case: case.order_free)
def test_the_order_of_rows_does_not_matter(bound, name):
    worse = Table(ANSWER.columns, (("1", "x", "甲"), *ANSWER.rows[1:]))
    for table in (ANSWER, worse):
        turned = Table(table.columns, table.rows[::-1])
        assert bound(name)(turned).fraction == bound(name)(table).fraction


@every(lambda case: case.column)
@pytest.mark.parametrize("nothing", [float("nan"), "NaN", None])
def test_nan_never_matches(bound, name, nothing):
    place = ANSWER.columns.index(GRADERS[name].column)
    rows = tuple(tuple(nothing if i == place else cell for i, cell in enumerate(row)) for row in ANSWER.rows)
    assert bound(name)(Table(ANSWER.columns, rows)).fraction == 0.0


@every()
def test_unknown_arguments_are_refused_by_name(name):
    with pytest.raises(TaskError, match="no_such_argument"):
        get_grader(name).bind({"no_such_argument": 1})


@every()
def test_the_docstring_is_a_manual(name):
    function = get_grader(name).function
    text = inspect.getdoc(function)
    manual, _, examples = text.partition("Examples\n--------")
    parameters = manual.partition("Parameters\n----------\n")[2].partition("Returns\n-------")[0]
    described = {word for line in re.findall(r"^(\w[\w, ]*) :", parameters, re.M) for word in line.split(", ")}
    unnamed = {line.strip() for line in re.findall(r"^(\w[\w, ]*?)(?= :|$)", parameters, re.M)}
    assert described == set(inspect.signature(function).parameters), unnamed
    assert ">>>" in examples
    assert "Mark" in manual.partition("Returns\n-------")[2]


def test_importing_the_library_loads_no_heavy_package():
    import subprocess
    import sys

    code = "import sys, grading, grading.graders; print([m for m in ('sklearn', 'numpy', 'openpyxl', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
