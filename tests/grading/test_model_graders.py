"""Graders of models: what each measures, and what it says to a candidate."""

from __future__ import annotations

import numpy as np
import pytest

from grading.confusion import confusion
from grading.errors import GradingError, TaskError
from grading.graders.model import labels_equal, latency, model_io, model_size, prediction_metric
from grading.model_facts import ModelFacts, Port
from grading.registry import KeyFile, get_grader

BANDS = [{"at": 2, "fraction": 1}, {"at": 8, "fraction": 0.5}]


@pytest.fixture
def truth(tmp_path):
    (tmp_path / "truth.csv").write_text("id,y\n" + "".join(f"{n},{n % 2}\n" for n in range(10)))
    return KeyFile(tmp_path / "truth.csv")


def judged(values, truth, **keys):
    args = {"key": truth, "on": "id", "actual": "y", "metric": "accuracy_score", "better": "higher", "bands": [{"at": 0.9, "fraction": 1}]}
    return prediction_metric(np.array(values), **{**args, **keys})


def test_predictions_are_matched_by_their_order(truth):
    right = [n % 2 for n in range(10)]
    assert judged(right, truth).fraction == 1
    assert judged([[value] for value in right], truth).fraction == 1  # a column
    assert judged([str(value) for value in right], truth).fraction == 1
    assert judged(right[::-1], truth).fraction == 0
    assert judged(right[:9], truth).reason == "应为每行输入给出一个预测，共 10 个，实际有 9 个。"
    assert judged([right, right], truth).reason.endswith("实际的形状不对。")


def test_a_regression_is_marked_by_its_error(truth):
    values = [n % 2 + 0.1 for n in range(10)]
    keys = {"metric": "mean_absolute_error", "better": "lower", "bands": [{"at": 0.2, "fraction": 1}]}
    assert judged(values, truth, **keys).fraction == 1


def test_the_confusion_matrix_is_of_the_hidden_truth(truth):
    mark = judged([1] * 8 + [7, 1], truth)
    assert mark.evidence == {"kind": "model", "confusion": {
        "labels": ["0", "1"], "strange": True, "rows": [[0, 4, 1], [0, 5, 0]], "recall": [0.0, 1.0], "precision": [None, 0.556],
        "accuracy": 0.5,
    }}  # fmt: skip


@pytest.mark.parametrize("truth", [[1] * 5, [n / 7 for n in range(40)]])
def test_no_matrix_of_one_class_or_of_measured_values(truth):
    assert confusion(truth, truth) is None


@pytest.mark.parametrize(("ratio", "fraction", "shown"), [(0.01, 1, "≤ 2 倍"), (2, 1, "≤ 2 倍"), (2.1, 0.5, "≤ 8 倍"), (8.5, 0, "> 8 倍")])
def test_the_score_sheet_shows_the_band_of_the_time(ratio, fraction, shown):
    mark = latency(ModelFacts(1, latency_ms=ratio, reference_ms=1.0), bands=BANDS)
    assert (mark.fraction, mark.found) == (fraction, shown)
    again = latency(ModelFacts(1, latency_ms=ratio * 0.999, reference_ms=1.0), bands=BANDS)
    assert again == mark  # not twice the same time, but the same mark


def test_a_time_that_nobody_measured_is_our_fault():
    with pytest.raises(GradingError):
        latency(ModelFacts(1, latency_ms=1.0), bands=BANDS)


@pytest.mark.parametrize(("size", "fraction"), [(2000, 1), (2001, 0.5), (8001, 0)])
def test_the_size_is_counted_in_thousands(size, fraction):
    assert model_size(ModelFacts(size), bands=BANDS).fraction == fraction


@pytest.mark.parametrize(("left", "right", "share"), [
    ([0, 1, 2, 3], [0, 1, 2, 3], 1), ([0, 1, 2, 3], ["0", "1", "2", "3"], 1), ([0, 1, 2, 3], [0, 1, 2, 4], 0.75),
    ([0.0, 1.0, 2, 3], [0, 1, 2, 3], 1), ([float("nan")] * 4, [float("nan")] * 4, 0), ([1, 1, 1, 1], [True] * 4, 1),
])  # fmt: skip
def test_labels_are_compared_by_what_they_say(left, right, share):
    mark = labels_equal(np.array(left), np.array(right), bands=[{"at": 0.99, "fraction": 1}])
    assert mark.found == f"一致率 {share:.4g}"
    assert mark.fraction == (share == 1)


def test_labels_of_another_number_are_not_compared():
    mark = labels_equal(np.array([1, 2]), np.array([1]), bands=[{"at": 0.9, "fraction": 1}])
    assert mark.reason == "两组标签应一行一个、数目相同，实际分别是 2 个和 1 个。"


IO = ModelFacts(
    9, opset=17, inputs=(Port("features", "float32", (None, 9)),),
    outputs=(Port("label", "int64", (None,)), Port("probabilities", "float32", (None, 4))),
)  # fmt: skip


@pytest.mark.parametrize(("args", "fraction"), [
    ({"port": "input", "name": "features", "type": "float32", "size": 9, "min_opset": 15, "max_opset": 21}, 1),
    ({"port": "input", "name": "x", "type": "float64", "size": 8, "min_opset": 18}, 0),
    ({"port": "input", "name": "features", "type": "float64"}, 0.5),
    ({"port": "output", "name": "probabilities", "size": 4}, 1),
    ({"port": "output", "name": "probs", "size": 4}, 0),
    ({"port": "output", "type": "int64"}, 1),  # the first one
])  # fmt: skip
def test_ports_are_checked_one_thing_after_the_other(args, fraction):
    mark = model_io(IO, **args)
    assert mark.fraction == fraction
    assert (mark.reason == "输入符合要求。" or mark.reason == "输出符合要求。") == (fraction == 1)


def test_a_fixed_number_of_rows_or_two_inputs_are_not_what_was_asked():
    fixed = ModelFacts(9, inputs=(Port("x", "float32", (1, 9)),))
    assert model_io(fixed, port="input", size=9).reason == "输入形状为 [N, 9]，实际为 [1, 9]。"
    two = ModelFacts(9, inputs=(Port("x", "float32", (None, 9)), Port("y", "float32", (None, 9))))
    assert model_io(two, port="input", name="x").fraction == 0


@pytest.mark.parametrize(("name", "args", "where"), [
    ("model_io", {"port": "input"}, "args"), ("model_io", {"port": "input", "min_opset": 9, "max_opset": 8}, "args.min_opset"),
    ("latency", {"bands": [{"at": 2, "fraction": 0.5}]}, "args.bands"),
    ("model_size", {"bands": [{"at": 2, "fraction": 1}, {"at": 1, "fraction": 0.5}]}, "args.bands"),
    ("labels_equal", {"bands": [{"at": 0.5, "fraction": 1}, {"at": 0.9, "fraction": 0.5}]}, "args.bands"),
])  # fmt: skip
def test_arguments_that_cannot_be_meant_are_refused(name, args, where):
    with pytest.raises(TaskError) as caught:
        get_grader(name).bind(args)
    assert caught.value.key == where
