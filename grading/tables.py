"""Tables handed in as CSV, TSV or XLSX, read under bounds into plain rows.

A Table has a header and rows of equal length. Cells of a CSV stay text (an empty one is None); a workbook keeps its
numbers, dates and truth values. `grading.cells` says what a cell is worth.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grading import spreadsheet
from grading.cells import Cell, as_text
from grading.errors import ResponseError
from grading.magic import NAMES, sniff
from grading.model import Upload
from grading.text import listing, shorten

MB = 1024 * 1024
MAX_BYTES = 20 * MB
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL = 32_767
"""Characters in one cell; the limit of Excel."""

EXTENSIONS = (".csv", ".tsv", ".xlsx")
_DELIMITERS = {",": "逗号", ";": "分号", "\t": "制表符"}


@dataclass(frozen=True)
class Table:
    """A header and its rows; every row is as long as the header, and no two columns share a name."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def absent(self, names: Iterable[str]) -> list[str]:
        """Return those of `names` that are no column."""
        return [name for name in names if name not in self.columns]

    def column(self, name: str) -> tuple[Cell, ...]:
        """Return the cells below `name`; ValueError if there is no such column."""
        place = self.columns.index(name)
        return tuple(row[place] for row in self.rows)

    def pick(self, names: Iterable[str]) -> list[tuple[Cell, ...]]:
        """Return the rows cut down to the columns `names`, in that order; ValueError if one is missing."""
        places = [self.columns.index(name) for name in names]
        return [tuple(row[place] for place in places) for row in self.rows]


def read_table(
    upload: Upload, *, max_bytes: int = MAX_BYTES, max_rows: int = MAX_ROWS, max_columns: int = MAX_COLUMNS
) -> Table:
    """Return the table in `upload`; ResponseError says in one sentence what keeps it from being read.

    max_bytes : size of the file; max_rows : rows below the header; max_columns : columns.
    """
    extension = upload.name[upload.name.rfind(".") :].lower() if "." in upload.name else ""
    if extension not in EXTENSIONS:
        raise ResponseError(f"表格文件应是 {'、'.join(EXTENSIONS)}，收到的是“{shorten(upload.name)}”。")
    if not upload.data:
        raise ResponseError("文件是空的（0 字节）。")
    if len(upload.data) > max_bytes:
        raise ResponseError(f"文件有 {len(upload.data) / MB:.1f} MB，超过 {max_bytes / MB:g} MB。")
    _check_magic(upload.data, extension)
    if extension == ".xlsx":
        rows = spreadsheet.read_rows(upload.data, max_rows=max_rows + 1, max_columns=max_columns)
        return _assemble(iter(rows), max_rows, max_columns)
    text = decode(upload.data)
    if "\0" in text:
        raise ResponseError("文件里有 NUL 字符，不是文本表格（如果是 UTF-16 编码，请另存为 UTF-8）。")
    delimiter = find_delimiter(text, prefer="\t" if extension == ".tsv" else ",")
    return _assemble(_csv_rows(text, delimiter), max_rows, max_columns)


def decode(data: bytes) -> str:
    """Return the text of a CSV file: UTF-8 or UTF-16 by its mark, else UTF-8, else GB18030 (which covers GBK)."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ResponseError("文件编码无法识别，请另存为 UTF-8 编码的 CSV。")


def find_delimiter(text: str, *, prefer: str = ",") -> str:
    """Return the delimiter that cuts the header into most columns; `prefer` wins a tie.

    >>> find_delimiter("a;b;c\\n1,5;2;3"), find_delimiter("a")
    (';', ',')
    """
    header = text.lstrip("\r\n").partition("\n")[0].partition("\r")[0]
    bare = "".join(header.split('"')[::2])  # what stands inside quotes separates nothing
    return max([prefer, *(d for d in _DELIMITERS if d != prefer)], key=bare.count)


def _check_magic(data: bytes, extension: str) -> None:
    kind = sniff(data)
    if extension == ".xlsx" and kind == "ole":
        raise ResponseError("这是旧版 .xls 或加密的工作簿。请去掉密码并另存为 .xlsx，再上传。")
    if extension == ".xlsx" and kind != "zip":
        raise ResponseError("文件扩展名是 .xlsx，内容却不是 Excel 工作簿。请用表格软件另存为 .xlsx，不要只改扩展名。")
    if extension != ".xlsx" and kind:
        raise ResponseError(f"文件扩展名是 {extension}，内容却是 {NAMES[kind]}。请用表格软件另存为 CSV，不要只改扩展名。")


def _csv_rows(text: str, delimiter: str) -> Iterator[tuple[Cell, ...]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, row in enumerate(reader):  # noqa: B007  named in the sentence below
            yield tuple(cell or None for cell in row)
    except csv.Error as error:
        problem = "单元格过长" if "field limit" in str(error) else "引号不配对"
        raise ResponseError(f"CSV 在数据第 {number + 1} 行附近无法读取：{problem}。") from None


def _assemble(rows: Iterator[tuple[Cell, ...]], max_rows: int, max_columns: int) -> Table:
    """Return the Table of `rows`; the first is the header, and empty lines (rows without cells) are left out."""
    filled = (row for row in rows if row)
    columns = _header(next(filled, ()), max_columns)
    body: list[tuple[Cell, ...]] = []
    for row in filled:
        if len(body) == max_rows:
            raise ResponseError(f"表格超过 {max_rows} 行数据。")
        body.append(_fit(row, columns, len(body) + 1))
    return Table(columns, tuple(body))


def _header(header: tuple[Cell, ...], max_columns: int) -> tuple[str, ...]:
    cells = _trimmed(header)
    if not cells:
        raise ResponseError("表格里没有内容，至少要有一行表头。")
    if len(cells) > max_columns:
        raise ResponseError(f"表格超过 {max_columns} 列。")
    # pandas gives columns without a name this one; it mostly means that the index was saved too.
    columns = tuple(f"Unnamed: {place}" if cell is None else _name(cell) for place, cell in enumerate(cells))
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise ResponseError(f"表头里有重复的列名：{listing(repeated)}。每一列要有自己的名字。")
    return columns


def _name(cell: Cell) -> str:
    name = cell if isinstance(cell, str) else as_text(cell)
    if len(name) > MAX_CELL:
        raise ResponseError(f"表头里有超过 {MAX_CELL} 字的列名。")
    return name


def _trimmed(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _fit(row: tuple[Cell, ...], columns: tuple[str, ...], number: int) -> tuple[Cell, ...]:
    """Return `row` with exactly one cell per column; ResponseError names the row if that cannot be."""
    width = len(columns)
    if len(row) > width and any(cell is not None for cell in row[width:]):
        raise ResponseError(f"数据第 {number} 行有 {len(_trimmed(row))} 列，表头只有 {width} 列。内容里的逗号要用引号括起来。")
    if len(row) < width:
        raise ResponseError(f"数据第 {number} 行只有 {len(row)} 列，表头有 {width} 列。")
    for place, cell in enumerate(row[:width]):
        if isinstance(cell, str) and len(cell) > MAX_CELL:
            raise ResponseError(f"数据第 {number} 行“{shorten(columns[place])}”列的内容超过 {MAX_CELL} 字。")
    return row[:width]
