"""`simulator tasks new|check|show`: a new task passes, and each way to break it is named with its place."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from simulator.cli import main


@pytest.fixture
def simulator(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMULATOR_INSTANCE", str(tmp_path / "instance"))
    return lambda *args: CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def task(tmp_path, simulator):
    path = tmp_path / "tasks" / "mine" / "first"
    assert simulator("tasks", "new", path).exit_code == 0
    return path


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_new_task_proves_itself(simulator, task):
    answer = simulator("tasks", "check", task)
    assert answer.exit_code == 0, answer.output
    assert "不符 0" in answer.output
    assert "mine/first" in simulator("tasks", "show", task).output


def test_json_for_programs(simulator, task):
    data = json.loads(simulator("tasks", "check", task, "--json").stdout)
    assert (data["tasks"], data["mismatches"], data["failures"]) == (1, 0, [])
    assert {t["name"] for t in data["results"][0]["trials"]} >= {"full", "blank", "wrong-column", "constant"}


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("task.yaml", "args: {key: [B]}", "args: {key: [C]}", ["mine/first", "full", "M2", "应得 2", "实得 0"]),
        ("task.yaml", "marks: 3 ", "marks: 4 ", ["task.yaml", "marks", "3", "4"]),
        ("samples/wrong-column/expect.yaml", "M1: 1", "M1: 0", ["wrong-column", "M1", "应得 0", "实得 1"]),
        ("task.yaml", "minutes: 5", "minuets: 5", ["task.yaml", "minuets", "可用的键", "minutes"]),
        ("task.yaml", "grader: number", "grader: nubmer", ["points.0.grader", "nubmer", "number"]),
        ("task.yaml", "args: {equals: 3}", "args: {equal: 3}", ["points.0.args", "equal", "可用参数", "equals"]),
        ("samples/full/response.yaml", "rows: 3", "row: 3", ["full", "row", "rows, column"]),
        ("samples/full/expect.yaml", "M2: 2", "M9: 2", ["expect.yaml", "M9", "M2"]),
    ],
)
def test_breaking_one_thing_names_its_place(simulator, task, file, old, new, words):
    edit(task / file, old, new)
    answer = simulator("tasks", "check", task)
    assert answer.exit_code == 1
    for word in words:
        assert word in answer.output


def test_a_yaml_bomb_as_task_is_refused_with_a_sentence(simulator, task):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]" for n in range(9)
    )
    (task / "task.yaml").write_text(bomb)
    answer = simulator("tasks", "check", task)
    assert answer.exit_code == 1
    assert "别名" in answer.output


def test_new_never_overwrites(simulator, task):
    answer = simulator("tasks", "new", task)
    assert answer.exit_code == 2
    assert "不是空的" in answer.output


def test_an_empty_folder_is_told(simulator, tmp_path):
    (tmp_path / "nothing").mkdir()
    answer = simulator("tasks", "check", tmp_path / "nothing")
    assert answer.exit_code == 1
    assert "没有 task.yaml" in answer.output


def test_changed_folders_are_read_into_the_database(simulator, tree, tmp_path, monkeypatch):
    own = shutil.copytree(tree, tmp_path / "tasks")
    monkeypatch.setenv("SIMULATOR_TASKS_DIR", str(own))
    assert "试卷 1 份有新版本" in simulator("tasks", "sync").output
    edit(own / "data/sheet/task.yaml", "title: 一题多类", "title: 改过的题")
    answer = simulator("tasks", "sync")
    assert "改过的题" in answer.output
    assert "试题 1 道、试卷 1 份有新版本" in answer.output
    edit(own / "data/sheet/task.yaml", "marks: 6\nfields", "marks: 7\nfields")
    answer = simulator("tasks", "sync")
    assert answer.exit_code == 2
    assert "data/sheet/task.yaml : marks" in answer.output
