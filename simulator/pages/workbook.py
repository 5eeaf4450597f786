"""XLSX files for people: text stays text (nothing is run as a formula), wrapped columns, A4 that prints well."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MOST_CHARS = 32_000
"""Characters of one cell; Excel takes 32,767."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_TITLE = re.compile(r"[\\/*?:\[\]\x00-\x1f]")
A4 = 9


def new_book() -> Workbook:
    """Return a workbook without sheets."""
    from openpyxl import Workbook  # takes 0.2 s, and few pages need it

    book = Workbook()
    book.remove(book.worksheets[0])
    return book


def add_sheet(book: Workbook, title: str, widths: Sequence[float]) -> Worksheet:
    """Add a sheet that prints on A4 upright, as wide as the page; its title is made to fit Excel's rules. widths : in characters."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet: Worksheet = book.create_sheet(_title(book, title))
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.page_setup.paperSize, sheet.page_setup.orientation = A4, "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    sheet.print_options.horizontalCentered = True
    footer = sheet.oddFooter
    assert footer is not None
    footer.center.text = "&P / &N"
    return sheet


def _title(book: Workbook, wanted: str) -> str:
    plain = _NO_TITLE.sub(" ", wanted).strip(" '")[:26] or "Sheet"
    taken = {name.casefold() for name in book.sheetnames}
    names = (plain, *(f"{plain} {n}" for n in range(2, len(taken) + 3)))
    return next(name for name in names if name.casefold() not in taken)


def put(sheet: Worksheet, row: int, values: Iterable[Any], *, bold: bool = False, lines: bool = True) -> None:
    """Write one row from its first column on; None leaves a cell empty. lines : with borders."""
    from openpyxl.styles import Alignment, Border, Font, Side

    thin = Side(style="thin", color="FF808080")
    for column, value in enumerate(values, 1):
        cell = sheet.cell(row, column)
        _fill(cell, value)
        cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="right" if isinstance(value, Decimal | int | float) else None)
        cell.font = Font(bold=bold)
        if lines:
            cell.border = Border(thin, thin, thin, thin)


def _fill(cell: Any, value: Any) -> None:
    if isinstance(value, str):
        cell.value = _CONTROL.sub("", value)[:MOST_CHARS]
        cell.data_type = "s"  # a text that begins with = is no formula
        cell.quotePrefix = True
    elif isinstance(value, Decimal):
        cell.value = int(value) if value == int(value) else float(value)
    else:
        cell.value = value


def merge(sheet: Worksheet, row: int, text: str, columns: int, *, size: int = 11, bold: bool = True, centre: bool = False) -> None:
    """Write one text over the whole width of the table."""
    from openpyxl.styles import Alignment, Font

    cell = sheet.cell(row, 1)
    _fill(cell, text)
    cell.font = Font(bold=bold, size=size)
    cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center" if centre else None)
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=columns)


def repeat(sheet: Worksheet, last: int) -> None:
    """Repeat the rows down to `last` on every printed page, and keep them in view."""
    sheet.print_title_rows = f"1:{last}"
    sheet.freeze_panes = f"A{last + 1}"


def saved(book: Workbook) -> bytes:
    """Return the file."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
