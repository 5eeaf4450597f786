"""Shape of a table: how many rows, which columns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key

from grading.errors import TaskError
from grading.graders._report import ColumnName, quoted, shown_columns
from grading.model import Mark
from grading.registry import grader
from grading.tables import Table
from grading.text import shorten

Count = Annotated[int, Key(ge=0)]


def _check_bounds(*, equals: int | None, min: int | None, max: int | None) -> None:
    if (equals is None) == (min is None and max is None):
        raise TaskError("要么写 equals，要么写 min、max（至少一个）")
    if min is not None and max is not None and min > max:
        raise TaskError(f"min: {min} 大于 max: {max}", key="args.min")


@grader(validate=_check_bounds)
def row_count(
    found: Table, *, equals: Annotated[int, Key(ge=1)] | None = None, min: Count | None = None, max: Count | None = None
) -> Mark:
    """Mark the number of rows below the header.

    Parameters
    ----------
    found : the table
    equals : the exact number; or else
    min, max : its bounds, both included. A table without rows never earns anything.

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> row_count(Table(("a",), (("1",), ("2",))), equals=2).fraction
    1.0
    """
    rows = len(found.rows)
    low = equals if equals is not None else min
    high = equals if equals is not None else max
    expected = _expected(equals, min, max)
    if rows == 0:
        return Mark(0.0, expected, "0 行", "表格只有表头，没有数据行。")
    if low is not None and rows < low:
        return Mark(0.0, expected, f"{rows} 行", "行数偏少，可能多删了数据。")
    if high is not None and rows > high:
        return Mark(0.0, expected, f"{rows} 行", "行数偏多，可能还有应当删除的数据。")
    return Mark(1.0, expected, f"{rows} 行", "行数正确。")


def _expected(equals: int | None, low: int | None, high: int | None) -> str:
    if equals is not None:
        return f"{equals} 行"
    if low is not None and high is not None:
        return f"{low}–{high} 行"
    return f"至少 {low} 行" if low is not None else f"至多 {high} 行"


def _check_names(*, names: tuple[str, ...], **_: object) -> None:
    if len(set(names)) < len(names):
        raise TaskError("names 里有重复的列名", key="args.names")


@grader(validate=_check_names)
def columns(
    found: Table, *, names: Annotated[tuple[ColumnName, ...], Key(min_length=1)], order: bool = False,
    extra: Literal["allow", "forbid"] = "allow", all_or_nothing: bool = False,
) -> Mark:
    """Mark the columns: names in place / (names + forbidden extra columns).

    Parameters
    ----------
    found : the table
    names : the columns that must be there, written exactly so
    order : True if each must also stand at its place, counted from the left
    extra : `forbid` counts every further column against the mark
    all_or_nothing : True for full marks or none

    Returns
    -------
    Mark with the share of names in place

    Examples
    --------
    >>> columns(Table(("a", "b"), ()), names=["a", "b", "c", "d"]).fraction
    0.5
    """
    missing = found.absent(names)
    placed = [n for i, n in enumerate(names) if n in found.columns and (not order or found.columns[i : i + 1] == (n,))]
    astray = [name for name in names if name in found.columns and name not in placed]
    further = [name for name in found.columns if name not in names] if extra == "forbid" else []
    problems = [f"缺少 {quoted(missing)}"] if missing else []
    problems += [f"位置不对 {quoted(astray)}"] if astray else []
    problems += [f"多出 {quoted(further)}"] if further else []
    if any(name.startswith("Unnamed: ") for name in further):
        problems.append("没有名字的列多半是保存时带上了索引（to_csv 要写 index=False）")
    fraction = len(placed) / (len(names) + len(further))
    if all_or_nothing and problems:
        fraction = 0.0
    wanted = "列" + ("依次为：" if order else "：") + "、".join(names)
    reason = f"{'；'.join(problems)}。" if problems else "列名全部正确。"
    return Mark(fraction, shorten(wanted, 150), shown_columns(found), reason)
