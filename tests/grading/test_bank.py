"""Theory banks: items are checked one by one, and each proves itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grading.bank import load_bank
from grading.engine import grade
from grading.package import content_hash, pack, unpack
from grading.proof import prove
from grading.totals import total
from tests.grading.trees import BANK, JUDGE, MULTIPLE, SINGLE, changed, refusal, write_yaml

# change → place, words
REFUSED = {
    "unknown key": ({"items.0.answer": True}, "items.0.answer", ["未知的键", "key", "stem", "explanation"]),
    "unknown key of the bank": ({"name": "x"}, "name", ["未知的键", "section", "title", "items"]),
    "no section": ({"section": ...}, "section", ["缺少"]),
    "no items": ({"items": []}, "items", ["1"]),
    "unknown form": ({"items.0.kind": "blank"}, "items.0.kind", ["judge", "single", "multiple"]),
    "id in capitals": ({"items.0.id": "Keep"}, "items.0.id", [""]),
    "id with a slash": ({"items.0.id": "a/b"}, "items.0.id", [""]),
    "no stem": ({"items.0.stem": ...}, "items.0.stem", ["缺少"]),
    "short stem": ({"items.0.stem": "对吗"}, "items.0.stem", ["4"]),
    "no explanation": ({"items.1.explanation": ...}, "items.1.explanation", ["缺少"]),
    "no tags": ({"items.1.tags": []}, "items.1.tags", ["1"]),
    "difficulty": ({"items.1.difficulty": 6}, "items.1.difficulty", ["5"]),
    "judge with options": ({"items.0.options": {"A": "对", "B": "错", "C": "?"}}, "items.0", ["判断题不写 options"]),
    "judge with a letter": ({"items.0.key": "A"}, "items.0", ["key", "T, F", "true"]),
    "judge with T": ({"items.0.key": "T"}, "items.0", ["true"]),
    "judge with a list": ({"items.0.key": ["T"]}, "items.0", ["true"]),
    "single with truth": ({"items.1.key": True}, "items.1", ["key", "A, B, C"]),
    "single with two": ({"items.1.key": ["A", "B"]}, "items.1", ["单选题一个答案"]),
    "single with an unknown letter": ({"items.1.key": "D"}, "items.1", ["key", "A, B, C"]),
    "single in small letters": ({"items.1.key": "b"}, "items.1", ["key", "A, B, C"]),
    "single with none": ({"items.1.key": []}, "items.1", ["key"]),
    "single without options": ({"items.1.options": ...}, "items.1", ["三个选项"]),
    "two options": ({"items.1.options": {"A": "甲", "B": "乙"}}, "items.1", ["三个选项"]),
    "options not from A": ({"items.1.options": {"B": "甲", "C": "乙", "D": "丙"}}, "items.1", ["从 A 起连续"]),
    "options with a gap": ({"items.1.options": {"A": "甲", "B": "乙", "D": "丙"}}, "items.1", ["从 A 起连续"]),
    "options out of order": ({"items.1.options": {"B": "甲", "A": "乙", "C": "丙"}}, "items.1", ["从 A 起连续"]),
    "nine options": ({"items.1.options": {c: f"第{c}项" for c in "ABCDEFGHI"}}, "items.1", ["从 A 起连续"]),
    "an empty option": ({"items.1.options.C": ""}, "items.1.options.C", ["1"]),
    "an option that is a number": ({"items.1.options.C": 3}, "items.1.options.C", ["应是文字"]),
    "two equal options": ({"items.1.options.C": "中位数"}, "items.1", ["两个选项的内容相同"]),
    "two nearly equal options": ({"items.1.options.C": " 中位数"}, "items.1", ["两个选项的内容相同"]),
    "multiple with one": ({"items.2.key": ["A"]}, "items.2", ["多选题两个以上"]),
    "multiple with a letter": ({"items.2.key": "A"}, "items.2", ["多选题两个以上"]),
    "multiple twice the same": ({"items.2.key": ["A", "A"]}, "items.2", ["不重复"]),
    "multiple with an unknown letter": ({"items.2.key": ["A", "E"]}, "items.2", ["A, B, C, D"]),
    "same id": ({"items.1.id": "keep-raw"}, "items.1", ["keep-raw", "重复"]),
    "same stem": ({"items.1.stem": JUDGE["stem"]}, "items.1", ["keep-raw", "重复"]),
    "same stem but for spaces": ({"items.1.stem": "清洗时 应保留原始数据。\n"}, "items.1", ["keep-raw", "重复"]),
}


@pytest.fixture
def load(tmp_path):
    def load(changes=None):
        return load_bank(write_yaml(tmp_path / "bank.yaml", changed(BANK, changes or {})), prefix="theory/1.1")

    return load


@pytest.mark.parametrize("case", REFUSED)
def test_rule_of_a_bank_is_kept(load, tmp_path, case):
    changes, key, words = REFUSED[case]
    error = refusal(load, changes)
    assert error.key == key, error
    assert error.file == str(tmp_path / "bank.yaml")
    for word in words:
        assert word in error.message, (word, error.message)


def test_items_become_tasks_of_one_choice_and_one_point(load):
    bank, items = load()
    assert (bank.section, bank.title) == ("1.1", "甲一")
    assert [task.id for task in items] == ["theory/1.1/keep-raw", "theory/1.1/median-outlier", "theory/1.1/missing-ways"]
    assert [task.form for task in items] == ["judge", "single", "multiple"]
    for task, item in zip(items, (JUDGE, SINGLE, MULTIPLE), strict=True):
        assert (task.statement, task.explanation, task.difficulty) == (item["stem"], item["explanation"], item["difficulty"])
        assert task.tags == tuple(item["tags"]) == task.points[0].tags
        assert (task.marks, len(task.points), len(task.fields), task.runs) == (Decimal(1), 1, 1, ())
        assert dict(task.fields[0].options) == item.get("options", {})


@pytest.mark.parametrize("number", [0, 1, 2])
def test_item_survives_packing(load, tmp_path, number):
    task = load()[1][number]
    again = unpack(pack(task), task.id, tmp_path / "nowhere")
    assert again == task
    assert again.bound == task.bound
    assert pack(again) == pack(task)
    assert content_hash(again) == content_hash(task)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("changes", [
    {"items.0.key": False}, {"items.1.key": "C"}, {"items.1.options.C": "四分位距"}, {"items.2.key": ["A", "B", "C"]},
    {"items.1.stem": "有极端值时哪个更好？"}, {"items.1.tags": ["T3.1.1.2.02"]}, {"items.0.explanation": "另一个理由。"},
])
def test_every_change_of_an_item_changes_its_hash(load, changes):
    number = int(next(iter(changes)).split(".")[1])
    assert content_hash(load()[1][number]) != content_hash(load(changes)[1][number])


def marks(task, *options: str) -> Decimal:
    return total(grade(task, {"answer": list(options)}).verdicts)


def test_key_earns_and_everything_else_does_not(load):
    judge, single, multiple = load()[1]
    assert [marks(judge, option) for option in ("T", "F")] == [1, 0]
    assert [marks(single, option) for option in "ABC"] == [0, 1, 0]
    assert [marks(multiple, *options) for options in ("AC", "CA", "A", "C", "AB", "ABC", "ABCD", "BD")] == [1, 1, 0, 0, 0, 0, 0, 0]
    for task in (judge, single, multiple):
        assert marks(task) == 0
        assert grade(task, {}).verdicts[0].status == "blank"


def test_item_proves_itself_by_key_blank_and_every_wrong_option(load):
    proofs = [prove(task, None) for task in load()[1]]
    assert [[trial.name for trial in proof.trials] for proof in proofs] == [
        ["key", "blank", "only-F"], ["key", "blank", "only-A", "only-C"],
        ["key", "blank", "only-A", "only-B", "only-C", "only-D"],
    ]
    assert not any(proof.problems for proof in proofs)


def test_item_that_pays_for_half_an_answer_is_caught(load):
    multiple = load()[1][2]
    multiple.bound[multiple.points[0].id]["rule"] = "partial_no_wrong"
    assert prove(multiple, None).problems == ["only-A：应得 0 分，实得 0.50 分", "only-C：应得 0 分，实得 0.50 分"]
