"""A task with a public and a private half: which points make up the marks before and after the release."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grading import totals
from grading.__main__ import as_json, as_table
from grading.engine import grade
from grading.errors import TaskError
from grading.loader import load_task
from grading.proof import prove
from tests.grading.trees import make_plain


def point(name, marks, equals, board=None):
    found = {"id": name, "title": f"第 {name} 点", "marks": marks, "grader": "number", "of": "rows", "args": {"equals": equals}}
    return {**found, "board": board} if board else found


ALWAYS = {"id": "M0", "title": "方法", "marks": 1, "grader": "blank", "of": "word", "args": {"accept": ["去重"]}}
SPLIT = {"marks": 3, "points": [ALWAYS, point("M1", 2, 3, "public"), point("M2", 2, 4, "private")]}
EQUAL = {**SPLIT, "points": [ALWAYS, point("M1", 2, 3, "public"), point("M2", 2, 3, "private")]}
SAMPLES = {
    "full": ({"rows": 3, "word": "去重"}, {"M0": 1, "M1": 2, "M2": 2}),
    "blank": ({}, {"M0": 0, "M1": 0, "M2": 0}),
    "wrong-header": ({"rows": 4, "word": "去重"}, {"M0": 1, "M1": 0, "M2": 0}),
    "wrong-word": ({"rows": 3, "word": "删除"}, {"M0": 0, "M1": 2, "M2": 2}),
    "wrong-unit": ({"rows": "三行", "word": "去重"}, {"M0": 1, "M1": 0, "M2": 0}),
}


def test_public_points_count_before_the_release_and_private_ones_after_it(tmp_path):
    task = load_task(make_plain(tmp_path / "plain", SPLIT).root)
    grading = grade(task, {"rows": "3", "word": "去重"})
    assert [v.board for v in grading.verdicts] == ["", "public", "private"]
    assert totals.total(grading.verdicts, final=False) == 3
    assert totals.total(grading.verdicts) == 1
    assert totals.combined_status(grading.verdicts) == "partial"


def test_the_command_line_tells_both(tmp_path):
    task = make_plain(tmp_path / "plain", SPLIT)
    grading = grade(task, {"rows": "3", "word": "去重"})
    shown = as_json(task, grading)
    assert (shown["earned"], shown["public"], shown["marks"]) == (1.0, 3.0, 3.0)
    assert [p.get("board") for p in shown["points"]] == [None, "public", "private"]
    table = as_table(task, grading)
    assert "［公开］" in table
    assert "公布前（按公开部分） 3.00 / 3" in table
    assert table.endswith("合计 1.00 / 3")


@pytest.mark.parametrize(("points", "says"), [
    ([point("M1", 2, 3, "public"), point("M2", 3, 4, "private")], "公开部分之和是 2，非公开部分之和是 3"),
    ([point("M1", 3, 3), point("M2", 1, 4, "public")], "公开部分之和是 1，非公开部分之和是 0"),
    ([point("M1", 2, 3, "public"), point("M2", 2, 4, "private")], "（不含 board: public 的）之和是 2，与 marks: 3 不符"),
    ([point("M1", 3, 3, "secret")], "board"),
])
def test_halves_that_do_not_add_up_are_refused(tmp_path, points, says):
    with pytest.raises(TaskError, match=r"task\.yaml") as caught:
        make_plain(tmp_path / "plain", {"points": points})
    assert says in str(caught.value)


def test_a_split_task_proves_itself_in_both_halves(tmp_path):
    assert prove(make_plain(tmp_path / "good", EQUAL, SAMPLES), None).problems == []
    uneven = {**SAMPLES, "full": ({"rows": 4, "word": "去重"}, {"M0": 1, "M1": 0, "M2": 2})}
    problems = prove(make_plain(tmp_path / "uneven", SPLIT, uneven), None).problems
    assert any("full 公布前（按公开部分）应得满分 3，实得 1.00" in problem for problem in problems)


def test_both_halves_are_scaled_with_the_task(tmp_path):
    task = totals.with_marks(make_plain(tmp_path / "plain", EQUAL), Decimal(6))
    assert [p.marks for p in task.points] == [2, 4, 4]
    assert totals.possible(task.points) == totals.possible(task.points, final=False) == 6
