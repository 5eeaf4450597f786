"""Filled blanks."""

from __future__ import annotations

import pytest

from grading.errors import TaskError
from grading.graders.blank import blank
from grading.registry import get_grader


@pytest.mark.parametrize(
    ("found", "args", "right"),
    [
        ("K近邻", {"accept": ["KNN", "K近邻"]}, True),
        (" ｋ 近邻 ", {"accept": ["K近邻"]}, True),
        ("random  FOREST", {"accept": ["random forest"]}, True),
        ("randomforest", {"accept": ["random forest"]}, False),
        ("knn", {"accept": ["KNN"], "ignore_case": False}, False),
        ("k-means", {"accept": ["kmeans"]}, False),
        ("k-means。", {"accept": ["kmeans"], "ignore_punctuation": True}, True),
        ("-3", {"accept": ["3"], "ignore_punctuation": True}, False),
        ("０．５０", {"accept": [".5"]}, True),
        ("三", {"accept": ["3"]}, True),
        ("3.10", {"accept": ["3.1"], "numbers": False}, False),
        ("nan", {"accept": ["inf"]}, False),
        ("", {"accept": ["x"]}, False),
        ("。", {"accept": ["x"], "ignore_punctuation": True}, False),
    ],
)
def test_blank(found, args, right):
    assert blank(found, **args).fraction == float(right)


def test_reasons():
    assert blank("3.0", accept=["3"]).reason == "填写正确，数值相等。"
    assert blank("x", accept=["3", "三"]).expected == "3 / 三"
    assert "不一致" in blank("x", accept=["3"]).reason
    assert blank("", accept=["3"]).found == "（空）"


@pytest.mark.parametrize("args", [{}, {"accept": []}, {"accept": [""]}, {"accept": ["　"]}, {"accept": ["。"], "ignore_punctuation": True}])
def test_bad_arguments(args):
    with pytest.raises(TaskError):
        get_grader("blank").bind(args)
