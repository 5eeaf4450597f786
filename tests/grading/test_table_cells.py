"""Cells: missing, repeated, out of range, not allowed, of the wrong type."""

from __future__ import annotations

from datetime import datetime

import pytest

from grading.errors import TaskError
from grading.graders.table_cells import allowed_values, dtype, in_range, no_missing, unique
from grading.registry import get_grader
from grading.tables import Table

EMPTY = Table(("a", "b"), ())
CALLS = [
    (no_missing, {"column": "a"}),
    (unique, {"columns": "a"}),
    (in_range, {"column": "a", "min": 0}),
    (allowed_values, {"column": "a", "values": ["x"]}),
    (dtype, {"column": "a", "type": "number"}),
]


def column(*cells):
    return Table(("a",), tuple((cell,) for cell in cells))


@pytest.mark.parametrize(("function", "args"), CALLS)
def test_an_empty_table_earns_nothing_and_says_so(function, args):
    mark = function(EMPTY, **args)
    assert mark.fraction == 0
    assert "没有数据行" in mark.reason


@pytest.mark.parametrize(("function", "args"), CALLS)
def test_a_missing_column_is_named_with_a_hint(function, args):
    mark = function(Table((" A", "b"), (("1", "2"),)), **args)
    assert mark.fraction == 0
    assert mark.reason == "表格里没有 “a” 列（“ A” 与之相近，请检查空格、大小写和全角半角）。"
    assert function(Table(("x",), (("1",),)), **args).reason == "表格里没有 “a” 列。"


def test_no_missing():
    table = Table(("a", "b"), (("1", None), ("NaN", "2"), ("3", "4"), ("5", " ")))
    mark = no_missing(table)
    assert mark.fraction == 0.25
    assert mark.reason == "检查了 4 行，3 行有缺失值：数据第 1 行“b”为（空）；数据第 2 行“a”为“NaN”；数据第 4 行“b”为“”。"
    assert no_missing(table, column="a").fraction == 0.75
    assert no_missing(table, columns=["a", "b"]).found == "1/4 行符合"
    assert no_missing(column("1", "2")).reason == "检查了 2 行，全部符合要求。"


def test_more_than_three_places_are_counted_only():
    mark = no_missing(column(None, None, None, None))
    assert mark.reason.count("数据第") == 3
    assert "4 行有缺失值" in mark.reason


def test_unique():
    table = Table(("a", "b"), (("1", "x"), ("1", "y"), (" 1", "x"), (1, "z")))
    assert unique(table, columns="a").fraction == 0.25
    assert unique(table, columns=["a", "b"]).fraction == 0.75
    assert "数据第 3 行“a”" in unique(table, columns=["a", "b"]).reason


def test_in_range():
    table = column("0", "120", "121", "-1", "x", None)
    assert in_range(table, column="a", min=0, max=120).fraction == pytest.approx(2 / 6)
    assert in_range(table, column="a", min=0).fraction == pytest.approx(3 / 6)
    assert in_range(table, column="a", max=120, allow_missing=True).fraction == pytest.approx(3 / 5)
    assert in_range(table, column="a", min=0, max=120).expected == "“a”列 ≥ 0 且 ≤ 120"


def test_allowed_values():
    assert allowed_values(column("男", "女", " 男", "male", None), column="a", values=["男", "女"]).fraction == pytest.approx(2 / 5)
    assert allowed_values(column("1", "0.0", 1, "2"), column="a", values=[0, 1]).fraction == 0.75
    assert allowed_values(column("true", False, "1"), column="a", values=[True, False]).fraction == pytest.approx(2 / 3)
    assert allowed_values(column("男", None), column="a", values=["男"], allow_missing=True).fraction == 1


def test_nothing_but_missing_values_earns_nothing():
    mark = allowed_values(column(None, "NaN"), column="a", values=["x"], allow_missing=True)
    assert mark.fraction == 0
    assert "全部缺失" in mark.reason


@pytest.mark.parametrize(
    ("type_", "cells", "fraction"),
    [
        ("integer", ["1", 2, 3.0, "4.0"], 0.75),
        ("number", ["1.5", 2, "1,000", "3元"], 0.5),
        ("date", ["2024-01-05", "2024/1/5", datetime(2024, 1, 5), "5 Jan"], 0.75),
        ("text", ["x", 1], 0.5),
        ("boolean", ["True", False, "1", None], 0.5),
    ],
)
def test_dtype(type_, cells, fraction):
    assert dtype(column(*cells), column="a", type=type_).fraction == fraction


def test_dates_in_one_format():
    cells = ["2024-01-05", "2024-1-5", "2024/01/05", datetime(2024, 1, 5), 20240105, "x"]
    mark = dtype(column(*cells), column="a", type="date", format="%Y-%m-%d")
    assert mark.fraction == pytest.approx(2 / 6)
    assert "格式 %Y-%m-%d" in mark.expected


@pytest.mark.parametrize(("function", "args"), CALLS)
def test_all_or_nothing_and_zero_at(function, args):
    three_of_four = {unique: column("1", "1", "2", "3"), allowed_values: column("x", "x", "x", "y")}
    table = three_of_four.get(function, column("1", "2", "3", "NaN"))
    assert function(table, **args).fraction == 0.75
    assert function(table, **args, all_or_nothing=True).fraction == 0
    assert function(table, **args, zero_at=0.5).fraction == 0.5
    assert function(table, **args, zero_at=0.75).fraction == 0
    assert function(table, **args, zero_at=0.9).fraction == 0


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("no_missing", {"column": "a", "columns": ["b"]}), ("unique", {}), ("unique", {"columns": []}), ("in_range", {"column": "a"}),
        ("in_range", {"column": "a", "min": 2, "max": 1}), ("in_range", {"column": "a", "min": float("nan")}),
        ("allowed_values", {"column": "a", "values": []}), ("dtype", {"column": "a", "type": "money"}),
        ("dtype", {"column": "a", "type": "number", "format": "%Y"}), ("dtype", {"column": "a", "type": "date", "format": "YYYY-MM-DD"}),
        ("dtype", {"column": "a", "type": "date", "format": "%Q"}), ("no_missing", {"zero_at": 1}), ("no_missing", {"zero_at": -0.1}),
    ],
)
def test_bad_arguments(name, args):
    with pytest.raises(TaskError):
        get_grader(name).bind(args)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("no_missing", {}), ("unique", {"columns": "a"}), ("in_range", {"column": "a", "min": 0}),
        ("allowed_values", {"column": "a", "values": [1, 2]}), ("dtype", {"column": "a", "type": "integer"}),
    ],
)
def test_a_few_good_rows_earn_nothing_where_many_are_asked(name, args):
    grader = get_grader(name)
    table = Table(("a",), (("1",), ("2",)))
    assert grader.function(table, **grader.bind(args)).fraction == 1.0
    mark = grader.function(table, **grader.bind({**args, "min_rows": 3}))
    assert mark.fraction == 0.0
    assert "只有 2 行数据，少于 3 行" in mark.reason
