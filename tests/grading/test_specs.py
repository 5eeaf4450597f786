"""From raw data to checked models: the one error names place and allowed keys, whatever model it is."""

from __future__ import annotations

import pytest

from grading.bank import BankFile
from grading.fields import all_kinds, get_kind
from grading.model import FieldSpec
from grading.paper import PaperSpec
from grading.specs import allowed_keys, parse, task_file, task_schema
from tests.grading.trees import BANK, PAPER, TASK, changed, refusal


def test_field_kinds_are_found_by_their_files():
    assert {"choice", "number", "text", "table", "file", "code"} <= set(all_kinds())
    for name, kind in all_kinds().items():
        assert kind.name == name
        assert issubclass(kind.spec, FieldSpec)
        assert kind.spec.model_fields["kind"].default == name


def test_unknown_kind_lists_the_kinds():
    with pytest.raises(Exception, match=", ".join(all_kinds())):
        get_kind("digits")


@pytest.mark.parametrize(("loc", "keys"), [
    ((), {"title", "fields", "runs", "points", "baseline_max"}),
    (("fields", 0, "file"), {"id", "kind", "label", "help", "accept", "max_mb"}),
    (("fields", 2, "code"), {"id", "kind", "label", "help", "file", "language", "max_length"}),
    (("runs", 0, "produces", "file"), {"kind", "file", "variable", "stdout", "output"}),
    (("runs", 1, "limits"), {"wall_s", "cpu_s", "memory_mb", "output_kb", "processes", "disk_mb"}),
])
def test_allowed_keys_are_those_of_that_place_only(loc, keys):
    found = set(allowed_keys(task_file(), loc))
    assert keys <= found
    assert loc == () or found == keys


def test_keys_are_listed_as_an_author_writes_them():
    error = refusal(parse, PaperSpec, changed(PAPER, {"pas": {}}), file="p.yaml")
    assert "pass" in error.message.partition("可用的键")[2].split("、")[0]
    assert "pass_percent" not in error.message


@pytest.mark.parametrize(("slot", "key", "allowed", "other"), [
    ({"task": "data/plain", "mark": 3}, "mark", {"task", "marks"}, {"draw", "form"}),
    ({"draw": "theory", "standard": "level3", "form": "judge", "cout": 1, "marks": 1}, "cout",
     {"draw", "standard", "form", "count", "marks"}, {"task"}),
])
def test_misspelt_key_of_a_slot_is_named_and_not_its_other_keys(slot, key, allowed, other):
    error = refusal(parse, PaperSpec, changed(PAPER, {"modules.1.slots.0": slot}), file="p.yaml")
    assert error.key.startswith("modules.1.slots.0")
    assert error.key.endswith(f".{key}")
    listed = set(error.message.partition("可用的键：")[2].split(", "))
    assert listed == allowed
    assert not listed & other


def test_slot_that_is_neither_a_task_nor_a_draw_is_refused():
    error = refusal(parse, PaperSpec, changed(PAPER, {"modules.1.slots.0": {"marks": 1}}), file="p.yaml")
    assert error.key.startswith("modules.1.slots.0")


def test_rule_of_a_model_is_quoted_without_jargon():
    error = refusal(parse, PaperSpec, changed(PAPER, {"minutes": 31}), file="p.yaml")
    assert error.message == "各模块时间之和是 30 分钟，与 minutes: 31 不符"


def test_prefix_stands_before_the_place():
    error = refusal(parse, BankFile, changed(BANK, {"items.0.difficulty": 9}), file="b.yaml", prefix="banks.0")
    assert error.key == "banks.0.items.0.difficulty"


def test_good_data_comes_back_as_the_model():
    assert [point.id for point in parse(task_file(), TASK, file="task.yaml").points] == ["M1", "M2", "M3", "M4", "M5"]


def test_schema_knows_every_kind_and_refuses_unknown_keys():
    schema = task_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    for kind in all_kinds().values():
        assert schema["$defs"][kind.spec.__name__]["additionalProperties"] is False
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"title", "minutes", "marks", "points", "fields"}
