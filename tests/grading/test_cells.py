"""One cell seen as number, date, truth value or text."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings, strategies as st

from grading.cells import as_boolean, as_date, as_number, as_text, close, identity, is_integer, is_missing, same, show

CELLS = st.one_of(st.none(), st.text(max_size=20), st.integers(), st.floats(), st.booleans(), st.datetimes())


@pytest.mark.parametrize("cell", [None, "", "  ", "NaN", "nan", "NULL", "None", "N/A", "NA", "<NA>", "NaT", float("nan")])
def test_missing(cell):
    assert is_missing(cell)
    assert as_text(cell) == ""
    assert identity(cell) is None


@pytest.mark.parametrize("cell", ["0", 0, False, "无", "-", "N", "nan1", "x" * 100])
def test_not_missing(cell):
    assert not is_missing(cell)


@pytest.mark.parametrize(
    ("cell", "number"),
    [("12.50", 12.5), (" 7 ", 7), (3, 3), (2.5, 2.5), ("1,234", None), ("12元", None), ("１２", None), (True, None), (None, None),
     (float("inf"), None), (10**400, None), (datetime(2024, 1, 1), None)],
)
def test_numbers_are_read_as_a_program_would(cell, number):
    assert as_number(cell) == number


@pytest.mark.parametrize(
    ("cell", "whole"), [("12", True), ("-3", True), ("12.0", False), (12.0, True), (12.5, False), ("x", False), (True, False),
    (None, False)]
)
def test_integers(cell, whole):
    assert is_integer(cell) is whole


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024-01-05", datetime(2024, 1, 5)), ("2024/1/5", datetime(2024, 1, 5)), ("2024.1.5", datetime(2024, 1, 5)),
        ("2024年1月5日", datetime(2024, 1, 5)), ("2024-01-05 13:45", datetime(2024, 1, 5, 13, 45)),
        ("2024-01-05T13:45:59.5", datetime(2024, 1, 5, 13, 45, 59, 500000)), ("2024-13-05", None), ("2024-02-30", None),
        ("2024-1/5", None), ("20240105", None), ("1/5/2024", None), ("", None), (None, None), (5, None),
    ],
)
def test_dates(text, date):
    assert as_date(text) == date


def test_a_real_date_is_a_date():
    assert as_date(datetime(2024, 1, 5)) == datetime(2024, 1, 5)


def test_truth_values_are_words():
    assert as_boolean("TRUE") is True
    assert as_boolean(False) is False
    assert as_boolean("1") is None
    assert as_boolean(1) is None


def test_text():
    assert as_text(" ＡＢ ") == "AB"
    assert as_text(12.0) == "12"
    assert as_text(12.25) == "12.25"
    assert as_text(datetime(2024, 1, 5, 6, 7)) == "2024-01-05 06:07:00"


def test_what_is_the_same():
    assert same("12.50", 12.5)
    assert same("2024/1/5", datetime(2024, 1, 5))
    assert same("TRUE", True)
    assert same("ＡＢ ", "AB")
    assert not same(True, 1)
    assert not same("甲", "乙")
    assert not same(None, "0")
    assert same(None, "NaN")


def test_long_numbers_do_not_run_together():
    assert not same("900719925474099267", "900719925474099268")
    assert identity(10**30 + 1) != identity(10**30)


def test_tolerance():
    assert close(12.3, 12.4, abs_tol=0.1, rel_tol=0)
    assert not close(12.3, 12.41, abs_tol=0.1, rel_tol=0)
    assert close(200, 204, abs_tol=0, rel_tol=0.02)
    assert same(100, "101", rel_tol=0.01)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([float("nan"), float("inf"), float("-inf")]))
def test_nothing_is_close_to_what_is_not_finite(expected, found):
    assert not close(expected, found, abs_tol=1e308, rel_tol=1.0)


@settings(deadline=None)
@given(CELLS, CELLS)
def test_same_is_symmetric_without_tolerance(a, b):
    assert same(a, b) == same(b, a)


@settings(deadline=None)
@given(CELLS)
def test_every_cell_equals_itself_and_can_be_shown(cell):
    assert same(cell, cell)
    assert show(cell)


def test_shown_cells():
    assert show(None) == "（空）"
    assert show(float("nan")) == "“NaN”"
    assert show("甲\n乙") == "“甲 乙”"
