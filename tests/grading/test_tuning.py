"""Graders of tuning: gap, search record, choice, repetition."""

from __future__ import annotations

import pytest

from grading.graders.tuning import best_chosen, generalisation_gap, reproducible, search_size
from grading.registry import KeyFile
from grading.tables import Table


def predictions(new_right, seen_right):
    """Predictions for 20 new (true 0/1 by turns) and 10 seen readings, of which so many are right."""
    rows = [(f"n{n}", n % 2 if n < new_right else 1 - n % 2) for n in range(20)]
    return Table(("id", "y"), tuple(rows + [(f"s{n}", n % 2 if n < seen_right else 1 - n % 2) for n in range(10)]))


@pytest.fixture
def gap(tmp_path):
    (tmp_path / "new.csv").write_text("id,y\n" + "".join(f"n{n},{n % 2}\n" for n in range(20)))
    (tmp_path / "seen.csv").write_text("id,y\n" + "".join(f"s{n},{n % 2}\n" for n in range(10)))
    args = {"key": KeyFile(tmp_path / "new.csv"), "seen_key": KeyFile(tmp_path / "seen.csv"), "on": "id", "predicted": "y", "actual": "y"}
    bands = [{"at": 0.1, "fraction": 1}, {"at": 0.2, "fraction": 0.5}]
    return lambda table: generalisation_gap(table, **args, metric="accuracy_score", bands=bands, floor=0.6)


@pytest.mark.parametrize(("new", "seen", "fraction"), [
    (20, 10, 1), (18, 10, 1), (17, 10, 0.5), (15, 10, 0), (12, 6, 1), (12, 10, 0), (11, 5, 0), (16, 7, 1),
])  # fmt: skip
def test_the_gap_counts_from_the_floor_on(gap, new, seen, fraction):
    assert gap(predictions(new, seen)).fraction == fraction


def test_every_reading_must_be_predicted(gap):
    full = predictions(20, 10)
    assert "没有预测" in gap(Table(full.columns, full.rows[:-1])).reason
    assert gap(Table(full.columns, (*full.rows[:-1], ("s9", None)))).reason == "有的预测值缺失或不是数字。"


def record(*scores, chosen=None, **columns):
    names = (*columns, "score", "chosen")
    rows = zip(*columns.values(), scores, [int(n == chosen) for n in range(len(scores))], strict=True)
    return Table(names, tuple(rows))


@pytest.mark.parametrize(("table", "share"), [
    (record(0.7, 0.8, 0.9, 0.85, C=[1, 2, 3, 4]), 1),
    (record(0.7, 0.8, 0.9, 0.85, C=[1, 2, 3, "3.0"]), 0.75),  # the same setting twice
    (record(0.7, 0.8, 0.9, None, C=[1, 2, 3, 4]), 0.75),
    (record(0.7, 0.8, 0.9, float("inf"), C=[1, 2, 3, 4]), 0.75),
    (record(0.7, 0.8, 0.9, 0.85, trial=[1, 2, 3, 4]), 0),  # a running number is no setting
    (record(0.7, 0.7, 0.7, 0.7, C=[1, 2, 3, 4]), 0),
    (record(0.7, 0.8, 0.9, 0.85, C=[1, 1, 1, 1], kernel=list("abab")), 0),  # two settings, two scores
])  # fmt: skip
def test_different_settings_with_scores_are_counted(table, share):
    assert search_size(table, score="score", chosen="chosen", at_least=4, ignore=["trial"]).fraction == share


@pytest.mark.parametrize(("table", "better", "right"), [
    (record(0.7, 0.9, 0.8, chosen=1, C=[1, 2, 3]), "higher", True), (record(0.7, 0.9, 0.8, chosen=0, C=[1, 2, 3]), "higher", False),
    (record(0.7, 0.9, 0.8, chosen=0, C=[1, 2, 3]), "lower", True), (record(0.7, 0.9, 0.9, chosen=2, C=[1, 2, 3]), "higher", True),
    (record(0.7, 0.9, 0.8, C=[1, 2, 3]), "higher", False), (record(None, 0.9, 0.8, chosen=0, C=[1, 2, 3]), "higher", False),
])  # fmt: skip
def test_the_best_score_must_be_the_chosen_one(table, better, right):
    assert best_chosen(table, score="score", chosen="chosen", better=better).fraction == right


def test_all_chosen_is_none_chosen():
    table = Table(("score", "chosen"), ((0.7, 1), (0.9, 1)))
    assert best_chosen(table, score="score", chosen="chosen").found == "选中 2 行"


@pytest.mark.parametrize(("rows", "same"), [
    ((("1", "0"), ("2", "1")), True), ((("2", "1"), ("1", "0.0")), True), ((("1", "0"), ("2", "2")), False),
    ((("1", "0"),), False), ((("1", "0"), ("2", "1"), ("2", "1")), False), ((("1", "0"), ("2", None)), False),
])  # fmt: skip
def test_two_runs_must_give_the_same_cells(rows, same):
    first = Table(("id", "y"), (("1", "0"), ("2", "1")))
    assert reproducible(first, Table(("id", "y"), rows), on="id", columns=["y"]).fraction == same
