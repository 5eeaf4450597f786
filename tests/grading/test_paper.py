"""Papers and standards keep their sums."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grading.paper import DrawSlot, PaperSpec, StandardSpec, TaskSlot
from grading.specs import parse
from tests.grading.trees import PAPER, STANDARD, changed, refusal

PAPERS = {
    "unknown key": ({"mark": 7}, "mark", ["未知的键", "marks", "pass", "tie_break"]),
    "unknown key of a module": ({"modules.0.name": "x"}, "modules.0.name", ["未知的键", "title", "slots"]),
    "minutes do not add up": ({"minutes": 29}, "", ["30", "29"]),
    "minutes of a module changed": ({"modules.0.minutes": 11}, "", ["31", "30"]),
    "two modules of one id": ({"modules.1.id": "theory"}, "", ["id 重复"]),
    "no modules": ({"modules": []}, "modules", ["1"]),
    "no slots": ({"modules.0.slots": []}, "modules.0.slots", ["1"]),
    "part": ({"modules.0.part": "oral"}, "modules.0.part", ["theory", "practical"]),
    "layout": ({"modules.0.layout": "grid"}, "modules.0.layout", ["list", "single"]),
    "rule": ({"multiple_choice": "half"}, "multiple_choice", ["all_or_nothing", "partial_no_wrong", "per_option"]),
    "tie break": ({"tie_break": ["age"]}, "tie_break.0", ["practical", "submitted"]),
    "tie break by no module": ({"tie_break": ["module:C9"]}, "", ["module:C9", "不是这份试卷的模块"]),
    "pass of an unknown part": ({"pass": {"oral": 60}}, "pass", ["theory", "practical"]),
    "pass above all": ({"pass": {"theory": 101}}, "pass.theory", ["100"]),
    "count of none": ({"modules.0.slots.0.count": 0}, "modules.0.slots.0.count", ["1"]),
    "form": ({"modules.0.slots.0.form": "blank"}, "modules.0.slots.0.form", ["judge", "single", "multiple"]),
    "marks of a slot": ({"modules.0.slots.0.marks": 0.005}, "modules.0.slots.0.marks", ["2"]),
}


@pytest.mark.parametrize("case", PAPERS)
def test_rule_of_a_paper_is_kept(case):
    changes, key, words = PAPERS[case]
    error = refusal(parse, PaperSpec, changed(PAPER, changes), file="paper.yaml")
    assert error.key.startswith(key)
    for word in words:
        assert word in error.message, (word, error.message)


def test_good_paper_has_slots_of_both_kinds_and_defaults():
    paper = parse(PaperSpec, PAPER, file="paper.yaml")
    assert [type(slot) for module in paper.modules for slot in module.slots] == [DrawSlot] * 3 + [TaskSlot]
    assert (paper.multiple_choice, paper.shuffle_options, paper.tie_break) == ("all_or_nothing", True, ("practical", "practical_time"))
    assert paper.pass_percent == {"theory": Decimal(60)}


def test_paper_survives_json():
    """Paper versions are stored as JSON and read again."""
    paper = parse(PaperSpec, PAPER, file="paper.yaml")
    assert PaperSpec.model_validate(paper.model_dump(mode="json", by_alias=True)) == paper
    assert PaperSpec.model_validate_json(paper.model_dump_json(by_alias=True)) == paper


STANDARDS = {
    "chapters": ({"theory.1.weight": 31}, ["100"]),
    "chapters with their sections": (
        {"theory.1.weight": 20, "theory.1.sections.0.weight": 20, "theory.1.sections.0.items.0.weight": 20}, ["100"]),
    "sections": ({"theory.0.sections.1.weight": 19, "theory.0.sections.1.items.0.weight": 19}, ["第 1 章", "70"]),
    "items": ({"theory.0.sections.0.items.0.weight": 31}, ["1.1 节", "50"]),
    "unknown key": ({"theory.0.sections.0.items.0.wieght": 30}, ["未知的键", "weight"]),
    "no points": ({"theory.0.sections.0.items.0.points": 0}, ["1"]),
    "rule of a unit": ({"practical.0.rule": "any"}, ["pick-all", "pick-one"]),
}


@pytest.mark.parametrize("case", STANDARDS)
def test_rule_of_a_standard_is_kept(case):
    changes, words = STANDARDS[case]
    error = refusal(parse, StandardSpec, changed(STANDARD, changes), file="level3.yaml")
    for word in words:
        assert word in error.message, (word, error.message)


def test_codes_of_a_standard_are_those_that_tags_name():
    assert parse(StandardSpec, STANDARD, file="level3.yaml").codes() == {
        "T3.1.1.1", "T3.1.1.2", "T3.1.2.1", "T3.2.1.1", "S3-2.1.1", "P3.2.1",
    }
