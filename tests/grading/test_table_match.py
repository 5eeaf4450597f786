"""A table against the expected one."""

from __future__ import annotations

import pytest

from grading.errors import TaskError
from grading.graders.table_match import table_match
from grading.registry import KeyFile, get_grader
from grading.tables import Table

KEY = "id,price,day,name\n1,12.5,2024-01-05,甲\n2,8,2024-02-01,乙\n3,,2024-03-01,丙\n4,1,2024-04-01,丁\n"
ROWS = (("1", "12.50", "2024/1/5", " 甲"), ("2", "8.0", "2024-02-01", "乙"), ("3", None, "2024-03-01", "丙"),
    ("4", "1", "2024-04-01", "丁"))
NAMES = ("id", "price", "day", "name")


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "clean.csv"
    path.write_text(KEY, "utf-8")
    return KeyFile(path)


def table(*rows, columns=NAMES):
    return Table(columns, tuple(rows))


def test_equal_tables_in_any_order_and_writing(key):
    mark = table_match(table(*ROWS[::-1]), key=key, on="id")
    assert mark.fraction == 1
    assert mark.reason == "12 个单元格全部一致。"


def test_order_can_count(key):
    assert table_match(table(*ROWS), key=key, on="id", order_free=False).fraction == 1
    mark = table_match(table(ROWS[1], ROWS[0], *ROWS[2:]), key=key, on="id", order_free=False)
    assert mark.fraction == 0.5
    assert "2 行的次序不对" in mark.reason


def test_wrong_cells_are_named(key):
    rows = (("1", "13", "2024-01-05", "甲"), *ROWS[1:3], ("4", "1", "2024-04-02", "丁"))
    mark = table_match(table(*rows), key=key, on="id")
    assert mark.fraction == pytest.approx(10 / 12)
    assert mark.reason == "2 个单元格不一致，如数据第 1 行“price”为“13”；数据第 4 行“day”为“2024-04-02”。"
    assert mark.found == "10/12 个单元格一致"


def test_missing_extra_and_repeated_rows_count(key):
    mark = table_match(table(*ROWS[:3], ("9", "1", "2024-04-01", "丁"), ROWS[0]), key=key, on="id")
    assert mark.fraction == pytest.approx(9 / 18)
    assert mark.reason == "缺少 1 行（如 “4”）；多出 1 行；重复 1 行。"


def test_missing_columns_count(key):
    short = table(*((row[0], row[1]) for row in ROWS), columns=("id", "price"))
    mark = table_match(short, key=key, on="id")
    assert mark.fraction == pytest.approx(4 / 12)
    assert "缺少 “day”、“name” 列" in mark.reason
    assert table_match(short, key=key, on="id", columns="price").fraction == 1


def test_tolerance(key):
    rows = (("1", "12.6", "2024-01-05", "甲"), *ROWS[1:])
    assert table_match(table(*rows), key=key, on="id").fraction < 1
    assert table_match(table(*rows), key=key, on="id", abs_tol=0.11).fraction == 1
    assert table_match(table(*rows), key=key, on="id", rel_tol=0.01).fraction == 1


def test_missing_and_filled_differ(key):
    rows = (*ROWS[:2], ("3", "0", "2024-03-01", "丙"), ROWS[3])
    assert table_match(table(*rows), key=key, on="id", abs_tol=100).fraction == pytest.approx(11 / 12)


def test_all_or_nothing_and_zero_at(key):
    rows = (("1", "13", "2024-01-05", "甲"), *ROWS[1:])
    assert table_match(table(*rows), key=key, on="id", all_or_nothing=True).fraction == 0
    assert table_match(table(*ROWS), key=key, on="id", all_or_nothing=True).fraction == 1
    assert table_match(table(*rows), key=key, on="id", zero_at=0.5).fraction == pytest.approx(5 / 6)
    assert table_match(table(*ROWS), key=key, on="id", zero_at=0.5).fraction == 1


def test_rows_named_by_two_columns(tmp_path):
    path = tmp_path / "k.csv"
    path.write_text("shop,day,n\nA,2024-01-01,1\nA,2024-01-02,2\n")
    found = Table(("shop", "day", "n"), (("A", "2024/1/2", 2), ("A", "2024/1/1", 1)))
    assert table_match(found, key=KeyFile(path), on=["shop", "day"]).fraction == 1


def test_a_key_of_ids_alone_checks_the_rows(tmp_path):
    path = tmp_path / "k.csv"
    path.write_text("id\n1\n2\n")
    assert table_match(Table(("id",), (("2",), ("1",))), key=KeyFile(path), on="id").fraction == 1
    assert table_match(Table(("id",), (("2",),)), key=KeyFile(path), on="id").fraction == 0.5


def test_no_id_column_or_no_rows(key):
    assert "没有 “id” 列" in table_match(table(("1",), columns=("x",)), key=key, on="id").reason
    assert table_match(table(), key=key, on="id").fraction == 0


@pytest.mark.parametrize(
    ("content", "args", "words"),
    [
        (KEY, {"on": "no"}, "没有 no 列"), (KEY, {"on": "id", "columns": ["no"]}, "没有 no 列"),
        (KEY, {"on": "id", "columns": ["id"]}, "不写 on 的列"),
        (KEY, {"on": "price"}, "应无缺失、无重复"), ("id,x\n1,1\n1.0,2\n", {"on": "id"}, "应无缺失、无重复"),
        ("id,x\n", {"on": "id"}, "没有数据行"),
        ("", {"on": "id"}, "读不出来"), (KEY, {"on": "id", "abs_tol": -1}, "abs_tol"), (KEY, {}, "on"),
    ],
)
def test_the_authors_errors_are_found_at_load(tmp_path, content, args, words):
    path = tmp_path / "clean.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(TaskError, match=words):
        get_grader("table_match").bind({"key": KeyFile(path), **args})
