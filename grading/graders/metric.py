"""A metric of predictions against the hidden truth, in bands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field as Key, FiniteFloat

from grading import scoring
from grading.cells import Cell, as_number, as_text, identity, is_missing
from grading.errors import TaskError
from grading.graders._report import ColumnName, Place, unusable
from grading.keytable import read_key, row_keys, show_key
from grading.model import Mark, Spec
from grading.registry import KeyFile, grader
from grading.tables import Table
from grading.text import shorten, show_number

Average = Literal["binary", "micro", "macro", "weighted"]
Better = Literal["higher", "lower"]


class Band(Spec):
    """A value of the metric, and the share of the marks earned from there on."""

    at: FiniteFloat
    fraction: float = Key(ge=0, le=1)


def _check(
    *, key: KeyFile, on: str, actual: str, metric: str, bands: tuple[Band, ...], interpolate: bool, better: Better,
    average: Average | None, pos_label: int | str | None, **_: object,
) -> None:
    measure = scoring.find(metric, average=average, pos_label=pos_label)
    if measure.better != better:
        words = {"higher": "越大越好", "lower": "越小越好"}
        raise TaskError(f"{metric} {words[measure.better]}，与 better: {better} 不符", key="args.better")
    ordered = _ordered(bands, better)
    if any(a.at == b.at or a.fraction <= b.fraction for a, b in pairwise(ordered)):
        raise TaskError("bands 里指标越好，fraction 应越大，且 at 不重复", key="args.bands")
    wanted = read_key(key, [actual], [on])
    truth = _values(wanted.column(actual))
    if "" in truth:
        raise TaskError(f"标准答案表的 {actual} 列有缺失", file=key.path)
    try:
        perfect = measure.of_truth(truth)
    except (ValueError, TypeError) as error:
        raise TaskError(f"{metric} 用不到标准答案上：{error}", file=key.path) from None
    if _fraction(perfect, ordered, better, interpolate) != 1.0:
        raise TaskError(f"预测全对时 {metric} 是 {perfect:g}，却得不到满分，请检查 bands", key="args.bands")


@grader(validate=_check)
def metric(
    found: Table, *, key: KeyFile, on: ColumnName, predicted: ColumnName, actual: ColumnName, metric: str,
    bands: Annotated[tuple[Band, ...], Key(min_length=1)], better: Better, interpolate: bool = False, average: Average | None = None,
    pos_label: int | str | None = None,
) -> Mark:
    """Mark predictions by any metric of scikit-learn on a hidden truth.

    Every id of the key must be predicted exactly once, or the point earns nothing and the reason says which ids lack;
    further ids are ignored and noted. A prediction that is missing, or no number where the truth is one, earns nothing.

    Parameters
    ----------
    found : the table of predictions
    key : the truth in `key/` (CSV or XLSX)
    on : the id column of both tables
    predicted : the column of predictions in `found` (for `roc_auc_score` and `log_loss`, probabilities)
    actual : the column of true values in `key`
    metric : a function of `sklearn.metrics` (`f1_score`, `mean_absolute_error`) or a name of `sklearn.metrics.get_scorer`
        (`f1_macro`, `neg_mean_absolute_error`)
    bands : `at` and `fraction`: the best band that the value reaches counts; below all of them nothing is earned
    better : `higher` or `lower`, which must agree with the metric
    interpolate : True to go linearly from band to band
    average, pos_label : handed to the metric

    Returns
    -------
    Mark with the fraction of the band reached

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "truth.csv"
    >>> _ = path.write_text("id,y\\n1,0\\n2,1\\n3,1\\n4,0\\n")
    >>> table = Table(("id", "guess"), (("1", "0"), ("2", "1"), ("3", "0"), ("4", "0")))
    >>> bands = [{"at": 0.9, "fraction": 1}, {"at": 0.7, "fraction": 0.5}]
    >>> mark = metric(
    ...     table, key=KeyFile(path), on="id", predicted="guess", actual="y", metric="accuracy_score", bands=bands, better="higher")
    >>> mark.fraction, mark.found, mark.expected
    (0.5, 'accuracy_score = 0.75', 'accuracy_score ≥ 0.9 得满分；≥ 0.7 得 50%')
    """
    ordered = _ordered(tuple(Band.model_validate(band) for band in bands), better)
    expected = shorten(f"{metric} {_band_text(ordered, better, interpolate)}", 190)
    if (bad := unusable(found, [on, predicted], expected)) is not None:
        return bad
    wanted = read_key(key, [actual], [on])
    pairing = _pair(found, wanted, on, predicted)
    if isinstance(pairing, str):
        return Mark(0.0, expected, "预测不完整", pairing)
    measure = scoring.find(metric, average=average, pos_label=pos_label)
    truth = _values(wanted.column(actual))
    numeric = measure.takes_scores or isinstance(truth[0], float)
    unreadable = [p for p in pairing if is_missing(p.cell) or (numeric and as_number(p.cell) is None)]
    if unreadable:
        what = "缺失或不是数字" if numeric else "缺失"
        return Mark(0.0, expected, "预测值无法使用", f"有 {len(unreadable)} 个预测值{what}：{unreadable[0]}。")
    guesses = [as_number(p.cell) if numeric else as_text(p.cell) for p in pairing]
    try:
        value = measure(truth, guesses)
    except ValueError:
        return Mark(0.0, expected, "无法计算", _incomputable(truth, pairing))
    fraction = _fraction(value, ordered, better, interpolate)
    return Mark(fraction, expected, f"{metric} = {value:.4g}", _reason(fraction, len(found.rows) - len(wanted.rows)))


def _ordered(bands: tuple[Band, ...], better: Better) -> list[Band]:
    """Return the bands, best first."""
    return sorted(bands, key=lambda band: band.at, reverse=better == "higher")


def _fraction(value: float, ordered: Sequence[Band], better: Better, interpolate: bool) -> float:
    """Return the share that `value` earns; a billionth is forgiven at every edge."""
    sign = 1.0 if better == "higher" else -1.0
    above: Band | None = None
    for band in ordered:
        beyond = sign * (value - band.at)
        if beyond >= -1e-9:
            if above is None or not interpolate:
                return band.fraction
            share = max(0.0, beyond) / abs(above.at - band.at)
            return round(band.fraction + share * (above.fraction - band.fraction), 9)
        above = band
    return 0.0


def _band_text(ordered: Sequence[Band], better: Better, interpolate: bool) -> str:
    """Return the bands for people: ≥ 0.9 得满分；≥ 0.7 得 50%."""
    sign = "≥" if better == "higher" else "≤"
    texts = [
        f"{sign} {show_number(b.at)} 得{'满分' if b.fraction == 1 else f' {show_number(100 * b.fraction)}%'}" for b in ordered
    ]
    return "；".join(texts) + ("（其间按比例）" if interpolate and len(ordered) > 1 else "")


def _values(cells: Sequence[Cell]) -> list[float] | list[str]:
    """Return the true values: numbers if all are, else texts ("" for a missing one)."""
    numbers = [as_number(cell) for cell in cells]
    readable = [number for number in numbers if number is not None]
    return readable if len(readable) == len(cells) else [as_text(cell) for cell in cells]


def _pair(found: Table, wanted: Table, on: str, predicted: str) -> list[Place] | str:
    """Return the prediction for each row of `wanted`, or the sentence that says why there is not exactly one."""
    guesses: dict[object, list[Place]] = defaultdict(list)
    for number, (row, cell) in enumerate(zip(row_keys(found, [on]), found.column(predicted), strict=True), start=1):
        guesses[row].append(Place(number, predicted, cell))
    keys = list(zip(row_keys(wanted, [on]), wanted.column(on), strict=True))
    lacking = [name for row, name in keys if row not in guesses]
    if lacking:
        return f"有 {len(lacking)} 条没有预测（如 {on} 为 {show_key(lacking[:1])}）；每条都要有且只有一个预测，本项不得分。"
    twice = [name for row, name in keys if len(guesses[row]) > 1]
    if twice:
        return f"有 {len(twice)} 条预测了不止一次（如 {on} 为 {show_key(twice[:1])}）；每条都要有且只有一个预测，本项不得分。"
    return [guesses[row][0] for row, _ in keys]


def _incomputable(truth: Sequence[float] | Sequence[str], pairing: Sequence[Place]) -> str:
    known = {identity(value) for value in truth}
    strange = next((place for place in pairing if identity(place.cell) not in known), None)
    if strange is None:
        return "按这些预测值算不出该指标，请检查预测列是类别还是概率。"
    return f"预测列里有真实类别之外的值：{strange}。请检查该列应是类别还是概率。"


def _reason(fraction: float, further: int) -> str:
    note = f"另有 {further} 条不在评测范围内，已忽略。" if further else ""
    if fraction == 1.0:
        return f"指标达到满分线。{note}"
    return f"指标达到部分得分线，离满分线还有距离。{note}" if fraction else f"指标没有达到得分线。{note}"
