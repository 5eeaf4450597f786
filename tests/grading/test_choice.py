"""Chosen options under the three rules."""

from __future__ import annotations

import pytest

from grading.errors import TaskError
from grading.graders.choice import choice
from grading.registry import get_grader


@pytest.mark.parametrize(
    ("chosen", "all_or_nothing", "partial", "per_option"),
    [
        ("ABC", 1, 1, 1),
        ("AB", 0, 2 / 3, 2 / 3),
        ("A", 0, 1 / 3, 1 / 3),
        ("ABCD", 0, 0, 2 / 3),
        ("ABD", 0, 0, 1 / 3),
        ("AD", 0, 0, 0),
        ("D", 0, 0, 0),
        ("", 0, 0, 0),
    ],
)
def test_rules(chosen, all_or_nothing, partial, per_option):
    def fraction(rule):
        return choice(frozenset(chosen), key=["A", "B", "C"], rule=rule, options=4).fraction

    assert fraction("all_or_nothing") == all_or_nothing
    assert fraction("partial_no_wrong") == pytest.approx(partial)
    assert fraction("per_option") == pytest.approx(per_option)


@pytest.mark.parametrize("rule", ["all_or_nothing", "partial_no_wrong", "per_option"])
def test_single_and_judge_are_equality(rule):
    assert choice(frozenset("B"), key="B", rule=rule).fraction == 1
    assert choice(frozenset("A"), key="B", rule=rule).fraction == 0
    assert choice(frozenset("T"), key=["T"], rule=rule).expected == "正确"


def test_reasons_say_what_happened_without_the_key():
    assert choice(frozenset("B"), key="B").reason == "选择正确。"
    assert choice(frozenset("A"), key="B").reason == "选择错误。"
    assert choice(frozenset(), key="B").reason == "没有选择任何选项。"
    assert choice(frozenset("AD"), key=["A", "B"]).reason == "选对 1 项，漏选 1 项，错选 1 项；本题全部选对才得分。"
    assert choice(frozenset("AD"), key=["A", "B"]).found == "A、D"


@pytest.mark.parametrize(
    "args", [{}, {"key": []}, {"key": ""}, {"key": ["A", ""]}, {"key": ["A", "B", "C"], "options": 2}, {"key": "A", "rule": "half"}]
)
def test_bad_arguments(args):
    with pytest.raises(TaskError):
        get_grader("choice").bind(args)
