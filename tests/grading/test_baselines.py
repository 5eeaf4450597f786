"""Trivial answers: what they are, and which badly made tasks they give away."""

from __future__ import annotations

from random import Random

import pytest

from grading.baselines import trivial_responses, trivial_tables
from grading.model import Upload
from grading.proof import prove
from tests.grading.trees import changed, make_plain, make_task, write_samples

PREDICTION = {
    "title": "预测流失", "minutes": 20, "marks": 10,
    "fields": [{"id": "guesses", "kind": "table"}],
    "points": [{
        "id": "M1", "title": "预测准确", "marks": 10, "grader": "metric", "of": "guesses", "args": {
            "key": "truth.csv", "on": "id", "predicted": "guess", "actual": "churn", "metric": "accuracy_score",
            "bands": [{"at": 0.95, "fraction": 1}, {"at": 0.8, "fraction": 0.6}], "better": "higher",
        },
    }],
}
SCORES = {"metric": "roc_auc_score", "bands": [{"at": 0.9, "fraction": 1}, {"at": 0.75, "fraction": 0.5}]}
F1 = {"metric": "f1_macro", "bands": [{"at": 0.9, "fraction": 1}, {"at": 0.7, "fraction": 0.5}]}
ERROR = {"metric": "mean_absolute_error", "better": "lower", "bands": [{"at": 0.5, "fraction": 1}, {"at": 5, "fraction": 0.5}]}
ACCURACY: dict = {}

_SHUFFLED = Random(4).sample(range(80), 80)
LABELS = [("0", "1")[n % 2] for n in range(80)]


def truth(ids: list[str], actual: list[str]) -> str:
    return "id,churn\n" + "".join(f"{i},{a}\n" for i, a in zip(ids, actual, strict=True))


def problems(tmp_path, rows: str, args: dict, changes: dict | None = None) -> list[str]:
    """Return the names of the baselines that a prediction task with the truth `rows` pays for."""
    base = changed(PREDICTION, {**{f"points.0.args.{key}": value for key, value in args.items()}, **(changes or {})})
    task = make_task(tmp_path / "predict", base=base, files={"key/truth.csv": rows})
    good, bad = {"M1": 10}, {"M1": 0}
    write_samples(task.root, {"full": ({}, good), "blank": ({}, bad)} | {f"wrong-{n}": ({}, bad) for n in "abc"})
    return [trial.name for trial in prove(task, None).trials if trial.kind == "baseline" and trial.problems]


def random_ids() -> list[str]:
    return [f"C{n:04}" for n in Random(1).sample(range(5000), 80)]


def labels(order: str) -> list[str]:
    values = list(LABELS)
    if order == "shuffled":
        Random(2).shuffle(values)
    elif order != "alternating":
        values.sort(reverse=order == "down")
    return values


@pytest.mark.parametrize("args", [ACCURACY, SCORES, F1], ids=["accuracy", "auc", "f1"])
def test_well_made_prediction_task_pays_no_baseline(tmp_path, args):
    assert problems(tmp_path, truth(random_ids(), labels("shuffled")), args) == []


@pytest.mark.parametrize("args", [ACCURACY, SCORES, F1], ids=["accuracy", "auc", "f1"])
@pytest.mark.parametrize("order", ["up", "down"])
def test_rows_sorted_by_label_are_caught(tmp_path, args, order):
    assert problems(tmp_path, truth(random_ids(), labels(order)), args) == [f"M1-row-order-{order}"]


@pytest.mark.parametrize("args", [ACCURACY, SCORES, F1], ids=["accuracy", "auc", "f1"])
@pytest.mark.parametrize("order", ["up", "down"])
def test_ids_that_give_the_label_away_are_caught(tmp_path, args, order):
    """Shuffled rows do not help if the ids were numbered before shuffling."""
    numbered = list(zip((f"C{n}" for n in range(80)), labels(order), strict=True))
    rows = [numbered[n] for n in _SHUFFLED]
    assert problems(tmp_path, truth([i for i, _ in rows], [a for _, a in rows]), args) == [f"M1-id-column-{order}"]


def test_words_as_labels_are_caught_too(tmp_path):
    words = {"0": "留存", "1": "流失"}
    rows = truth(random_ids(), [words[label] for label in labels("up")])
    assert len(problems(tmp_path, rows, {"metric": "accuracy_score"})) == 1
    assert problems(tmp_path / "b", truth(random_ids(), [words[a] for a in labels("shuffled")]), {}) == []


@pytest.mark.parametrize(("sales", "caught"), [
    ([str(n) for n in range(80)], ["M1-row-order-up"]),
    ([str(n * 7 % 80) for n in range(80)], []),
    (["50"] * 76 + [str(n * 30) for n in range(4)], ["M1-constant-50"]),
    ([str(50 + n * 7 % 80 / 40) for n in range(80)], ["M1-constant-50.9875"]),
])
def test_measured_numbers_are_guessed_by_order_mean_and_median(tmp_path, sales, caught):
    found = problems(tmp_path, truth(random_ids(), sales), ERROR)
    assert set(caught) <= set(found)
    assert bool(caught) == bool(found)


def test_rare_class_that_accuracy_does_not_see_is_caught(tmp_path):
    rare = ["1" if n % 40 == 3 else "0" for n in range(80)]
    assert "M1-constant-0" in problems(tmp_path, truth(random_ids(), rare), ACCURACY)
    assert problems(tmp_path / "b", truth(random_ids(), rare), F1) == []


def test_author_may_allow_what_a_baseline_earns(tmp_path):
    rare = truth(random_ids(), ["1" if n % 8 == 3 else "0" for n in range(80)])
    assert "M1-constant-0" in problems(tmp_path, rare, ACCURACY)
    assert problems(tmp_path / "b", rare, ACCURACY, {"baseline_max": 6}) == []


def test_trivial_responses_fill_every_field_that_is_typed_and_hand_in_the_starter(task):
    responses = dict(trivial_responses(task))
    assert set(responses) == {"constant", "starter"}
    assert set(responses["constant"]) == {"rows", "column", "note", "program"}
    assert responses["starter"] == {"program": "# 在这里写程序\n"}


def test_tables_and_files_get_an_empty_file(tmp_path):
    task = make_task(tmp_path / "predict", base=PREDICTION, files={"key/truth.csv": "id,churn\na,1\nb,0\n"})
    assert dict(trivial_responses(task))["empty-file"] == {"guesses": Upload("empty.csv", b"")}


def test_points_without_a_metric_have_no_tables(plain):
    assert [list(trivial_tables(plain, point)) for point in plain.points] == [[], []]


@pytest.mark.parametrize(("changes", "name"), [
    ({"points.0.args": {"equals": 0}}, "constant"),
    ({"points.0.args": {"equals": 1, "abs_tol": 1}}, "constant"),
])
def test_task_that_pays_for_a_constant_is_caught(tmp_path, changes, name):
    trials = {trial.name: trial for trial in prove(make_plain(tmp_path / "p", changes), None).trials}
    assert trials[name].problems == ("不动脑的作答得了 1.00 分，上限 baseline_max 是 0",)
