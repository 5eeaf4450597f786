"""Cells of a table, row by row: missing, repeated, out of range, not allowed, of the wrong type.

All earn the share of good rows; `zero_at` moves the zero of that scale, `all_or_nothing` removes it. A table without
rows earns nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field as Key, FiniteFloat

from grading.cells import Cell, as_boolean, as_date, as_number, as_text, is_integer, is_missing
from grading.errors import TaskError
from grading.graders._report import ColumnName, Columns, Place, Share, names, quoted, share_of_rows, unusable
from grading.model import Mark
from grading.registry import grader
from grading.tables import Table
from grading.text import shorten, show_number

CellType = Literal["integer", "number", "date", "text", "boolean"]

Rows = Annotated[int, Key(ge=1)]

_TYPE_NAMES = {"integer": "整数", "number": "数字", "date": "日期", "text": "文字", "boolean": "True/False"}


def _check_columns(*, column: Columns | None, columns: Columns | None, **_: object) -> None:
    if column is not None and columns is not None:
        raise TaskError("column 和 columns 只写一个", key="args.columns")


@grader(validate=_check_columns)
def no_missing(
    found: Table, *, column: Columns | None = None, columns: Columns | None = None, all_or_nothing: bool = False, zero_at: Share = 0.0,
    min_rows: Rows = 1,
) -> Mark:
    """Mark that no value is missing; the texts NaN, null, None and N/A count as missing too.

    Parameters
    ----------
    found : the table
    column, columns : one column or several; all if neither is given
    all_or_nothing : True for full marks or none
    zero_at : share of good rows that earns nothing (linear from there)
    min_rows : a table with fewer rows earns nothing: one good row alone proves no cleaning

    Returns
    -------
    Mark with the share of rows without a missing value

    Examples
    --------
    >>> no_missing(Table(("a",), (("1",), ("NaN",))), column="a").reason
    '检查了 2 行，1 行有缺失值：数据第 2 行“a”为“NaN”。'
    """
    chosen = names(column or columns or found.columns)
    expected = f"{quoted(chosen)}列没有缺失值"
    if (bad := unusable(found, chosen, expected, min_rows)) is not None:
        return bad
    offences = []
    for number, row in enumerate(found.pick(chosen), start=1):
        place = next((i for i, cell in enumerate(row) if is_missing(cell)), None)
        if place is not None:
            offences.append(Place(number, chosen[place], row[place]))
    return share_of_rows(
        offences, len(found.rows), expected=expected, fault="有缺失值", all_or_nothing=all_or_nothing, zero_at=zero_at
    )


@grader
def unique(
    found: Table, *, columns: Columns, all_or_nothing: bool = False, zero_at: Share = 0.0, min_rows: Rows = 1
) -> Mark:
    """Mark that no row repeats an earlier one in `columns` (as text of one width, without outer spaces).

    Parameters
    ----------
    found : the table
    columns : one column or several, taken together
    all_or_nothing : True for full marks or none
    zero_at : share of good rows that earns nothing (linear from there)
    min_rows : a table with fewer rows earns nothing: one good row alone proves no cleaning

    Returns
    -------
    Mark with the share of rows that repeat nothing

    Examples
    --------
    >>> unique(Table(("id",), (("1",), ("1",))), columns="id").fraction
    0.5
    """
    chosen = names(columns)
    expected = f"{quoted(chosen)}列没有重复"
    if (bad := unusable(found, chosen, expected, min_rows)) is not None:
        return bad
    seen: set[tuple[str, ...]] = set()
    offences = []
    for number, row in enumerate(found.pick(chosen), start=1):
        key = tuple(as_text(cell) for cell in row)
        if key in seen:
            offences.append(Place(number, chosen[0], row[0]))
        seen.add(key)
    return share_of_rows(
        offences, len(found.rows), expected=expected, fault="重复", all_or_nothing=all_or_nothing, zero_at=zero_at
    )


def _check_range(*, min: float | None, max: float | None, **_: object) -> None:
    if min is None and max is None:
        raise TaskError("min 和 max 至少写一个")
    if min is not None and max is not None and min > max:
        raise TaskError(f"min: {min} 大于 max: {max}", key="args.min")


@grader(validate=_check_range)
def in_range(
    found: Table, *, column: ColumnName, min: FiniteFloat | None = None, max: FiniteFloat | None = None,
    allow_missing: bool = False, all_or_nothing: bool = False, zero_at: Share = 0.0, min_rows: Rows = 1,
) -> Mark:
    """Mark that every value of a column is a number within bounds.

    Parameters
    ----------
    found : the table
    column : the column
    min, max : the bounds, both included; at least one
    allow_missing : True to leave out rows without a value; False counts them as bad
    all_or_nothing : True for full marks or none
    zero_at : share of good rows that earns nothing (linear from there)
    min_rows : a table with fewer rows earns nothing: one good row alone proves no cleaning

    Returns
    -------
    Mark with the share of rows within bounds

    Examples
    --------
    >>> in_range(Table(("age",), (("18",), ("-1",))), column="age", min=0, max=120).fraction
    0.5
    """

    def good(cell: Cell) -> bool:
        value = as_number(cell)
        return value is not None and (min is None or value >= min) and (max is None or value <= max)

    bounds = [f"≥ {show_number(min)}"] if min is not None else []
    bounds += [f"≤ {show_number(max)}"] if max is not None else []
    expected = f"{quoted([column])}列 {' 且 '.join(bounds)}"
    return _judge(found, column, good, expected, "不在范围内或不是数字", allow_missing, all_or_nothing, zero_at, min_rows)


@grader
def allowed_values(
    found: Table, *, column: ColumnName, values: Annotated[tuple[bool | int | float | str, ...], Key(min_length=1)],
    allow_missing: bool = False, all_or_nothing: bool = False, zero_at: Share = 0.0, min_rows: Rows = 1,
) -> Mark:
    """Mark that a column holds nothing but the allowed values, written exactly so (` 男` is not `男`).

    Parameters
    ----------
    found : the table
    column : the column
    values : the allowed values; numbers are compared as numbers
    allow_missing : True to leave out rows without a value; False counts them as bad
    all_or_nothing : True for full marks or none
    zero_at : share of good rows that earns nothing (linear from there)
    min_rows : a table with fewer rows earns nothing: one good row alone proves no cleaning

    Returns
    -------
    Mark with the share of rows with an allowed value

    Examples
    --------
    >>> allowed_values(Table(("sex",), (("男",), ("male",))), column="sex", values=["男", "女"]).fraction
    0.5
    """
    numbers = {float(v) for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)}
    flags = {v for v in values if isinstance(v, bool)}
    texts = {v for v in values if isinstance(v, str)}

    def good(cell: Cell) -> bool:
        return (isinstance(cell, str) and cell in texts) or as_number(cell) in numbers or as_boolean(cell) in flags

    expected = shorten(f"{quoted([column])}列只有 {'、'.join(map(str, values[:12]))}", 150)
    return _judge(found, column, good, expected, "不是允许的值", allow_missing, all_or_nothing, zero_at, min_rows)


def _check_type(*, type: CellType, format: str | None, **_: object) -> None:
    if format is None:
        return
    if type != "date":
        raise TaskError("只有 type: date 才写 format", key="args.format")
    sample = datetime(2024, 11, 25, 13, 45, 59)
    try:
        datetime.strptime(sample.strftime(format), format)
        readable = "%" in format
    except ValueError:
        readable = False
    if not readable:
        raise TaskError(f"format {format!r} 不是日期格式，应像 '%Y-%m-%d'", key="args.format")


@grader(validate=_check_type)
def dtype(
    found: Table, *, column: ColumnName, type: CellType, format: str | None = None, allow_missing: bool = False,
    all_or_nothing: bool = False, zero_at: Share = 0.0, min_rows: Rows = 1,
) -> Mark:
    """Mark that every value of a column is of one type.

    Parameters
    ----------
    found : the table
    column : the column
    type : `integer` (`12`, not `12.0`), `number` (no units, no thousands commas), `date`, `text` (no number of a workbook),
        `boolean` (the words true and false)
    format : for dates, the one way to write them, as for strptime; a real date of a workbook has every format
    allow_missing : True to leave out rows without a value; False counts them as bad
    all_or_nothing : True for full marks or none
    zero_at : share of good rows that earns nothing (linear from there)
    min_rows : a table with fewer rows earns nothing: one good row alone proves no cleaning

    Returns
    -------
    Mark with the share of rows of the right type

    Examples
    --------
    >>> dtype(Table(("d",), (("2024-01-05",), ("2024/1/5",))), column="d", type="date", format="%Y-%m-%d").fraction
    0.5
    """
    tests: dict[str, Callable[[Cell], bool]] = {
        "integer": is_integer,
        "number": lambda cell: as_number(cell) is not None,
        "date": lambda cell: as_date(cell) is not None if format is None else _has_format(cell, format),
        "text": lambda cell: isinstance(cell, str),
        "boolean": lambda cell: as_boolean(cell) is not None,
    }
    what = _TYPE_NAMES[type] + (f"，格式 {format}" if format else "")
    return _judge(
        found, column, tests[type], f"{quoted([column])}列都是{what}", f"不是{what}", allow_missing, all_or_nothing, zero_at, min_rows
    )


def _has_format(cell: Cell, format: str) -> bool:
    if not isinstance(cell, str):
        return isinstance(cell, datetime)
    try:
        # strptime reads 2024-1-5 as %Y-%m-%d too; written back, it differs.
        return datetime.strptime(cell, format).strftime(format) == cell
    except ValueError:
        return False


def _judge(
    found: Table, column: str, good: Callable[[Cell], bool], expected: str, fault: str, allow_missing: bool,
    all_or_nothing: bool, zero_at: float, min_rows: int,
) -> Mark:
    """Mark the cells of one column by the test `good`; a missing cell is bad or left out."""
    if (bad := unusable(found, [column], expected, min_rows)) is not None:
        return bad
    cells = [(n, c) for n, c in enumerate(found.column(column), start=1) if not (allow_missing and is_missing(c))]
    if not cells:
        return Mark(0.0, expected, "没有任何值", f"{quoted([column])}列全部缺失，无法判定，不得分。")
    offences = [Place(number, column, cell) for number, cell in cells if is_missing(cell) or not good(cell)]
    return share_of_rows(
        offences, len(cells), expected=expected, fault=fault, all_or_nothing=all_or_nothing, zero_at=zero_at
    )
