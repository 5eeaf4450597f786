"""Ability: the Wilson interval against known values, thresholds, and what is not tested."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from grading import ability
from grading.ability import Observation, level, wilson
from grading.spread import spread, tenths

D = Decimal
RIGHT, WRONG = Observation(True, D(1), D(1)), Observation(False, D(0), D(1))


# 81 of 263 and 15 of 148: R. G. Newcombe, Statistics in Medicine 17 (1998), method 3. None of n: z² ÷ (n + z²) by hand.
@pytest.mark.parametrize(("right", "n", "low", "high"), [
    (0, 10, 0.0, 0.2775328), (10, 10, 0.7224672, 1.0), (5, 10, 0.2365931, 0.7634069), (8, 10, 0.4901625, 0.9433178),
    (1, 1, 0.2065493, 1.0), (15, 148, 0.0624, 0.1605), (81, 263, 0.2553, 0.3662),
])
def test_wilson_against_published_values(right, n, low, high):
    assert wilson(right, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_stays_within_0_and_1(case):
    right, n = case
    low, high = wilson(right, n)
    assert 0 <= low <= right / n <= high <= 1
    assert wilson(n - right, n) == pytest.approx((1 - high, 1 - low))
    assert wilson(10 * right, 10 * n)[1] - wilson(10 * right, 10 * n)[0] < high - low


@pytest.mark.parametrize(("right", "n"), [(0, 0), (3, 2), (-1, 2)])
def test_wilson_of_nothing_is_refused(right, n):
    with pytest.raises(ValueError, match="of"):
        wilson(right, n)


@pytest.mark.parametrize(("share", "n", "said"), [
    ("1", 2, "few"), ("0", 2, "few"), ("1", 3, "mastered"), ("0.8", 5, "mastered"), ("0.7999", 5, "fair"), ("0.6", 5, "fair"),
    ("0.5999", 5, "weak"), ("0", 3, "weak"),
])
def test_thresholds(share, n, said):
    assert level(D(share), n) == said


def test_not_tested_is_not_0_percent():
    nothing, zero = ability.theory([]), ability.theory([WRONG] * 4)
    assert (nothing.level, nothing.share, nothing.low) == ("untested", None, None)
    assert (zero.level, zero.share, zero.low) == ("weak", 0.0, 0.0)
    assert (ability.practical([]).level, ability.practical([]).share) == ("untested", None)


def test_theory_counts_items_and_practice_counts_marks():
    part = Observation(False, D("1.5"), D(2))
    theory, practical = ability.theory([RIGHT, RIGHT, part]), ability.practical([RIGHT, RIGHT, part])
    assert (theory.right, theory.n, theory.share) == (2, 3, pytest.approx(2 / 3))
    assert (practical.earned, practical.marks, practical.share) == (D("3.5"), D(4), 0.875)
    assert (theory.level, practical.level) == ("fair", "mastered")
    assert theory.low is not None
    assert practical.low is None


def test_the_spread_of_one_has_no_deviation():
    assert spread([D(3)]).sd is None
    assert spread([]).n == 0
    assert spread([D(1), D(2), D(3), D(4)]).median == 2.5


def test_tenths_hold_everybody_once():
    assert tenths([(D(n), D(100)) for n in range(101)]) == [10] * 9 + [11]
