"""Numbers within a tolerance."""

from __future__ import annotations

import pytest

from grading.errors import TaskError
from grading.graders.number import number
from grading.registry import get_grader


@pytest.mark.parametrize(
    ("found", "args", "right"),
    [
        (37, {"equals": 37}, True),
        (0.1 + 0.2, {"equals": 0.3}, True),
        (37.001, {"equals": 37}, False),
        (12.4, {"equals": 12.3, "abs_tol": 0.1}, True),
        (12.41, {"equals": 12.3, "abs_tol": 0.1}, False),
        (98, {"equals": 100, "rel_tol": 0.02}, True),
        (97.9, {"equals": 100, "rel_tol": 0.02}, False),
        (-98, {"equals": -100, "rel_tol": 0.02}, True),
        (97, {"equals": 100, "rel_tol": 0.02, "abs_tol": 5}, True),
        (float("nan"), {"equals": 0, "abs_tol": 1e9}, False),
        (float("inf"), {"equals": 0, "rel_tol": 1}, False),
        (10**400, {"equals": 1}, False),
        (1.7e308, {"equals": -1.7e308, "abs_tol": 1}, False),
    ],
)
def test_tolerance(found, args, right):
    assert number(found, **args).fraction == float(right)


@pytest.mark.parametrize(
    ("found", "equals", "hint"),
    [
        (0.25, 25, "百分数"), (2500, 25, "百分数"), (3, 3000, "单位"), (-5, 5, "符号相反"), (7, 5, "偏大"), (3, 5, "偏小"), (1, 0, "偏大"),
    ],
)
def test_hints_of_common_mistakes(found, equals, hint):
    assert hint in number(found, equals=equals).reason


def test_expected_shows_the_tolerance():
    assert number(1, equals=12.5, abs_tol=0.1, unit="元").expected == "12.5 ± 0.1 元"
    assert number(1, equals=12.5, rel_tol=0.02).expected == "12.5（允许误差 2%）"
    assert number(12.5, equals=12.5).reason == "数值正确。"
    assert number(12.6, equals=12.5, abs_tol=0.2).reason == "数值在允许误差内。"


@pytest.mark.parametrize("args", [{}, {"equals": float("nan")}, {"equals": 1, "abs_tol": -1}, {"equals": 1, "rel_tol": float("inf")}])
def test_bad_arguments(args):
    with pytest.raises(TaskError):
        get_grader("number").bind(args)
