"""A table against the expected one, cell by cell."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated

from pydantic import Field as Key

from grading.cells import same, show
from grading.errors import TaskError
from grading.graders._report import Columns, Share, names, quoted, stretch, unusable
from grading.keytable import read_key, row_keys, show_key
from grading.model import Mark
from grading.registry import KeyFile, grader
from grading.tables import Table
from grading.text import shorten

Tolerance = Annotated[float, Key(ge=0, allow_inf_nan=False)]


def _check(*, key: KeyFile, on: Columns, columns: Columns | None, **_: object) -> None:
    both = set(names(on)) & set(names(columns or ()))
    if both:
        raise TaskError(f"columns 里不写 on 的列：{quoted(sorted(both))}", key="args.columns")
    read_key(key, names(columns or ()), names(on))


@grader(validate=_check)
def table_match(
    found: Table, *, key: KeyFile, on: Columns, columns: Columns | None = None, abs_tol: Tolerance = 0.0, rel_tol: Tolerance = 0.0,
    order_free: bool = True, all_or_nothing: bool = False, zero_at: Share = 0.0,
) -> Mark:
    """Mark a table cell by cell: matching cells / (compared columns × all rows, expected, missing or extra).

    Rows are paired by `on`; a second row with the same `on` is an extra row. Numbers are compared as numbers (`12.50` is
    12.5), dates as dates, anything else as text of one width without outer spaces. Other columns are ignored.

    Parameters
    ----------
    found : the table
    key : the expected table in `key/` (CSV or XLSX)
    on : the column, or columns together, that name a row
    columns : what to compare; all columns of `key` besides `on` if not given
    abs_tol, rel_tol : a number may differ by max(abs_tol, rel_tol · |expected|)
    order_free : False if a row must also stand at its place, counted from the top
    all_or_nothing : True for full marks or none
    zero_at : share of matching cells that earns nothing, e.g. that of the untouched data (linear from there)

    Returns
    -------
    Mark with the share of matching cells

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "clean.csv"
    >>> _ = path.write_text("id,price\\n1,12.5\\n2,8\\n")
    >>> table_match(Table(("id", "price"), (("2", "8"), ("1", "12.50"))), key=KeyFile(path), on="id").fraction
    1.0
    >>> table_match(Table(("id", "price"), (("1", "12.5"),)), key=KeyFile(path), on="id").fraction
    0.5
    """
    ids = names(on)
    wanted = read_key(key, names(columns or ()), ids)
    compared = names(columns) if columns else tuple(c for c in wanted.columns if c not in ids) or ids
    expected = shorten(f"{len(wanted.rows)} 行 × {len(compared)} 列（{'、'.join(compared)}）与标准表一致", 150)
    if (bad := unusable(found, ids, expected)) is not None:
        return bad
    tally = _Tally(found, wanted, ids, compared, order_free, abs_tol, rel_tol)
    cells = tally.all_rows * len(compared)
    reason = tally.sentence()
    fraction = float(not reason) if all_or_nothing or not reason else stretch(tally.matching / cells, zero_at)
    return Mark(fraction, expected, f"{tally.matching}/{cells} 个单元格一致", reason or f"{cells} 个单元格全部一致。")


class _Tally:
    """Counts what matches between the found and the expected table, and keeps the first places that do not."""

    def __init__(
        self, found: Table, wanted: Table, on: tuple[str, ...], compared: tuple[str, ...], order_free: bool, abs_tol: float,
        rel_tol: float,
    ) -> None:
        self.matching = self.extra = self.repeated = self.misplaced = 0
        self.places: list[str] = []
        self.lacking = found.absent(compared)
        present = tuple(column for column in compared if column not in self.lacking)
        rows = {row: (number, cells) for number, (row, cells) in enumerate(zip(row_keys(wanted, on), wanted.pick(present), strict=True))}
        paired: set[tuple[Hashable, ...]] = set()
        for number, (row, cells) in enumerate(zip(row_keys(found, on), found.pick(present), strict=True)):
            if row not in rows or row in paired:
                self.repeated += row in paired
                self.extra += row not in rows
                continue
            paired.add(row)
            place, expected = rows[row]
            if not order_free and place != number:
                self.misplaced += 1
                continue
            for column, a, b in zip(present, expected, cells, strict=True):
                if same(a, b, abs_tol=abs_tol, rel_tol=rel_tol):
                    self.matching += 1
                elif len(self.places) < 3:
                    self.places.append(f"数据第 {number + 1} 行“{shorten(column, 20)}”为{show(b)}")
        self.missing = [show_key(cells) for row, cells in zip(rows, wanted.pick(on), strict=True) if row not in paired]
        self.all_rows = len(wanted.rows) + self.extra + self.repeated
        self.wrong = (len(paired) - self.misplaced) * len(present) - self.matching

    def sentence(self) -> str:
        """Return what does not match, or "" if all does."""
        parts = [f"缺少 {quoted(self.lacking)} 列"] if self.lacking else []
        parts += [f"缺少 {len(self.missing)} 行（如 {self.missing[0]}）"] if self.missing else []
        parts += [f"多出 {self.extra} 行"] if self.extra else []
        parts += [f"重复 {self.repeated} 行"] if self.repeated else []
        parts += [f"{self.misplaced} 行的次序不对"] if self.misplaced else []
        parts += [f"{self.wrong} 个单元格不一致，如{'；'.join(self.places)}"] if self.wrong else []
        return f"{'；'.join(parts)}。" if parts else ""
