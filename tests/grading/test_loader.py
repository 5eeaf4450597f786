"""A task folder loads whole, or is refused with the file, the key and what is allowed there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grading.errors import TaskError
from grading.loader import load_task
from grading.model import Mark
from grading.registry import KeyFile, all_graders, get_grader
from tests.grading.trees import FILES, PLAIN, changed, make_task, refusal, registered, write_task, write_yaml

# change → place inside task.yaml, words that the sentence holds
REFUSED = {
    # keys
    "unknown key": ({"mark": 10}, "mark", ["未知的键", "title", "marks", "fields", "points", "baseline_max"]),
    "misspelt key": ({"minutes": ..., "minuts": 5}, "minuts", ["未知的键", "minutes"]),
    "unknown key in a field": ({"fields.0.units": "行"}, "fields.0.units", ["未知的键", "unit", "placeholder"]),
    "key of another kind": ({"fields.0.rows": 3}, "fields.0.rows", ["未知的键", "unit"]),
    "unknown key in a run": ({"runs.0.limit": {}}, "runs.0.limit", ["未知的键", "limits", "produces", "hidden"]),
    "unknown key in limits": ({"runs.0.limits.ram": 1}, "runs.0.limits.ram", ["未知的键", "memory_mb", "wall_s"]),
    "unknown key in produces": (
        {"runs.0.produces.cleaned.path": "x"}, "runs.0.produces.cleaned.path", ["未知的键", "file", "variable", "stdout"]),
    "unknown key in a point": ({"points.1.mark": 1}, "points.1.mark", ["未知的键", "marks", "grader", "of", "args"]),
    "missing title": ({"title": ...}, "title", ["缺少这个键"]),
    "missing points": ({"points": ...}, "points", ["缺少这个键"]),
    "missing produces": ({"runs.0.produces": ...}, "runs.0.produces", ["缺少这个键"]),
    "missing marks of a point": ({"points.2.marks": ...}, "points.2.marks", ["缺少这个键"]),
    # values
    "empty title": ({"title": ""}, "title", ["1"]),
    "minutes in words": ({"minutes": "十"}, "minutes", ["应是整数"]),
    "no minutes": ({"minutes": 0}, "minutes", ["1"]),
    "level out of range": ({"level": 6}, "level", ["5"]),
    "no fields": ({"fields": []}, "fields", ["1"]),
    "no points": ({"points": []}, "points", ["1"]),
    "fields as a mapping": ({"fields": {"a": 1}}, "fields", ["应是列表"]),
    "negative marks": ({"points.0.marks": -1}, "points.0.marks", ["0"]),
    "marks of nothing": ({"points.0.marks": 0}, "points.0.marks", ["0"]),
    "a thousandth of a mark": ({"points.0.marks": 1.005}, "points.0.marks", ["2"]),
    "marks in words": ({"points.0.marks": "一"}, "points.0.marks", ["应是数字"]),
    "marks not a number": ({"points.0.marks": float("nan")}, "points.0.marks", [""]),
    "id with a space": ({"points.0.id": "M 1"}, "points.0.id", [""]),
    "path as a starter": ({"fields.3.file": "../task.yaml"}, "fields.3.file", [""]),
    "limit too high": ({"runs.0.limits.memory_mb": 10**6}, "runs.0.limits.memory_mb", ["16384"]),
    # names
    "unknown kind": ({"fields.0.kind": "digits"}, "fields.0", ["choice", "number", "text", "table", "file", "code"]),
    "unknown runner": ({"runs.0.runner": "pyton"}, "runs.0.runner", ["'pyton'", "python"]),
    "unknown grader": ({"points.0.grader": "numbr"}, "points.0.grader", ["'numbr'", "number", "table_match"]),
    "of is unknown": ({"points.0.of": "row"}, "points.0.of", ["'row'", "rows", "column", "program", "cleaned", "printed"]),
    "of in a run is unknown": ({"runs.0.of": "code"}, "runs.0.of", ["'code'", "program"]),
    "run of a number": ({"runs.0.of": "rows"}, "runs.0.of", ["python", "code", "rows", "number"]),
    "second of is unknown": ({"points.0.of": ["rows", "x"]}, "points.0.of", ["number", "1"]),
    "empty of": ({"points.0.of": []}, "points.0.of", ["number", "0"]),
    "grader takes another kind": ({"points.3.of": "rows"}, "points.3.of", ["row_count", "table", "rows", "number"]),
    "number for a text grader": ({"points.4.of": "rows"}, "points.4.of", ["blank", "text", "number"]),
    "artifact of another kind": ({"points.0.of": "printed"}, "points.0.of", ["number", "printed", "text"]),
    # arguments
    "unknown argument": (
        {"points.0.args.equal": 3}, "points.0.args", ["number", "'equal'", "equals", "abs_tol", "rel_tol", "unit"]),
    "missing argument": ({"points.0.args": {}}, "points.0.args", ["number", "'equals'", "abs_tol"]),
    "argument of a wrong type": ({"points.0.args.equals": "三"}, "points.0.args", ["number", "'equals'"]),
    "argument out of range": ({"points.0.args.abs_tol": -1}, "points.0.args", ["'abs_tol'", "0"]),
    "argument not in the list": ({"points.1.args.rule": "half"}, "points.1.args", ["'rule'", "all_or_nothing", "per_option"]),
    "arguments that exclude each other": ({"points.3.args.min": 1}, "points.3.args", ["row_count", "equals", "min"]),
    "empty key of a choice": ({"points.1.args.key": []}, "points.1.args.key", ["choice", "key"]),
    # files
    "missing file of files/": ({"runs.0.files": ["orders.csv"]}, "runs.0.files", ["files/", "'orders.csv'", "sales.csv"]),
    "missing hidden file": ({"runs.0.hidden": ["sales.csv"]}, "runs.0.hidden", ["key/", "'sales.csv'", "more.csv"]),
    "missing starter": ({"fields.3.file": "main.py"}, "fields.3.file", ["files/", "'main.py'", "starter.py"]),
    "missing key file": ({"points.2.args.key": "rule.yaml"}, "points.2.args.key", ["key/", "'rule.yaml'", "rules.yaml"]),
    "key file by its path": ({"points.2.args.key": "../key/rules.yaml"}, "points.2.args.key", ["key/"]),
    "key file that is no name": ({"points.2.args.key": ["rules.yaml"]}, "points.2.args.key", ["key/"]),
    # sums and doubles
    "marks do not add up": ({"marks": 11}, "marks", ["10", "11"]),
    "marks of a point changed": ({"points.0.marks": 1.5}, "marks", ["10.5", "10"]),
    "two fields of one id": ({"fields.1.id": "rows"}, "fields / runs.produces", ["'rows'", "重复"]),
    "artifact named as a field": ({"runs.0.produces.rows": {"variable": "n", "kind": "number"}}, "fields / runs.produces", ["'rows'"]),
    "two points of one id": ({"points.1.id": "M1"}, "points", ["'M1'", "重复"]),
    "two runs of one id": (
        {"runs.1": {"id": "clean", "runner": "python", "of": "program", "produces": {}}}, "runs", ["'clean'", "重复"]),
    "file and variable": (
        {"runs.0.produces.cleaned.variable": "x"}, "runs.0.produces.cleaned", ["file", "variable", "stdout"]),
    "file and stdout": ({"runs.0.produces.printed.file": "x.txt"}, "runs.0.produces.printed", ["file", "variable", "stdout"]),
    "artifact without a kind": ({"runs.0.produces.cleaned.kind": ...}, "runs.0.produces.cleaned.kind", ["kind"]),
    "output of a runner that has none": (
        {"runs.0.produces.cleaned": {"output": "log"}}, "runs.0.produces.cleaned.output", ["python", "'log'"]),
    "arguments of a runner that takes none": ({"runs.0.args": {"speed": 1}}, "runs.0.args.speed", ["未知的键"]),
    "unknown purpose": ({"runs.0.purpose": "exam"}, "runs.0.purpose", ["trial"]),
    "a point that looks at a trial": ({"runs.0.purpose": "trial"}, "points.3.of", ["'cleaned'", "purpose: trial"]),
    "nothing to collect": ({"runs.0.produces.cleaned.file": ...}, "runs.0.produces.cleaned", ["file", "variable", "stdout"]),
    "stdout: false": ({"runs.0.produces.printed.stdout": False}, "runs.0.produces.printed.stdout", ["True"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_one_mistake_is_named_with_its_place_and_what_is_allowed(tmp_path, case):
    changes, key, words = REFUSED[case]
    error = refusal(load_task, write_task(tmp_path / "mini", changes))
    assert error.key == key, error
    assert error.file == str(tmp_path / "mini" / "task.yaml")
    for word in words:
        assert word in error.message, (word, error.message)


STEP = {"id": "M6", "title": "去重这一步", "marks": 1, "grader": "ast_step", "of": ["program", "cleaned"], "args": {
    "calls": ["drop_duplicates"], "proof": {"grader": "table_match", "args": {"key": "more.csv", "on": "shop"}}}}
PROOFS = {
    "unknown grader": ({"args.proof.grader": "tabel"}, "points.5.args.proof.grader", ["'tabel'", "table_match"]),
    "unknown argument": ({"args.proof.args.kay": "x"}, "points.5.args.proof.args", ["table_match", "'kay'"]),
    "missing key file": ({"args.proof.args.key": "x.csv"}, "points.5.args.proof.args.key", ["'x.csv'", "more.csv"]),
    "nothing to look at": ({"of": "program"}, "points.5.of", ["proof", "of"]),
    "another kind of value": ({"of": ["program", "printed"]}, "points.5.of", ["table_match", "table", "printed", "text"]),
}


@pytest.mark.parametrize("case", PROOFS)
def test_proof_of_a_step_is_checked_like_a_point(tmp_path, case):
    changes, key, words = PROOFS[case]
    error = refusal(load_task, write_task(tmp_path / "mini", {"marks": 11, "points.5": changed(STEP, changes)}))
    assert error.key == key, error
    for word in words:
        assert word in error.message, (word, error.message)


def test_proof_of_a_step_gets_its_key_file(tmp_path):
    task = make_task(tmp_path / "mini", {"marks": 11, "points.5": STEP})
    assert task.bound["M6"]["proof"].args["key"] == KeyFile(task.root / "key" / "more.csv")


# files of the folder → name of the file that the error speaks of, words
BROKEN_FILES = {
    "no statement": ({"statement.md": None}, "statement.md", "缺少题面"),
    "empty statement": ({"statement.md": " \n"}, "statement.md", "不能为空"),
    "long statement": ({"statement.md": "长" * 200_001}, "statement.md", "200000"),
    "statement in GBK": ({"statement.md": "清洗".encode("gbk")}, "statement.md", "UTF-8"),
    "rubric in GBK": ({"key/rules.yaml": "- {id: a, title: 去重, any: [去重]}".encode("gbk")}, "rules.yaml", "UTF-8"),
    "broken rubric": ({"key/rules.yaml": "- {id: a"}, "rules.yaml", "YAML"),
    "rubric with an unknown key": ({"key/rules.yaml": "- {id: a, title: b, words: [c]}"}, "rules.yaml", "要点"),
    "folder in files/": ({"files/deep/x.csv": "a"}, "deep", "普通文件"),
    "folder in key/": ({"key/deep/x.csv": "a"}, "deep", "普通文件"),
    "file too large": ({"files/large.bin": b"0" * (20 * 1024 * 1024 + 1)}, "large.bin", "20 MB"),
}


@pytest.mark.parametrize("case", BROKEN_FILES)
def test_broken_file_is_named(tmp_path, case):
    files, name, words = BROKEN_FILES[case]
    error = refusal(load_task, write_task(tmp_path / "mini", files=files))
    assert error.file.endswith(name)
    assert words in error.message


@pytest.mark.parametrize("folder", ["files", "key"])
def test_link_in_a_folder_of_the_task_is_refused(tmp_path, folder):
    root = write_task(tmp_path / "mini")
    (tmp_path / "secret").write_text("x")
    (root / folder / "link.csv").symlink_to(tmp_path / "secret")
    error = refusal(load_task, root)
    assert error.file.endswith(f"{folder}/link.csv")
    assert "链接" in error.message


def test_links_and_folders_in_key_are_refused_even_if_no_point_asks_for_a_key_file(tmp_path):
    root = write_task(tmp_path / "plain", base=PLAIN, files={"key/answer.txt": "x"})
    (root / "key" / "link").symlink_to("/etc/hostname")
    assert refusal(load_task, root).file.endswith("key/link")


@pytest.mark.parametrize("path", ["nowhere", "mini/task.yaml"])
def test_what_is_no_folder_is_refused(tmp_path, path):
    write_task(tmp_path / "mini")
    assert "文件夹" in refusal(load_task, tmp_path / path).message


def test_folder_without_task_file_is_refused(tmp_path):
    assert refusal(load_task, tmp_path).file == str(tmp_path / "task.yaml")


def test_task_file_that_is_a_list_is_refused(tmp_path):
    root = write_task(tmp_path / "mini")
    write_yaml(root / "task.yaml", [1, 2])
    assert "键: 值" in refusal(load_task, root).message


def test_good_task_has_everything(task):
    assert (task.id, task.title, task.minutes, task.marks) == ("data/mini", "门店日销售清洗", 10, Decimal(10))
    assert task.files == ("sales.csv", "starter.py")
    assert task.statement == FILES["statement.md"]
    assert [field.kind for field in task.fields] == ["number", "choice", "text", "code"]
    assert task.runs[0].limits.wall_s == 10
    assert task.runs[0].limits.memory_mb == 1024
    assert set(task.bound) == {"M1", "M2", "M3", "M4", "M5"}
    assert task.bound["M1"] == {"equals": 3.0, "abs_tol": 0.0, "rel_tol": 0.0, "unit": ""}
    assert task.bound["M3"]["key"] == KeyFile(task.root / "key" / "rules.yaml")


def test_marks_are_the_decimals_that_were_typed(tmp_path):
    task = make_task(tmp_path / "mini", {"points.0.marks": 0.1, "points.1.marks": 0.2, "points.2.marks": 0.7, "marks": 6.0})
    assert [str(p.marks) for p in task.points[:3]] == ["0.1", "0.2", "0.7"]
    assert sum(p.marks for p in task.points) == task.marks


def test_statement_of_windows_loses_its_byte_order_mark(tmp_path):
    assert make_task(tmp_path / "mini", files={"statement.md": "\ufeff# 题\n"}).statement == "# 题\n"


def test_program_may_be_given_to_a_text_grader(tmp_path):
    assert make_task(tmp_path / "mini", {"points.4.of": "program"}).points[4].of == "program"


@pytest.mark.parametrize(("below", "task_id"), [
    ("tasks/data/mini", "data/mini"), ("tasks/tasks/mini", "mini"), ("elsewhere/mini", "mini"),
])
def test_id_is_the_path_below_tasks(tmp_path, below, task_id):
    assert load_task(write_task(tmp_path / below)).id == task_id


def test_two_graders_of_one_name_are_refused():
    def number(found: float) -> Mark:
        return Mark(1.0)

    with pytest.raises(RuntimeError, match="'number'"), registered(number):
        pass
    assert get_grader("number").function is not number


def test_every_grader_refuses_an_unknown_argument_by_listing_its_own():
    for name, grader in all_graders().items():
        with pytest.raises(TaskError) as caught:
            grader.bind({"no_such_argument": 1})
        assert name in caught.value.message
        for argument in grader.arguments.model_fields:
            assert argument in caught.value.message
