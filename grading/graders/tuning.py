"""Tuning a model: how far training and test are apart, what was tried, what was chosen, and whether it can be repeated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field as Key, FiniteFloat

from grading import scoring
from grading.cells import Cell, as_number, as_text, identity, is_missing
from grading.graders import metric as metrics
from grading.graders._bands import Bands, band_text, check_bands, earned, read_bands
from grading.graders._report import ColumnName, unusable
from grading.graders.metric import Average, Better
from grading.keytable import read_key, row_keys, show_key
from grading.model import Mark
from grading.registry import KeyFile, grader
from grading.tables import Table
from grading.text import shorten, show_number

MIN_SCORES = 3
"""Different scores that a search record must show: settings that were really tried do not all score alike."""


def _check_gap(
    *, key: KeyFile, seen_key: KeyFile, on: str, actual: str, metric: str, bands: Bands, average: Average | None,
    pos_label: int | str | None, **_: object,
) -> None:
    check_bands(bands, "lower")
    scoring.find(metric, average=average, pos_label=pos_label)
    for one in (key, seen_key):
        read_key(one, [actual], [on])


@grader(validate=_check_gap)
def generalisation_gap(
    found: Table, *, key: KeyFile, seen_key: KeyFile, on: ColumnName, predicted: ColumnName, actual: ColumnName, metric: str,
    bands: Bands, floor: FiniteFloat, average: Average | None = None, pos_label: int | str | None = None,
) -> Mark:
    """Mark how much better a model is on examples that it was trained on than on new ones: metric(seen) − metric(new).

    Both kinds must lie mixed in the inputs, so that nobody can treat them differently. The metric must be one of scikit-learn's
    that rises.

    Parameters
    ----------
    found : the table of predictions for both kinds of examples
    key : the truth of the new ones, in `key/`
    seen_key : the truth of those from the training data, in `key/`
    on : the id column of all tables
    predicted : the column of predictions
    actual : the column of true values
    metric : a function of `sklearn.metrics`, e.g. `f1_score`
    bands : `at` (the gap, at most) and `fraction`
    floor : the metric on new examples below which nothing is earned: who learns nothing has no gap either
    average, pos_label : handed to the metric

    Returns
    -------
    Mark with the fraction of the band reached

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "new.csv").write_text("id,y\\n1,0\\n2,1\\n3,1\\n4,0\\n"), (folder / "seen.csv").write_text("id,y\\n5,0\\n6,1\\n")
    >>> table = Table(("id", "y"), (("1", "0"), ("2", "1"), ("3", "0"), ("4", "0"), ("5", "0"), ("6", "1")))
    >>> mark = generalisation_gap(
    ...     table, key=KeyFile(folder / "new.csv"), seen_key=KeyFile(folder / "seen.csv"), on="id", predicted="y", actual="y",
    ...     metric="accuracy_score", bands=[{"at": 0.1, "fraction": 1}, {"at": 0.3, "fraction": 0.5}], floor=0.6)
    >>> mark.fraction, mark.found
    (0.5, '训练样本 1，新样本 0.75，差 0.25')
    """
    levels = read_bands(bands)
    expected = shorten(f"{band_text('训练样本与新样本的差', levels, 'lower')}；新样本 ≥ {show_number(floor)} 才计分", 190)
    if (bad := unusable(found, [on, predicted], expected)) is not None:
        return bad
    measure = scoring.find(metric, average=average, pos_label=pos_label)
    values = [_value(measure, found, read_key(one, [actual], [on]), on, predicted, actual) for one in (seen_key, key)]
    problem = next((value for value in values if isinstance(value, str)), None)
    if problem is not None:
        return Mark(0.0, expected, "预测不完整", problem)
    seen, new = (round(float(value), 4) for value in values)
    gap = round(seen - new, 4)
    shown = f"训练样本 {show_number(seen)}，新样本 {show_number(new)}，差 {show_number(gap)}"
    if new < floor:
        return Mark(0.0, expected, shown, "新样本上的效果太差，还谈不上泛化，本项不得分。")
    fraction = earned(gap, levels, "lower")
    advice = "模型把训练样本背了下来：加强正则化（如限制深度、增大叶子的最少样本数、减小 C），并用未见过的对象做验证。"
    return Mark(fraction, expected, shown, "没有明显的过拟合。" if fraction == 1 else advice)


def _value(measure: scoring.Measure, found: Table, wanted: Table, on: str, predicted: str, actual: str) -> float | str:
    pairing = metrics._pair(found, wanted, on, predicted)
    if isinstance(pairing, str):
        return pairing
    truth = metrics._values(wanted.column(actual))
    numeric = measure.takes_scores or isinstance(truth[0], float)
    if any(is_missing(place.cell) or (numeric and as_number(place.cell) is None) for place in pairing):
        return "有的预测值缺失或不是数字。"
    try:
        return measure(truth, [as_number(place.cell) if numeric else as_text(place.cell) for place in pairing])
    except ValueError:
        return "按这些预测值算不出该指标，请检查预测列是类别还是概率。"


@grader
def search_size(
    found: Table, *, score: ColumnName, at_least: Annotated[int, Key(ge=2, le=10_000)], chosen: ColumnName | None = None,
    ignore: tuple[ColumnName, ...] = (),
) -> Mark:
    """Mark how many different settings a search record holds: min(settings / at_least, 1).

    A row counts if its score is a finite number; rows of the same setting count once. A record in which nearly all scores are
    the same shows no search and earns nothing.

    Parameters
    ----------
    found : the record, a row for each trial; every column apart from those named below is part of the setting
    score : the column of validation scores
    at_least : so many different settings earn everything
    chosen : the column that marks the chosen setting
    ignore : further columns that are no settings, such as running numbers and times

    Returns
    -------
    Mark with the share of settings

    Examples
    --------
    >>> record = Table(("C", "score"), (("1", "0.8"), ("10", "0.85"), ("10", "0.85"), ("100", "0.83")))
    >>> search_size(record, score="score", at_least=4).fraction
    0.75
    """
    expected = f"至少 {at_least} 组不同的设置，每组有分数"
    if (bad := unusable(found, [score], expected)) is not None:
        return bad
    names = [name for name in found.columns if name not in {score, chosen, *ignore}]
    if not names:
        return Mark(0.0, expected, "没有设置列", "记录里只有分数，没有参数列：每个参数一列，每次试验一行。")
    settings = {
        tuple(identity(cell) for cell in row): number for row, cell in zip(found.pick(names), found.column(score), strict=True)
        if (number := _score(cell)) is not None
    }  # fmt: skip
    if len({round(number, 6) for number in settings.values()}) < min(MIN_SCORES, at_least):
        return Mark(0.0, expected, f"{len(settings)} 组设置", "各次试验的分数几乎都一样或读不出来，看不出试过什么。")
    share = min(1.0, len(settings) / at_least)
    reason = "试验的设置够多。" if share == 1 else f"不同的设置只有 {len(settings)} 组；重复的设置只算一次。"
    return Mark(share, expected, f"{len(settings)} 组设置", reason)


@grader
def best_chosen(found: Table, *, score: ColumnName, chosen: ColumnName, better: Better = "higher") -> Mark:
    """Mark that the chosen setting of a search record is the one with the best score.

    Parameters
    ----------
    found : the record, a row for each trial
    score : the column of validation scores
    chosen : the column that is 1 for the chosen trial, 0 for the others
    better : `higher` or `lower`, which score is best

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> best_chosen(Table(("C", "score", "chosen"), (("1", "0.8", "0"), ("10", "0.85", "1"))), score="score", chosen="chosen").fraction
    1.0
    """
    expected = f"{score} 最{'高' if better == 'higher' else '低'}的一行标为选中"
    if (bad := unusable(found, [score, chosen], expected, min_rows=2)) is not None:
        return bad
    scores = [_score(cell) for cell in found.column(score)]
    marked = [row for row, cell in enumerate(found.column(chosen)) if _is_yes(cell)]
    known = [number for number in scores if number is not None]
    if len(marked) != 1 or scores[marked[0]] is None:
        return Mark(0.0, expected, f"选中 {len(marked)} 行", f"{chosen} 列应有且只有一行是 1，其余是 0，那一行要有分数。")
    best = max(known) if better == "higher" else min(known)
    own = scores[marked[0]]
    assert own is not None
    if math.isclose(own, best, abs_tol=1e-9):
        return Mark(1.0, expected, f"第 {marked[0] + 1} 行，{show_number(own)}", "选中的是验证分数最好的设置。")
    reason = "选中的不是验证分数最好的设置；要另选（如更简单的模型），也应先把标准写进分数。"
    return Mark(0.0, expected, f"第 {marked[0] + 1} 行，{show_number(own)}，最好 {show_number(best)}", reason)


@grader
def reproducible(found: Table, again: Table, *, on: ColumnName, columns: Annotated[tuple[ColumnName, ...], Key(min_length=1)]) -> Mark:
    """Mark that two runs of one program, with different seeds of the machine, give the same table.

    Parameters
    ----------
    found, again : the table of either run
    on : the id column
    columns : the columns that must be the same, cell by cell; the order of rows is free

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> one, other = Table(("id", "y"), (("1", "0"), ("2", "1"))), Table(("id", "y"), (("2", "0"), ("1", "0")))
    >>> reproducible(one, other, on="id", columns=["y"]).reason
    '两次运行有 1 行不同（如 id 为 “2”）：请给所有随机的步骤固定种子（random_state）。'
    """
    expected = "两次运行的结果完全相同"
    for table in (found, again):
        if (bad := unusable(table, [on, *columns], expected)) is not None:
            return bad
        empty = sum(any(is_missing(cell) for cell in row) for row in table.pick([on, *columns]))
        if empty:
            return Mark(0.0, expected, f"{empty} 行有空值", "编号或结果有空值，不能比较：每一行都要有编号和结果。")
    first, second = (_rows(table, on, columns) for table in (found, again))
    differing = [key for key in {**first, **second} if first.get(key) != second.get(key)]
    if len(found.rows) != len(again.rows) or differing:
        where = f"有 {len(differing)} 行不同（如 {on} 为 {show_key(differing[0])}）" if differing else "行数不同"
        return Mark(0.0, expected, "两次不同", f"两次运行{where}：请给所有随机的步骤固定种子（random_state）。")
    return Mark(1.0, expected, f"{len(found.rows)} 行都相同", "换了机器的随机种子，结果仍然一样。")


def _rows(table: Table, on: str, columns: Sequence[str]) -> dict[tuple[Cell, ...], list[object]]:
    """Return what stands in each row, by its id (written as text, so that it can be shown)."""
    found: dict[tuple[Cell, ...], list[object]] = {}
    for key, row in zip(row_keys(table, [on]), table.pick(columns), strict=True):
        found.setdefault((as_text(str(key[0])),), []).append(tuple(identity(cell) for cell in row))
    return found


def _score(cell: Cell) -> float | None:
    number = as_number(cell)
    return number if number is not None and math.isfinite(number) else None


def _is_yes(cell: Cell) -> bool:
    return as_number(cell) == 1 or as_text(cell).casefold() in {"true", "yes", "是"}
