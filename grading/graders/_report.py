"""Sentences and shares that the table graders have in common. Rows are counted from 1 below the header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field as Key

from grading.cells import Cell, show
from grading.model import Mark
from grading.tables import Table
from grading.text import fold, listing, shorten

ColumnName = Annotated[str, Key(min_length=1, max_length=200)]
Columns = ColumnName | Annotated[tuple[ColumnName, ...], Key(min_length=1)]
Share = Annotated[float, Key(ge=0, lt=1)]
"""`zero_at`: the share of good rows that earns nothing, e.g. that of the untouched data; linear from there to 1."""

EMPTY = "表格只有表头，没有数据行，无法判定，不得分。"


@dataclass(frozen=True)
class Place:
    """One cell and where it stands; row counts from 1 below the header."""

    row: int
    column: str
    cell: Cell

    def __str__(self) -> str:
        return f"数据第 {self.row} 行“{shorten(self.column, 20)}”为{show(self.cell)}"


def names(columns: Columns) -> tuple[str, ...]:
    """Return one column or several as a tuple."""
    return (columns,) if isinstance(columns, str) else tuple(columns)


def quoted(columns: Iterable[str]) -> str:
    """Return column names for a sentence."""
    return listing([f"“{name}”" for name in columns], 5)


def unusable(found: Table, columns: Iterable[str], expected: str, min_rows: int = 1) -> Mark | None:
    """Return the mark of a table without one of `columns` or with fewer than `min_rows` rows; None if it can be judged."""
    missing = found.absent(columns)
    if missing:
        alike = [name for name in found.columns if fold(name) in {fold(wanted) for wanted in missing}]
        hint = f"（{quoted(alike)} 与之相近，请检查空格、大小写和全角半角）" if alike else ""
        return Mark(0.0, expected, shown_columns(found), f"表格里没有 {quoted(missing)} 列{hint}。")
    rows = len(found.rows)
    if rows >= min_rows:
        return None
    return Mark(0.0, expected, f"{rows} 行数据", f"只有 {rows} 行数据，少于 {min_rows} 行，不足以判定，不得分。" if rows else EMPTY)


def shown_columns(found: Table) -> str:
    """Return the columns of `found` for the score sheet."""
    return shorten("列：" + "、".join(found.columns[:20]), 120)


def share_of_rows(
    offences: Sequence[Place], rows: int, *, expected: str, fault: str, all_or_nothing: bool, zero_at: float
) -> Mark:
    """Return the mark for `rows` judged rows of which `offences` (one a row) are not good.

    fault : what the bad rows are, as in "3 行有缺失值".
    """
    good = rows - len(offences)
    if not offences:
        return Mark(1.0, expected, f"{rows} 行全部符合", f"检查了 {rows} 行，全部符合要求。")
    places = "；".join(str(offence) for offence in offences[:3])
    more = "" if len(offences) <= 3 else " 等"
    reason = f"检查了 {rows} 行，{len(offences)} 行{fault}：{places}{more}。"
    return Mark(0.0 if all_or_nothing else stretch(good / rows, zero_at), expected, f"{good}/{rows} 行符合", reason)


def stretch(share: float, zero_at: float) -> float:
    """Return `share` on a scale where `zero_at` is 0 and 1 is 1.

    >>> stretch(0.9, 0.8), stretch(0.5, 0.8)
    (0.5, 0.0)
    """
    return round(max(0.0, (share - zero_at) / (1 - zero_at)), 9)
