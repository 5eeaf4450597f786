"""The whole tree: everything is loaded and checked against everything else."""

from __future__ import annotations

import pytest

from grading.library import load_library, task_folders
from tests.grading.trees import BANK, JUDGE, PAPER, PLAIN, SINGLE, STANDARD, changed, refusal, write_library, write_task, write_yaml


def test_good_library_has_everything_by_its_path(tmp_path):
    library = load_library(write_library(tmp_path / "tasks"))
    assert set(library.tasks) == {
        "data/plain", "theory/1.1/keep-raw", "theory/1.1/median-outlier", "theory/1.1/missing-ways",
    }
    assert set(library.banks) == {"theory/1.1"}
    assert set(library.standards) == {"level3"}
    assert set(library.papers) == {"small"}
    assert [task.id for task in library.items("theory", "single")] == ["theory/1.1/median-outlier"]
    assert library.items("theory/1", "single") == []  # a folder, not the beginning of a name
    assert library.items("theory/1.1", "judge") != []


def test_samples_are_no_tasks(tmp_path):
    root = write_library(tmp_path / "tasks")
    write_task(root / "data" / "plain" / "samples" / "full" / "inner", base=PLAIN)
    assert [folder.name for folder in task_folders(root)] == ["plain"]
    assert [folder.name for folder in task_folders(root / "data" / "plain")] == ["plain"]


def test_missing_folder_is_refused(tmp_path):
    assert "试题目录" in refusal(load_library, tmp_path / "nowhere").message


PAPERS = {
    "unknown task": ({"modules.1.slots.0.task": "data/plane"}, "modules.1.slots.0.task", ["data/plane"]),
    "unknown standard": ({"modules.0.slots.0.standard": "level9"}, "modules.0.slots.0.standard", ["level9", "level3"]),
    "bank too small": ({"modules.0.slots.1.count": 2, "marks": 8}, "modules.0.slots.1.count", ["theory", "single", "2", "1"]),
    "folder without items": ({"modules.0.slots.0.draw": "theory/9.9"}, "modules.0.slots.0.count", ["theory/9.9", "judge", "0"]),
    "the same item for two slots": (
        {"modules.0.slots.3": PAPER["modules"][0]["slots"][0], "marks": 8}, "modules.0.slots.3.count", ["judge"]),
    "marks do not add up": ({"marks": 8}, "marks", ["7", "8"]),
    "marks of a slot do not add up": ({"modules.0.slots.2.marks": 3}, "marks", ["8", "7"]),
    "marks of a task that cannot be shared out": (
        {"modules.1.slots.0.marks": 2, "marks": 6}, "modules.1.slots.0.marks", ["data/plain", "M1", "0.01"]),
}


@pytest.mark.parametrize("case", PAPERS)
def test_paper_is_checked_against_the_library(tmp_path, case):
    changes, key, words = PAPERS[case]
    error = refusal(load_library, write_library(tmp_path / "tasks", paper=changed(PAPER, changes)))
    assert error.file.endswith("papers/small.yaml")
    assert error.key == key
    for word in words:
        assert word in error.message, (word, error.message)


def test_paper_may_rescale_a_task(tmp_path):
    paper = changed(PAPER, {"modules.1.slots.0.marks": 6, "marks": 10})
    assert load_library(write_library(tmp_path / "tasks", paper=paper)).papers["small"].marks == 10


def test_item_outside_the_standard_is_not_counted_for_drawing(tmp_path):
    """An item that no section of the standard holds is never drawn, so a paper may not count on it."""
    bank = changed(BANK, {"items.1.tags": ["S3-2.1.1"]})
    error = refusal(load_library, write_library(tmp_path / "tasks", bank=bank))
    assert error.key == "modules.0.slots.1.count"


@pytest.mark.parametrize("tag", ["T3.9.1.1.01", "T3.1.1.1.1", "T3.1.1.1.x", "T3.1.1.1.", "T4.1.1.1.01", "S3-2.1.2", "", "清洗"])
def test_tag_outside_every_standard_is_refused_with_its_file(tmp_path, tag):
    bank = changed(BANK, {"items": [JUDGE, {**SINGLE, "tags": [*SINGLE["tags"], tag]}, BANK["items"][2]]})
    error = refusal(load_library, write_library(tmp_path / "tasks", bank=bank))
    assert repr(tag) in error.message
    assert error.file.endswith("theory/1.1/bank.yaml")
    assert error.key == "median-outlier.tags"


@pytest.mark.parametrize("changes", [{"tags": ["S3-9.9.9"]}, {"points.1.tags": ["S3-9.9.9"]}])
def test_tags_of_tasks_and_points_are_checked_too(tmp_path, changes):
    root = write_library(tmp_path / "tasks")
    write_task(root / "data" / "plain", changes, base=PLAIN)
    assert refusal(load_library, root).file.endswith("data/plain/task.yaml")


@pytest.mark.parametrize("tag", ["T3.1.1.1", "T3.1.1.1.07", "S3-2.1.1", "P3.2.1"])
def test_code_or_knowledge_point_of_the_standard_is_a_good_tag(tmp_path, tag):
    root = write_library(tmp_path / "tasks")
    write_task(root / "data" / "plain", {"tags": [tag]}, base=PLAIN)
    assert load_library(root).tasks["data/plain"].tags == (tag,)


def test_tree_without_standard_has_free_tags(tmp_path):
    write_task(tmp_path / "tasks" / "data" / "plain", {"tags": ["anything"]}, base=PLAIN)
    assert load_library(tmp_path / "tasks").tasks["data/plain"].tags == ("anything",)


@pytest.mark.parametrize(("name", "content"), [
    ("standard/level3.yaml", changed(STANDARD, {"theory.0.weight": 71})), ("theory/1.1/bank.yaml", {"section": "1.1"}),
    ("papers/small.yaml", {"title": "x"}), ("data/plain/task.yaml", {"title": "x"}),
])
def test_broken_file_anywhere_is_named(tmp_path, name, content):
    root = write_library(tmp_path / "tasks")
    write_yaml(root / name, content)
    assert refusal(load_library, root).file.endswith(name)
