"""What is true of every grader, as in scikit-learn's common tests.

A grader is listed once in `tests/grading/cases/`, with arguments and an answer that earns everything; it then inherits all tests
below. One that is registered but not listed fails `test_every_grader_is_listed`.
"""

from __future__ import annotations

import inspect
import re

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from grading.errors import TaskError
from grading.model import Mark
from grading.registry import KeyFile, all_graders, get_grader
from grading.tables import Table
from tests.grading.cases import collected
from tests.grading.cases.answers import ANSWER

GRADERS, GARBAGE, VALUES, KEYS = (collected(name) for name in ("GRADERS", "GARBAGE", "VALUES", "KEYS"))


@pytest.fixture(scope="module")
def bound(tmp_path_factory):
    """Return a function that gives a grader's function and its checked arguments."""
    folder = tmp_path_factory.mktemp("key")
    for file, content in KEYS.items():
        (folder / file).write_bytes(content)

    def bind(name):
        grader = get_grader(name)
        args = {key: KeyFile(folder / value) if key in grader.key_files else value for key, value in GRADERS[name].args.items()}
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

    heavy = ("sklearn", "numpy", "openpyxl", "scipy", "PIL", "cv2")
    code = f"import sys, grading, grading.graders; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
