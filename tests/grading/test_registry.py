"""Registering graders and binding their arguments."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field as Key

from grading import registry
from grading.errors import TaskError
from grading.graders.number import number
from grading.model import Mark
from grading.registry import KeyFile, get_grader, grader


@pytest.fixture
def empty(monkeypatch):
    monkeypatch.setattr(registry, "_GRADERS", {})


def test_bounds_of_annotations_hold(empty):
    @grader
    def at_least(found: float, *, low: Annotated[int, Key(ge=1)]) -> Mark:
        return Mark(float(found >= low))

    assert registry._GRADERS["at_least"].bind({"low": 1}) == {"low": 1}
    with pytest.raises(TaskError, match="'low'"):
        registry._GRADERS["at_least"].bind({"low": 0})


def test_a_validator_sees_the_checked_arguments_and_names_the_grader(empty):
    def check(*, low: int, high: int) -> None:
        if low > high:
            raise TaskError("low 大于 high", key="args.low")

    @grader(version=3, validate=check)
    def between(found: float, *, low: int, high: int = 9) -> Mark:
        return Mark(float(low <= found <= high))

    spec = registry._GRADERS["between"]
    assert spec.version == 3
    assert spec.bind({"low": "2"}) == {"low": 2, "high": 9}
    with pytest.raises(TaskError, match="评分器 between：low 大于 high") as caught:
        spec.bind({"low": 10})
    assert caught.value.key == "args.low"


def test_a_misspelt_argument_is_named():
    with pytest.raises(TaskError, match=r"'equal'.*可用参数：equals"):
        get_grader("number").bind({"equal": 1})


def test_two_graders_cannot_share_a_name(monkeypatch):
    assert get_grader("number").function is number

    def other(found: float) -> Mark:
        return Mark(0.0)

    monkeypatch.setattr(other, "__name__", "number")
    with pytest.raises(RuntimeError, match="two graders"):
        grader(other)


def test_an_unknown_grader_lists_the_known_ones():
    with pytest.raises(TaskError, match=r"ast_step.*unique"):
        get_grader("no_such")


def test_key_files(tmp_path):
    path = tmp_path / "k.yaml"
    path.write_text("a: 甲\n", "utf-8")
    key = KeyFile(path)
    assert key.text() == "a: 甲\n"
    assert key.yaml() == {"a": "甲"}
    assert key.upload().name == "k.yaml"
    path.write_text("a: 1\na: 2\n")
    with pytest.raises(TaskError, match="重复"):
        key.yaml()
