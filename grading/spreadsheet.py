"""XLSX files of unknown origin: measured part by part before openpyxl builds anything from them.

A few kilobytes can unpack to gigabytes (zip bomb), expand entities (billion laughs), or name a cell in column ZZZ of
row 1048576. `read_rows` refuses all of these with a sentence, in bounded memory and time.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from datetime import date, datetime, time
from typing import IO, Any
from xml.parsers import expat

from grading.cells import Cell
from grading.errors import ResponseError

MAX_PARTS = 2000
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 100
SMALL = 10 * 1024 * 1024  # below this, an honest table of equal cells may well pack better than MAX_RATIO
MAX_SHEET_ROWS = 1_048_576
MAX_CELLS = 1_000_000  # openpyxl reads some 40,000 cells a second
MAX_CELLS_OF_ROW = 16_384
MAX_STRING_ELEMENTS = 4_000_000
MAX_OTHER_ELEMENTS = 200_000
MAX_DEPTH = 40
_CHUNK = 256 * 1024
_CELL_NAME = re.compile(r"[A-Z]{1,3}[0-9]{1,7}")

DAMAGED = "Excel 文件已损坏，无法读取。请用表格软件打开后重新另存为 .xlsx，再上传。"
SUSPICIOUS = "Excel 文件的内部结构不正常（展开后过大或含有异常内容），已拒绝读取。请只保留数据，另存为新的 .xlsx 后再上传。"


def read_rows(data: bytes, *, max_rows: int, max_columns: int) -> list[tuple[Cell, ...]]:
    """Return the rows of the first visible sheet that are not blank, at least as long as the first one.

    At most `max_rows` + 1 of them, at most `max_columns` + 1 cells each; formulas give their stored values.
    ResponseError for anything that is not an honest workbook.
    """
    return [row for _, row in read_numbered(data, max_rows=max_rows, max_columns=max_columns)]


def read_numbered(data: bytes, *, max_rows: int, max_columns: int) -> list[tuple[int, tuple[Cell, ...]]]:
    """Return the same rows, each with its number in the sheet (from 1)."""
    _measure(data)
    try:
        # openpyxl warns of missing styles and unknown extensions, which say nothing about the values.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(data, max_rows, max_columns)
    except ResponseError:
        raise
    except Exception:
        # The parts are measured; whatever openpyxl stumbles over now is the file's content, not our code.
        raise ResponseError(DAMAGED) from None


def _read(data: bytes, max_rows: int, max_columns: int) -> list[tuple[int, tuple[Cell, ...]]]:
    import openpyxl  # takes 0.2 s, and most responses have no workbook

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    sheets: list[Any] = list(book.worksheets)
    sheet = next((sheet for sheet in sheets if sheet.sheet_state == "visible"), None)
    if sheet is None:
        raise ResponseError("Excel 文件里没有可见的工作表。")
    sheet.reset_dimensions()  # the declared size may be a lie
    rows: list[tuple[int, tuple[Cell, ...]]] = []
    width = max_columns + 1
    for number, values in enumerate(sheet.iter_rows(max_col=max_columns + 1, values_only=True), 1):
        # Two cells can span a million rows of 200 columns: what is blank is skipped at C speed.
        if values.count(None) == len(values):
            continue
        beyond = values[width:]
        row = tuple(_cell(value) for value in (values if beyond.count(None) < len(beyond) else values[:width]))
        if row.count(None) == len(row):  # nothing but empty texts
            continue
        if not rows:
            width = max(place + 1 for place, cell in enumerate(row) if cell is not None)
        rows.append((number, row))
        if len(rows) > max_rows:
            break
    return rows


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, (str, int, float, datetime)):
        return None if value == "" else value
    if isinstance(value, date):
        return datetime.combine(value, time())
    return str(value)  # times and durations


def _measure(data: bytes) -> None:
    """Check the archive and every XML part of it; ResponseError if one is not as a spreadsheet writes it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or (unpacked > SMALL and unpacked > MAX_RATIO * len(data)):
                raise ResponseError(SUSPICIOUS)
            if "xl/workbook.xml" not in archive.namelist():
                raise ResponseError("文件扩展名是 .xlsx，内容却不是 Excel 工作簿。")
            measure = _Measure()
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    with archive.open(part) as stream:
                        measure.feed(stream, part.filename)
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, OSError, RuntimeError, ValueError):
        raise ResponseError(DAMAGED) from None  # RuntimeError: encrypted, or packed in a way that we cannot unpack


class _Measure:
    """Counts the elements of XML parts while they stream by; keeps nothing of them."""

    def __init__(self) -> None:
        self.depth = self.cells = self.cells_of_row = self.strings = self.others = 0
        self.in_strings = False

    def feed(self, stream: IO[bytes], name: str) -> None:
        """Read the part `name` from `stream` to its end."""
        self.in_strings = name.endswith("sharedStrings.xml")
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse
        fed = 0
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
            fed += len(chunk)
            # One endless tag would be scanned again with every chunk, here and in openpyxl.
            if fed - parser.CurrentByteIndex > 2 * _CHUNK:
                raise ResponseError(SUSPICIOUS)
        parser.Parse(b"", True)

    def _refuse(self, *_: object) -> None:
        raise ResponseError(SUSPICIOUS)  # spreadsheets never declare a document type; entity tricks need one

    def _end(self, _: str) -> None:
        self.depth -= 1

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        tag = name.rpartition(" ")[2]
        if self.in_strings:
            self.strings += 1
        elif tag == "c":
            self.cells += 1
            self.cells_of_row += 1
            if not _CELL_NAME.fullmatch(attributes.get("r", "A1")):
                raise ResponseError(DAMAGED)
        elif tag == "row":
            self.cells_of_row = 0
            if not 0 < int(attributes.get("r", "1")) <= MAX_SHEET_ROWS:
                raise ResponseError(DAMAGED)
        elif tag not in ("v", "f", "is", "t"):
            self.others += 1
        if self.cells > MAX_CELLS:
            raise ResponseError(f"Excel 工作簿的单元格超过 {MAX_CELLS} 个，请另存为 CSV 再上传。")
        if (
            self.depth > MAX_DEPTH or self.cells_of_row > MAX_CELLS_OF_ROW
            or self.strings > MAX_STRING_ELEMENTS or self.others > MAX_OTHER_ELEMENTS
        ):
            raise ResponseError(SUSPICIOUS)
