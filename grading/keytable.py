"""The expected table in `key/`: read strictly, for whatever is wrong with it is the author's to mend."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from grading.cells import Cell, identity, show
from grading.errors import ResponseError, TaskError
from grading.registry import KeyFile
from grading.tables import Table, read_table
from grading.text import listing

RowKey = tuple[Hashable, ...]


def read_key(key: KeyFile, columns: Iterable[str], on: Sequence[str]) -> Table:
    """Return the table of `key`; TaskError unless it has `columns`, rows, and one row for each value of `on`."""
    try:
        table = read_table(key.upload())
    except ResponseError as error:
        raise TaskError(f"标准答案表读不出来：{error}", file=key.path) from None
    missing = table.absent([*on, *columns])
    if missing:
        raise TaskError(f"标准答案表没有 {listing(missing)} 列；现有：{', '.join(table.columns)}", file=key.path)
    if not table.rows:
        raise TaskError("标准答案表没有数据行", file=key.path)
    seen: set[RowKey] = set()
    for row, name in zip(row_keys(table, on), table.pick(on), strict=True):
        if None in row or row in seen:
            raise TaskError(f"标准答案表的 {'+'.join(on)} 应无缺失、无重复，而 {show_key(name)} 不是", file=key.path)
        seen.add(row)
    return table


def row_keys(table: Table, on: Sequence[str]) -> list[RowKey]:
    """Return for each row what identifies it by the columns `on` (numbers as numbers, dates as dates)."""
    return [tuple(identity(cell) for cell in row) for row in table.pick(on)]


def show_key(cells: Iterable[Cell]) -> str:
    """Return the cells that name a row, for a sentence."""
    return "+".join(show(cell, 20) for cell in cells)
