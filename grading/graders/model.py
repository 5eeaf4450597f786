"""Models handed in as ONNX files: what they predict, how fast and how large they are, what goes in and comes out."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field as Key

from grading.arrays import Array, cells
from grading.cells import Cell, identity, show
from grading.confusion import confusion
from grading.errors import GradingError, TaskError
from grading.graders import metric as metrics
from grading.graders._bands import Bands, band_text, check_bands, earned, reached, read_bands
from grading.graders._report import ColumnName
from grading.graders.metric import Average, Better
from grading.keytable import read_key
from grading.model import Mark
from grading.model_facts import ModelFacts, Port
from grading.registry import KeyFile, grader
from grading.tables import Table
from grading.text import shorten, show_number

PREDICTED = "prediction"


@grader(validate=metrics._check)
def prediction_metric(
    found: Array, *, key: KeyFile, on: ColumnName, actual: ColumnName, metric: str, bands: Bands, better: Better,
    interpolate: bool = False, average: Average | None = None, pos_label: int | str | None = None,
) -> Mark:
    """Mark a model's predictions, one for each row of the truth and in its order, by any metric of scikit-learn.

    The mark is that of the grader `metric`; for classes it shows the confusion matrix.

    Parameters
    ----------
    found : the predictions, e.g. the output `predictions` of the runner `model`
    key : the truth in `key/` (CSV or XLSX), its rows in the order of the model's inputs
    on : its id column
    actual : its column of true values
    metric, bands, better, interpolate, average, pos_label : as in the grader `metric`

    Returns
    -------
    Mark with the fraction of the band reached

    Examples
    --------
    >>> import tempfile, pathlib, numpy
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "truth.csv"
    >>> _ = path.write_text("id,y\\n1,0\\n2,1\\n3,1\\n4,0\\n")
    >>> bands = [{"at": 0.9, "fraction": 1}, {"at": 0.7, "fraction": 0.5}]
    >>> mark = prediction_metric(
    ...     numpy.array([0, 1, 0, 0]), key=KeyFile(path), on="id", actual="y", metric="accuracy_score", bands=bands, better="higher")
    >>> mark.fraction, mark.found, mark.evidence["confusion"]["rows"]
    (0.5, 'accuracy_score = 0.75', [[2, 0], [1, 1]])
    """
    levels = read_bands(bands)
    wanted = read_key(key, [actual], [on])
    values = cells(found)
    if values is None or len(values) != len(wanted.rows):
        said = "的形状不对" if values is None else f"有 {len(values)} 个"
        reason = f"应为每行输入给出一个预测，共 {len(wanted.rows)} 个，实际{said}。"
        return Mark(0.0, band_text(metric, levels, better), f"预测{said}", reason)
    table = Table((on, PREDICTED), tuple(zip(wanted.column(on), values, strict=True)))
    mark = metrics.metric(
        table, key=key, on=on, predicted=PREDICTED, actual=actual, metric=metric, bands=levels, better=better,
        interpolate=interpolate, average=average, pos_label=pos_label,
    )  # fmt: skip
    matrix = confusion(wanted.column(actual), values)
    return replace(mark, evidence={"kind": "model", "confusion": matrix}) if matrix else mark


def _check_lower(*, bands: Bands) -> None:
    check_bands(bands, "lower")


def _check_higher(*, bands: Bands) -> None:
    check_bands(bands, "higher")


@grader(validate=_check_lower)
def latency(found: ModelFacts, *, bands: Bands) -> Mark:
    """Mark how long a model takes, as a multiple of the reference model's time in the same run.

    The score sheet shows the band, not the figure: it is measured, and never twice the same.

    Parameters
    ----------
    found : the facts of the model, from the runner `model` with a `reference`
    bands : `at` (times as long) and `fraction`; they must be wide, as the figure differs by a third from run to run

    Returns
    -------
    Mark with the fraction of the band reached

    Examples
    --------
    >>> latency(ModelFacts(900, latency_ms=3.0, reference_ms=2.0), bands=[{"at": 2, "fraction": 1}, {"at": 8, "fraction": 0.5}])
    Mark(fraction=1.0, expected='用时是参考模型的倍数 ≤ 2 得满分；≤ 8 得 50%', found='≤ 2 倍', reason='推理够快。', cause='', evidence=None)
    """
    levels = read_bands(bands)
    expected = band_text("用时是参考模型的倍数", levels, "lower")
    if found.error:
        return Mark(0.0, expected, "不能运行", found.error, "unreadable")
    if found.latency_ratio is None:
        raise GradingError("latency needs a run with a reference model")
    fraction = earned(found.latency_ratio, levels, "lower")
    slow = "推理偏慢：换用小一些的模型（更少的树、更浅的树、更少的神经元）再导出。"
    shown = f"{reached(found.latency_ratio, levels, 'lower', show_number)} 倍"
    return Mark(fraction, expected, shown, "推理够快。" if fraction == 1 else slow)


@grader(validate=_check_lower)
def model_size(found: ModelFacts, *, bands: Bands) -> Mark:
    """Mark the size of a model's file.

    Parameters
    ----------
    found : the facts of the model
    bands : `at` (kB, of 1000 bytes) and `fraction`

    Returns
    -------
    Mark with the fraction of the band reached

    Examples
    --------
    >>> mark = model_size(ModelFacts(48_000), bands=[{"at": 50, "fraction": 1}, {"at": 200, "fraction": 0.5}])
    >>> mark.fraction, mark.expected, mark.found
    (1.0, '模型大小（kB） ≤ 50 得满分；≤ 200 得 50%', '48 kB')
    """
    levels = read_bands(bands)
    expected = band_text("模型大小（kB）", levels, "lower")
    shown = f"{show_number(round(found.size_bytes / 1000, 1))} kB"
    if found.error:
        return Mark(0.0, expected, shown, found.error, "unreadable")
    fraction = earned(found.size_bytes / 1000, levels, "lower")
    large = "模型偏大：减少树的数量和深度，或减少神经元，再导出。"
    return Mark(fraction, expected, shown, "模型大小符合要求。" if fraction == 1 else large)


@grader(validate=_check_higher)
def labels_equal(found: Array, wanted: Array, *, bands: Bands) -> Mark:
    """Mark the share of labels that two models give alike, example by example.

    Parameters
    ----------
    found : the labels of one, e.g. of the exported model
    wanted : the labels of the other, e.g. of the model that it was exported from
    bands : `at` (share from 0 to 1) and `fraction`

    Returns
    -------
    Mark with the fraction of the band reached

    Examples
    --------
    >>> import numpy
    >>> mark = labels_equal(numpy.array([0, 1, 1, 0]), numpy.array([0, 1, 1, 1]), bands=[{"at": 0.99, "fraction": 1}])
    >>> mark.fraction, mark.found, mark.reason
    (0.0, '一致率 0.75', '4 个标签中有 1 个不同，第一个在第 4 行：“0” 与 “1”。')
    """
    levels = read_bands(bands)
    expected = band_text("一致率", levels, "higher")
    left, right = cells(found), cells(wanted)
    if left is None or right is None or len(left) != len(right) or not left:
        sizes = "和 ".join("形状不对" if side is None else f"{len(side)} 个" for side in (left, right))
        return Mark(0.0, expected, sizes, f"两组标签应一行一个、数目相同，实际分别是 {sizes}。")
    differing = [number for number, pair in enumerate(zip(left, right, strict=True)) if not _alike(*pair)]
    share = 1 - len(differing) / len(left)
    reason = "两个模型的标签全部一致。"
    if differing:
        first = differing[0]
        reason = f"{len(left)} 个标签中有 {len(differing)} 个不同，第一个在第 {first + 1} 行：{show(left[first])} 与 {show(right[first])}。"
    return Mark(earned(share, levels, "higher"), expected, f"一致率 {share:.4g}", reason)


def _alike(left: Cell, right: Cell) -> bool:
    if isinstance(left, float) and not math.isfinite(left):
        return False
    key = identity(left)
    return key is not None and key == identity(right)


Side = Annotated[int, Key(ge=1, le=10_000_000)]


class _Need:
    """What is asked of a model, one thing after the other."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lacking: list[str] = []

    def add(self, asked: str, fulfilled: bool, found: str) -> None:
        self.asked.append(asked)
        if not fulfilled:
            self.lacking.append(f"{asked}，实际{found}")


def _check_io(
    *, name: str | None, type: str | None, size: int | None, min_opset: int | None, max_opset: int | None, **_: object
) -> None:
    if name is None and type is None and size is None and min_opset is None and max_opset is None:
        raise TaskError("至少写一项要求：name、type、size、min_opset、max_opset")
    if min_opset is not None and max_opset is not None and min_opset > max_opset:
        raise TaskError(f"min_opset: {min_opset} 大于 max_opset: {max_opset}", key="args.min_opset")


@grader(validate=_check_io)
def model_io(
    found: ModelFacts, *, port: Literal["input", "output"], name: str | None = None,
    type: Literal["float32", "float64", "int64", "int32", "string"] | None = None, size: Side | None = None,
    min_opset: Side | None = None, max_opset: Side | None = None,
) -> Mark:
    """Mark an input or output of a model: things as asked / things asked.

    Parameters
    ----------
    found : the facts of the model
    port : `input` for its only input, `output` for the output called `name` (for its first one, if no name is asked for)
    name : how it must be called
    type : of its elements
    size : length of its last side; the first must then be free, so that any number of rows can be predicted at once
    min_opset, max_opset : bounds of the version of the operator set `ai.onnx`, both included

    Returns
    -------
    Mark with the share of what was asked

    Examples
    --------
    >>> facts = ModelFacts(900, opset=17, inputs=(Port("x", "float32", (None, 9)),))
    >>> model_io(facts, port="input", name="features", type="float32", size=9, min_opset=15).fraction
    0.75
    """
    need = _Need()
    which = "输入" if port == "input" else "输出"
    ports = found.inputs if port == "input" else found.outputs
    one = _wanted(ports, port, name)
    if name is not None:
        need.add(f"{which}名为 {name}", one is not None and one.name == name, f"为 {'、'.join(p.name for p in ports) or '（无）'}")
    if type is not None:
        need.add(f"{which}类型为 {type}", one is not None and one.type == type, f"为 {one.type if one else '（无）'}")
    if size is not None:
        fits = one is not None and len(one.shape) == 2 and one.shape[0] is None and one.shape[1] == size
        need.add(f"{which}形状为 [N, {size}]", fits, f"为 {_shape(one)}")
    if min_opset is not None or max_opset is not None:
        low, high = min_opset or 1, max_opset or 10**7
        bounds = f"{low}–{high}" if max_opset else f"≥ {low}"
        need.add(f"opset {bounds}", low <= found.opset <= high, f"为 {found.opset}")
    expected, shown = shorten("；".join(need.asked), 190), shorten("；".join(map(str, ports)) or "（无）", 190)
    if found.error and not ports:
        return Mark(0.0, expected, "不能识别", found.error, "unreadable")
    reason = f"{'；'.join(need.lacking)}。" if need.lacking else f"{which}符合要求。"
    return Mark(1 - len(need.lacking) / len(need.asked), expected, shown, reason.replace("\n", " "))


def _wanted(ports: tuple[Port, ...], port: str, name: str | None) -> Port | None:
    if port == "input":
        return ports[0] if len(ports) == 1 else None
    return next((one for one in ports if one.name == name), None) if name is not None else next(iter(ports), None)


def _shape(port: Port | None) -> str:
    if port is None:
        return "（无）"
    return "[" + ", ".join("N" if side is None else str(side) for side in port.shape) + "]"
