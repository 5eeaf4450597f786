"""Marks arithmetic: exact, half-up, and a task's status from its verdicts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from grading import totals
from grading.errors import TaskError
from grading.model import Verdict

cents = st.integers(1, 100_000).map(lambda n: Decimal(n) / 100)


@pytest.mark.parametrize(("value", "rounded"), [
    ("0.125", "0.13"), ("0.135", "0.14"), ("0.145", "0.15"), ("0.124999", "0.12"), ("2.5", "2.50"), ("0.005", "0.01"),
    ("1.005", "1.01"), ("0", "0.00"),
])
def test_rounding_is_half_up_in_decimals(value, rounded):
    assert str(totals.round_marks(Decimal(value))) == rounded


@pytest.mark.parametrize(("fraction", "marks", "earned"), [
    (1.0, "2.5", "2.50"), (0.0, "2.5", "0.00"), (1 / 3, "1", "0.33"), (2 / 3, "1", "0.67"), (1 / 3, "3", "1.00"),
    (0.5, "0.01", "0.01"), (0.25, "0.5", "0.13"), (0.1, "0.15", "0.02"), (0.7, "0.55", "0.39"), (1e-9, "1", "0.00"),
])
def test_earned_is_fraction_of_marks(fraction, marks, earned):
    assert str(totals.earned(fraction, Decimal(marks))) == earned


@given(st.floats(0, 1), cents)
def test_earned_lies_between_nothing_and_all(fraction, marks):
    earned = totals.earned(fraction, marks)
    assert 0 <= earned <= marks
    assert earned == earned.quantize(totals.CENT)
    assert abs(earned - Decimal(fraction) * marks) <= Decimal("0.0050001")


def verdict(status: str, earned: str = "0", marks: str = "1") -> Verdict:
    return Verdict("M1", "点", status, Decimal(earned), Decimal(marks))


@pytest.mark.parametrize(("verdicts", "status"), [
    ([], "blank"),
    ([("blank",), ("blank",)], "blank"),
    ([("blank",), ("incorrect",)], "incorrect"),
    ([("blank",), ("correct", "1")], "partial"),
    ([("correct", "1"), ("correct", "1")], "correct"),
    ([("correct", "1"), ("partial", "0.5")], "partial"),
    ([("partial", "0.00"), ("incorrect",)], "incorrect"),
    ([("correct", "1"), ("error",)], "error"),
    ([("correct", "1"), ("pending",)], "pending"),
    ([("pending",), ("error",)], "error"),
    ([("blank",), ("pending",)], "pending"),
])
def test_status_of_a_task_is_unsettled_first_then_by_what_was_earned(verdicts, status):
    assert totals.combined_status([verdict(*v) for v in verdicts]) == status


def test_unsettled_verdicts_add_nothing_even_with_marks():
    verdicts = [verdict("correct", "1"), verdict("partial", "0.25"), verdict("error", "1"), verdict("pending", "1")]
    assert totals.total(verdicts) == Decimal("1.25")


def test_percent():
    assert totals.percent(Decimal(1), Decimal(3)) == Decimal("33.33")
    assert totals.percent(Decimal(2), Decimal(3)) == Decimal("66.67")
    assert totals.percent(Decimal(0), Decimal(0)) == 0


@pytest.mark.parametrize(("marks", "points"), [("6", ["2", "4"]), ("1.5", ["0.5", "1"]), ("0.03", ["0.01", "0.02"]), ("99", ["33", "66"])])
def test_rescaled_points_keep_their_shares_and_add_up(plain, marks, points):
    task = totals.with_marks(plain, Decimal(marks))
    assert [p.marks for p in task.points] == [Decimal(p) for p in points]
    assert sum(p.marks for p in task.points) == task.marks == Decimal(marks)
    assert task.bound == plain.bound
    assert plain.marks == 3  # the original is as it was


@pytest.mark.parametrize("marks", ["1", "0.01", "2", "10", "0.05"])
def test_rescaling_that_is_not_exact_is_refused(plain, marks):
    with pytest.raises(TaskError, match=r"data/plain.*M1.*0\.01"):
        totals.with_marks(plain, Decimal(marks))


def test_nothing_to_rescale_gives_the_same_task(plain):
    assert totals.with_marks(plain, None) is plain
    assert totals.with_marks(plain, Decimal("3.00")) is plain


def test_rescaling_is_exact_or_refused(plain):
    @given(marks=cents)
    def check(marks):
        try:
            task = totals.with_marks(plain, marks)
        except TaskError:
            assert marks * 100 % 3 != 0
        else:
            assert [p.marks * 3 for p in task.points] == [marks, marks * 2]

    check()
