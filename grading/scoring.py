"""Metrics of scikit-learn by name, and which way is better (its law: `*_score` up, `*_error` and `*_loss` down)."""

from __future__ import annotations

import importlib
import inspect
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from grading.errors import TaskError

Truth = Sequence[float] | Sequence[str]

_TRUTHS = {"y_true", "labels_true", "y1"}
_LABELS = {"y_pred", "labels_pred", "y2"}
_SCORES = {"y_score", "y_proba", "y_prob"}
_DIRECTIONS: Mapping[str, Literal["higher", "lower"]] = {
    "_score": "higher", "matthews_corrcoef": "higher", "_error": "lower", "_loss": "lower",
}


@dataclass(frozen=True)
class Measure:
    """One metric, ready to use.

    better : which way; takes_scores : True if predictions are numbers whatever the truth is (probabilities);
    positive : the true value to be taken as 1, for metrics of scores on a truth of words.
    """

    function: Callable[..., Any]
    better: Literal["higher", "lower"]
    takes_scores: bool
    options: Mapping[str, Any]
    sign: int = 1
    positive: int | str | None = None

    def __call__(self, truth: Truth, guesses: Sequence[Any]) -> float:
        """Return the value; ValueError if these predictions have none."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that nobody predicted: they count as 0
            value = self.sign * float(self.function(self._binary(truth), guesses, **self.options))
        if not math.isfinite(value):
            raise ValueError("the metric is not a finite number")
        return value

    def of_truth(self, truth: Truth) -> float:
        """Return the value of a perfect prediction."""
        return self(truth, self._binary(truth))

    def _binary(self, truth: Truth) -> Sequence[Any]:
        return truth if self.positive is None else [int(value == self.positive) for value in truth]


def find(name: str, *, average: str | None = None, pos_label: int | str | None = None) -> Measure:
    """Return the metric called `name`, a function of sklearn.metrics or a scorer; TaskError if it does not fit."""
    metrics = importlib.import_module("sklearn.metrics")  # takes a second, and most tasks have no metric
    options: dict[str, Any] = {}
    function, sign = getattr(metrics, name, None), 1
    better = next((way for end, way in _DIRECTIONS.items() if name.endswith(end)), None)
    if not inspect.isfunction(function):
        function, sign, options = _scorer(metrics, name)
        better = "higher"  # scorers turn errors round
    names = list(inspect.signature(function).parameters)
    if better is None or names[0] not in _TRUTHS or names[1] not in _LABELS | _SCORES:
        raise TaskError(f"{name} 不是比较真实值与预测值的指标（名字应以 _score、_error 或 _loss 结尾）", key="args.metric")
    takes_scores = names[1] in _SCORES or function.__name__ == "log_loss"
    if average is not None:
        if "average" not in names:
            raise TaskError(f"{name} 没有 average", key="args.average")
        options = {**options, "average": average}
    if pos_label is not None and not takes_scores:
        if "pos_label" not in names:
            raise TaskError(f"{name} 没有 pos_label", key="args.pos_label")
        options = {**options, "pos_label": pos_label}
    if "zero_division" in names:
        options = {"zero_division": 0, **options}
    return Measure(function, better, takes_scores, options, sign, pos_label if takes_scores else None)


def _scorer(metrics: Any, name: str) -> tuple[Callable[..., Any], int, dict[str, Any]]:
    try:
        scorer = metrics.get_scorer(name)
    except (ValueError, TypeError):
        raise TaskError(f"scikit-learn 没有名为 {name!r} 的指标，应像 accuracy_score、f1_macro", key="args.metric") from None
    return scorer._score_func, scorer._sign, dict(scorer._kwargs)
