"""How many rows, which columns."""

from __future__ import annotations

import pytest

from grading.errors import TaskError
from grading.graders.table_shape import columns, row_count
from grading.registry import get_grader
from grading.tables import Table

THREE = Table(("a",), (("1",), ("2",), ("3",)))
AB = Table(("a", "b"), ())


@pytest.mark.parametrize(
    ("args", "fraction", "expected"),
    [
        ({"equals": 3}, 1, "3 行"), ({"equals": 2}, 0, "2 行"), ({"equals": 4}, 0, "4 行"), ({"min": 3}, 1, "至少 3 行"),
        ({"min": 4}, 0, "至少 4 行"), ({"max": 3}, 1, "至多 3 行"), ({"max": 2}, 0, "至多 2 行"), ({"min": 2, "max": 3}, 1, "2–3 行"),
    ],
)
def test_row_count(args, fraction, expected):
    mark = row_count(THREE, **args)
    assert (mark.fraction, mark.expected, mark.found) == (fraction, expected, "3 行")


def test_no_rows_never_earn():
    assert row_count(AB, max=5).fraction == 0
    assert row_count(AB, min=0).fraction == 0


def test_row_count_reasons_say_the_direction():
    assert "偏少" in row_count(THREE, equals=4).reason
    assert "偏多" in row_count(THREE, equals=2).reason


@pytest.mark.parametrize(
    ("args", "fraction", "words"),
    [
        ({"names": ["b", "a"]}, 1, "全部正确"),
        ({"names": ["a", "c"]}, 0.5, "缺少 “c”"),
        ({"names": ["A", "b"]}, 0.5, "缺少 “A”"),
        ({"names": ["b", "a"], "order": True}, 0, "位置不对 “b”、“a”"),
        ({"names": ["a", "b"], "order": True}, 1, "全部正确"),
        ({"names": ["a", "c", "b"], "order": True}, 1 / 3, "位置不对 “b”"),
        ({"names": ["a"], "extra": "forbid"}, 0.5, "多出 “b”"),
        ({"names": ["a"]}, 1, "全部正确"),
        ({"names": ["a", "c"], "all_or_nothing": True}, 0, "缺少"),
        ({"names": ["a", "b"], "all_or_nothing": True}, 1, "全部正确"),
    ],
)
def test_columns(args, fraction, words):
    mark = columns(AB, **args)
    assert mark.fraction == pytest.approx(fraction)
    assert words in mark.reason


def test_a_saved_index_is_explained():
    assert "index=False" in columns(Table(("Unnamed: 0", "a"), ()), names=["a"], extra="forbid").reason


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("row_count", {}), ("row_count", {"equals": 0}), ("row_count", {"equals": 1, "min": 1}), ("row_count", {"min": 3, "max": 2}),
        ("row_count", {"min": -1}), ("columns", {"names": []}), ("columns", {"names": ["a", "a"]}),
        ("columns", {"names": ["a"], "extra": "no"}),
    ],
)
def test_bad_arguments(name, args):
    with pytest.raises(TaskError):
        get_grader(name).bind(args)
