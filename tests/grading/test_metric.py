"""Metrics on a hidden truth, in bands."""

from __future__ import annotations

import pytest

from grading import scoring
from grading.errors import TaskError
from grading.graders.metric import metric
from grading.registry import KeyFile, get_grader
from grading.tables import Table

BANDS = [{"at": 0.6, "fraction": 0.5}, {"at": 0.8, "fraction": 1}]
LABELS = {"on": "id", "predicted": "p", "actual": "y", "metric": "accuracy_score", "better": "higher", "bands": BANDS}
ERRORS = {
    "on": "id", "predicted": "p", "actual": "y", "metric": "mean_absolute_error", "better": "lower",
    "bands": [{"at": 1, "fraction": 1}, {"at": 3, "fraction": 0.5}],
}


@pytest.fixture
def key(tmp_path):
    def write(values, ids=None):
        path = tmp_path / "truth.csv"
        ids = ids or range(1, len(values) + 1)
        path.write_text("id,y\n" + "".join(f"{i},{v}\n" for i, v in zip(ids, values, strict=True)), "utf-8")
        return KeyFile(path)

    return write


def guesses(*values, ids=None):
    return Table(("id", "p"), tuple((str(i), v) for i, v in zip(ids or range(1, len(values) + 1), values, strict=True)))


def test_bands(key):
    truth = key([0, 1, 1, 0, 1])
    assert metric(guesses("0", "1", "1", "0", "1"), key=truth, **LABELS).fraction == 1
    mark = metric(guesses("0", "1", "1", "1", "1"), key=truth, **LABELS)
    assert (mark.fraction, mark.found) == (1, "accuracy_score = 0.8")
    assert mark.expected == "accuracy_score ≥ 0.8 得满分；≥ 0.6 得 50%"
    assert metric(guesses("1", "1", "1", "1", "1"), key=truth, **LABELS).fraction == 0.5
    assert metric(guesses("0", "0", "0", "0", "0"), key=truth, **LABELS).fraction == 0


def test_lower_is_better_and_interpolation(key):
    truth = key([10, 20])
    assert metric(guesses("11", "21"), key=truth, **ERRORS).fraction == 1
    assert metric(guesses("12", "22"), key=truth, **ERRORS).fraction == 0.5
    assert metric(guesses("14", "24"), key=truth, **ERRORS).fraction == 0
    assert metric(guesses("12", "22"), key=truth, **ERRORS, interpolate=True).fraction == 0.75
    assert metric(guesses("13", "23"), key=truth, **ERRORS, interpolate=True).fraction == 0.5
    assert metric(guesses("10", "20"), key=truth, **ERRORS, interpolate=True).fraction == 1
    assert "其间按比例" in metric(guesses("12", "22"), key=truth, **ERRORS, interpolate=True).expected


def test_order_does_not_matter_and_numbers_are_numbers(key):
    truth = key([0, 1, 1])
    assert metric(guesses("1.0", "1", "0.0", ids=[3, 2, 1]), key=truth, **LABELS).fraction == 1


def test_words_as_classes(key):
    truth = key(["猫", "狗", "狗", "鸟"])
    assert metric(guesses(" 猫", "狗", "狗", "鸟"), key=truth, **LABELS).fraction == 1
    macro = {**LABELS, "metric": "f1_score", "average": "macro"}
    assert metric(guesses("猫", "狗", "狗", "狗"), key=truth, **macro).found == "f1_score = 0.6"


def test_probabilities(key):
    scores = {**LABELS, "metric": "roc_auc_score"}
    assert metric(guesses("0.1", "0.9", "0.8"), key=key([0, 1, 1]), **scores).fraction == 1
    assert metric(guesses("0.1", "0.9", "0.8"), key=key(["否", "是", "是"]), **scores, pos_label="是").fraction == 1
    assert metric(guesses("否", "是", "是"), key=key(["否", "是", "是"]), **scores, pos_label="是").fraction == 0


def test_every_id_once(key):
    truth = key([0, 1, 1])
    assert metric(guesses("0", "1"), key=truth,
        **LABELS).reason == "有 1 条没有预测（如 id 为 “3”）；每条都要有且只有一个预测，本项不得分。"
    twice = metric(guesses("0", "1", "1", "1", ids=[1, 2, 3, 3]), key=truth, **LABELS)
    assert twice.fraction == 0
    assert "不止一次（如 id 为 “3”）" in twice.reason
    more = metric(guesses("0", "1", "1", "1", ids=[1, 2, 3, 4]), key=truth, **LABELS)
    assert more.fraction == 1
    assert "另有 1 条不在评测范围内" in more.reason


@pytest.mark.parametrize("bad", [None, "NaN", "", "x", "inf"])
def test_predictions_that_are_no_numbers(key, bad):
    mark = metric(guesses("0", bad, "1"), key=key([0, 1, 1]), **LABELS)
    assert mark.fraction == 0
    assert mark.reason.startswith("有 1 个预测值缺失或不是数字：数据第 2 行“p”为")


def test_missing_words(key):
    mark = metric(guesses("猫", None), key=key(["猫", "狗"]), **LABELS)
    assert mark.reason == "有 1 个预测值缺失：数据第 2 行“p”为（空）。"


def test_predictions_of_the_wrong_kind(key):
    binary = {**LABELS, "metric": "f1_score"}
    assert "真实类别之外的值：数据第 2 行“p”为“0.4”" in metric(guesses("0", "0.4", "1"), key=key([0, 1, 1]), **binary).reason
    overflow = {**ERRORS, "metric": "mean_squared_error"}
    mark = metric(guesses("1e308", "1e308"), key=key([10, 20]), **overflow)
    assert (mark.fraction, mark.found) == (0, "无法计算")
    r2 = {**LABELS, "metric": "mean_squared_log_error", "better": "lower", "bands": [{"at": 1, "fraction": 1}]}
    assert "请检查" in metric(guesses("-5", "2"), key=key([1, 2]), **r2).reason


def test_incomputable_from_known_values(key, monkeypatch):
    monkeypatch.setattr(scoring.Measure, "__call__", lambda *_: (_ for _ in ()).throw(ValueError))
    assert metric(guesses("0", "1"), key=key([0, 1]), **LABELS).reason == "按这些预测值算不出该指标，请检查预测列是类别还是概率。"


def test_no_rows_or_no_column(key):
    assert metric(Table(("id", "p"), ()), key=key([0, 1]), **LABELS).fraction == 0
    assert "没有 “p” 列" in metric(Table(("id", "q"), (("1", "0"),)), key=key([0, 1]), **LABELS).reason


@pytest.mark.parametrize(
    ("name", "options", "better", "perfect"),
    [
        ("accuracy", {}, "higher", 1), ("f1_macro", {}, "higher", 1), ("neg_mean_absolute_error", {}, "higher", 0), ("r2", {}, "higher", 1),
        ("roc_auc", {}, "higher", 1), ("cohen_kappa_score", {}, "higher", 1), ("matthews_corrcoef", {}, "higher", 1),
        ("log_loss", {}, "lower", 0),
        ("brier_score_loss", {"pos_label": 1}, "lower", 0), ("adjusted_rand_score", {}, "higher", 1),
        ("f1_score", {"average": "macro"}, "higher", 1),
        ("root_mean_squared_error", {}, "lower", 0), ("recall_score", {"pos_label": 0}, "higher", 1),
    ],
)
def test_any_metric_of_scikit_learn(name, options, better, perfect):
    measure = scoring.find(name, **options)
    assert measure.better == better
    assert measure.of_truth([0.0, 1.0, 1.0, 0.0]) == pytest.approx(perfect)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metric": "accuraccy"}, "没有名为 'accuraccy'"), ({"metric": "silhouette_score"}, "不是比较"),
        ({"metric": "roc_curve"}, "不是比较"),
        ({"better": "lower"}, "越大越好"), ({**ERRORS, "better": "higher"}, "越小越好"), ({"average": "macro"}, "没有 average"),
        ({"pos_label": 1}, "没有 pos_label"), ({"metric": "fbeta_score"}, "用不到标准答案上"), ({"bands": []}, "bands"),
        ({"bands": [{"at": 0.5, "fraction": 1}, {"at": 0.5, "fraction": 0.5}]}, "at 不重复"),
        ({"bands": [{"at": 0.9, "fraction": 0.5}, {"at": 0.5, "fraction": 1}]}, "fraction 应越大"),
        ({"bands": [{"at": 0.5, "fraction": 0.5}]}, "得不到满分"),
        ({"bands": [{"at": 1.5, "fraction": 1}]}, "得不到满分"), ({"actual": "no"}, "没有 no 列"), ({"on": "no"}, "没有 no 列"),
        ({"metric": "f1_score", "pos_label": 7}, "用不到标准答案上"), ({"average": "samples"}, "average"),
    ],
)
def test_the_authors_errors_are_found_at_load(key, change, words):
    with pytest.raises(TaskError, match=words):
        get_grader("metric").bind({"key": key([0, 1, 1]), **LABELS, **change})


def test_a_truth_with_gaps_is_the_authors_error(key):
    with pytest.raises(TaskError, match="有缺失"):
        get_grader("metric").bind({"key": key(["猫", ""]), **LABELS})


def test_a_perfect_binding_marks(key):
    bound = get_grader("metric").bind({"key": key([0, 1, 1]), **LABELS})
    assert metric(guesses("0", "1", "1"), **bound).fraction == 1
