"""The two annotation tasks: their files are what the generator wrote, and the seeded mistakes are those that marking finds."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from grading.boxes import dump_boxes
from grading.boxformats import import_answer
from grading.boxformats.coco import read_coco
from grading.boxreview import find_faults
from grading.engine import grade
from grading.fields.boxes import rules_of
from grading.loader import load_task
from grading.picture import picture_size
from grading.totals import total
from simulator.config import ROOT

TASKS = {name: ROOT / "tasks" / "data" / name for name in ("steel-defects", "label-review")}


@pytest.fixture(params=list(TASKS))
def folder(request):
    return TASKS[request.param]


def test_the_pictures_are_small_and_of_the_size_written(folder):
    task = load_task(folder)
    pictures = [folder / "files" / name for name in task.field("boxes").images]
    assert sum(path.stat().st_size for path in pictures) < 600 * 1024
    assert {picture_size(path.read_bytes()) for path in pictures} == {(400, 300)}


def test_the_statement_says_that_the_pictures_are_synthetic(folder):
    assert "合成" in (folder / "statement.md").read_text("utf-8")


def test_the_key_imported_as_coco_earns_everything(folder):
    task = load_task(folder)
    answer = import_answer("truth.json", (folder / "key" / "truth.json").read_bytes(), rules_of(task.field("boxes")))
    assert total(grade(task, {"boxes": answer}).verdicts) == 10


def test_leaving_out_right_boxes_one_by_one_never_raises_the_mark(folder):
    task = load_task(folder)
    answer = json.loads((folder / "samples" / "full" / "boxes.json").read_text("utf-8"))
    earned = []
    while any(answer.values()):
        earned.append(total(grade(task, {"boxes": json.dumps(answer)}).verdicts))
        next(entries for entries in answer.values() if entries).pop()
    assert earned[0] == 10
    assert earned == sorted(earned, reverse=True)


def test_every_seeded_mistake_is_found_and_nothing_else():
    key = TASKS["label-review"] / "key"
    truth, given = (read_coco((key / name).read_bytes()) for name in ("truth.json", "given.json"))
    faults = find_faults(given, truth, tuple(truth.sizes), 0.6)
    assert Counter(fault.mistake for fault in faults) == {"missing": 4, "extra": 3, "label": 4, "shifted": 4, "double": 3}
    starter = json.loads((TASKS["label-review"] / "files" / "given.json").read_text("utf-8"))
    assert {name: entries for name, entries in starter.items() if entries} == json.loads(dump_boxes(given.images))
