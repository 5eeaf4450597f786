"""Item analysis against figures worked out by hand and by other formulas; undefined is None."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given, strategies as st
from sklearn.utils import check_random_state

from grading.errors import GradingError
from grading.itemanalysis import analyse

# Four candidates, three items. Totals 6, 5, 2, 1; mean 3.5.
MARKS = [[1, 2, 3], [1, 2, 2], [0, 0, 2], [1, 0, 0]]
MAXIMA = [1, 2, 3]
FOUND = analyse(MARKS, MAXIMA, ["a", "b", "c"])


def test_an_item_by_hand():
    item = FOUND.items[1]  # x = 2 2 0 0, T = 6 5 2 1, rest = 4 3 2 1
    assert (item.id, item.n, item.facility, item.intended_weight) == ("b", 4, 0.5, 2 / 6)
    assert item.sd == pytest.approx(math.sqrt(4 / 3) / 2)
    assert item.discrimination_index == pytest.approx((4 / 3) / math.sqrt(4 / 3 * 5 / 3))  # C(x, rest) = (1.5+.5+.5+1.5)/3
    assert item.discriminative_efficiency == 1.0  # no order of these marks could covary more
    assert item.random_guess_score is None


def test_effective_weights_by_hand():
    roots = [math.sqrt(c) for c in (1.5 / 3, 8 / 3, 7.5 / 3)]  # C(x, T) = Σ (x − mean)(T − mean) ÷ 3
    assert [item.effective_weight for item in FOUND.items] == pytest.approx([root / sum(roots) for root in roots])


def test_the_test_by_hand():
    test = FOUND.test
    assert (test.n, test.mean) == (4, 3.5 / 6)
    variance = statistics.variance([6, 5, 2, 1])
    alpha = 3 / 2 * (1 - sum(statistics.variance(column) for column in zip(*MARKS, strict=True)) / variance)
    assert test.sd == pytest.approx(math.sqrt(variance) / 6)
    assert test.alpha == pytest.approx(alpha)
    assert test.error_ratio == pytest.approx(math.sqrt(1 - alpha))
    assert test.standard_error == pytest.approx(math.sqrt(1 - alpha) * math.sqrt(variance) / 6)
    assert test.skewness == pytest.approx(0)
    # The totals deviate by ±2.5 and ±1.5: m2 = 4.25, m4 = 22.0625; k2 = 17/3, k4 = 16 (5·m4 − 9·m2²) ÷ 6.
    assert test.kurtosis == pytest.approx(16 * (5 * 22.0625 - 9 * 4.25**2) / 6 / (17 / 3) ** 2)


def test_skewness_and_kurtosis_are_the_unbiased_ones():
    from scipy import stats

    totals = check_random_state(1).gamma(2.0, size=60)
    found = analyse([[t] for t in totals], [20], ["x"]).test
    assert found.skewness == pytest.approx(stats.skew(totals, bias=False))
    assert found.kurtosis == pytest.approx(stats.kurtosis(totals, bias=False))
    assert found.alpha is None  # one item says nothing of consistency


def test_an_item_that_runs_against_the_test_is_seen():
    found = analyse([[0, 3], [0, 2], [1, 1], [1, 0]], [1, 3], ["against", "with"])
    item = found.items[0]
    assert item.discrimination_index < 0
    assert item.discriminative_efficiency < 0
    assert item.effective_weight is None
    assert found.items[1].effective_weight == 1.0


@pytest.mark.parametrize("marks", [[], [[1, 2]]])
def test_too_few_candidates_define_nothing(marks):
    found = analyse(marks, [1, 2], ["a", "b"])
    assert found.test.sd is found.test.alpha is found.test.skewness is None
    assert {item.discrimination_index for item in found.items} == {None}
    assert found.items[0].facility == (1.0 if marks else None)
    assert found.items[1].intended_weight == 2 / 3


def test_equal_marks_define_no_discrimination():
    found = analyse([[1, 0.1], [1, 0.3], [1, 0.2]], [1, 1], ["same", "other"])
    same = found.items[0]
    assert (same.facility, same.sd, same.discrimination_index, same.discriminative_efficiency) == (1.0, 0.0, None, None)
    assert found.items[1].discrimination_index is None  # the rest of the test does not vary


def test_rounding_is_no_difference():
    found = analyse([[0.1 + 0.2, 1], [0.3, 0]], [1, 1], ["a", "b"])
    assert found.items[0].sd == 0.0
    assert found.items[0].discrimination_index is None


@pytest.mark.parametrize(("marks", "maxima", "ids"), [
    ([[1]], [0], ["a"]), ([[1]], [float("nan")], ["a"]), ([[float("nan")]], [1], ["a"]), ([[1]], [1, 2], ["a"]), ([], [], []),
])
def test_what_is_no_table_of_marks_is_refused(marks, maxima, ids):
    with pytest.raises(GradingError):
        analyse(marks, maxima, ids)


def test_an_item_that_was_not_set_counts_for_nobody():
    """Drawn papers: the third candidate had item b instead of c."""
    drawn = analyse([[1, 2, None], [0, 1, None], [1, None, 3]], [1, 2, 3], ["a", "b", "c"])
    assert [item.n for item in drawn.items] == [3, 2, 1]
    assert drawn.items[1].facility == 0.75
    assert drawn.items[2].discrimination_index is None
    assert drawn.test.mean == pytest.approx((3 / 3 + 1 / 3 + 4 / 4) / 3)
    assert drawn.test.alpha is None


ROWS = st.integers(1, 4).map(lambda items: st.lists(st.integers(0, 5), min_size=items, max_size=items))
TABLES = ROWS.flatmap(lambda row: st.lists(row, min_size=2, max_size=12))


@given(TABLES, st.permutations(range(12)))
def test_bounds_and_order(table, order):
    ids = [f"q{p}" for p in range(len(table[0]))]
    found = analyse(table, [5.0] * len(ids), ids)
    assert sum(item.intended_weight for item in found.items) == pytest.approx(1)
    weights = [item.effective_weight for item in found.items if item.effective_weight is not None]
    assert not weights or sum(weights) == pytest.approx(1)
    for item in found.items:
        assert 0 <= item.facility <= 1
        assert item.discrimination_index is None or -1 - 1e-9 <= item.discrimination_index <= 1 + 1e-9
        assert item.discriminative_efficiency is None or item.discriminative_efficiency <= 1 + 1e-9
    turned = analyse([table[i] for i in order if i < len(table)], [5.0] * len(ids), ids)
    assert [item.facility for item in turned.items] == pytest.approx([item.facility for item in found.items])
