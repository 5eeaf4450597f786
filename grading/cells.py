"""One cell of a table, seen as a number, a date, a truth value or text.

Files of candidates are read strictly: `12元` or `1,234` is text, because a program that reads the file sees text.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Hashable
from datetime import datetime

from grading.text import plain_number, shorten, show_number

Cell = str | int | float | bool | None | datetime

MISSING_WORDS = frozenset({"", "nan", "-nan", "nat", "null", "none", "na", "n/a", "#n/a", "<na>"})
"""Texts that stand for nothing, compared without case and outer spaces (what pandas reads or writes as missing)."""

_DATE = re.compile(
    r"(\d{4})(?P<sep>[-/.年])(\d{1,2})(?:(?P=sep)|(?<=\d)月)(\d{1,2})日?"
    r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?)?", re.ASCII,
)
_INTEGER = re.compile(r"[+-]?\d{1,100}", re.ASCII)


def is_missing(cell: Cell) -> bool:
    """Return True for an empty cell, NaN, and texts such as `NaN`, `null`, `None`, `N/A`.

    >>> is_missing(None), is_missing(" NULL "), is_missing(float("nan")), is_missing("0")
    (True, True, True, False)
    """
    if isinstance(cell, str):
        return len(cell) < 40 and cell.strip().casefold() in MISSING_WORDS
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def as_number(cell: Cell) -> float | None:
    """Return the finite number in `cell`, else None. A truth value is no number.

    >>> as_number("12.50"), as_number(3), as_number("1,234"), as_number("inf"), as_number(True)
    (12.5, 3.0, None, None, None)
    """
    if isinstance(cell, str):
        return plain_number(cell)
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return None
    try:
        return float(cell) if math.isfinite(cell) else None
    except OverflowError:
        return None


def is_integer(cell: Cell) -> bool:
    """Return True for a whole number written without a decimal point (Excel stores every number as a decimal).

    >>> is_integer("12"), is_integer("12.0"), is_integer(12.0)
    (True, False, True)
    """
    if isinstance(cell, str):
        return _INTEGER.fullmatch(cell.strip()) is not None
    number = as_number(cell)
    return number is not None and number.is_integer()


def as_date(cell: Cell) -> datetime | None:
    """Return the date in `cell`: 2024-1-5, 2024/01/05, 2024.1.5 or 2024年1月5日, with an optional time; else None.

    >>> as_date("2024年1月5日"), as_date("2024-02-30")
    (datetime.datetime(2024, 1, 5, 0, 0), None)
    """
    if isinstance(cell, datetime):
        return cell
    match = _DATE.fullmatch(cell.strip()) if isinstance(cell, str) and len(cell) < 60 else None
    if match is None:
        return None
    year, _, month, day, hour, minute, second, fraction = match.groups()
    try:
        return datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0"))
        )
    except ValueError:
        return None


def as_boolean(cell: Cell) -> bool | None:
    """Return the truth value of a real one or of the word true / false, else None."""
    if isinstance(cell, bool):
        return cell
    return {"true": True, "false": False}.get(cell.strip().casefold()) if isinstance(cell, str) else None


def as_text(cell: Cell) -> str:
    """Return the cell as text of one width without outer spaces; "" for a missing cell.

    >>> as_text(" ＡＢ "), as_text(12.0), as_text(datetime(2024, 1, 5))
    ('AB', '12', '2024-01-05')
    """
    if is_missing(cell):
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ").removesuffix(" 00:00:00")
    if isinstance(cell, float):
        return show_number(cell) if not cell.is_integer() else str(int(cell))
    return unicodedata.normalize("NFKC", str(cell)).strip()


def identity(cell: Cell) -> Hashable:
    """Return what two cells must share to be the same thing: number, date, truth value or text; None for a missing cell.

    Whole numbers stay exact at any length, so long order numbers never run together.

    >>> identity("12.50") == identity(12.5), identity("2024/1/5") == identity("2024-01-05"), identity("nan")
    (True, True, None)
    """
    if is_missing(cell):
        return None
    if isinstance(cell, str) and _INTEGER.fullmatch(cell.strip()):
        return int(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    number = as_number(cell)
    if number is not None:
        return number
    date = as_date(cell)
    if date is not None:
        return date
    # True equals 1 in Python; in a table it is a word.
    return as_text(cell) if as_boolean(cell) is None else as_text(cell).casefold()


def same(expected: Cell, found: Cell, *, abs_tol: float = 0.0, rel_tol: float = 0.0) -> bool:
    """Return True if `found` is `expected`: numbers within tolerance, dates as dates, else text; missing is only missing.

    >>> same("12.5", 12.50), same("甲", " 甲"), same(None, "0"), same(100, "101", rel_tol=0.01)
    (True, True, False, True)
    """
    a, b = identity(expected), identity(found)
    if a == b or (isinstance(a, int) and isinstance(b, int) and not abs_tol and not rel_tol):
        return a == b  # long whole numbers differ where their nearest floats do not
    x, y = as_number(expected), as_number(found)
    return x is not None and y is not None and close(x, y, abs_tol=abs_tol, rel_tol=rel_tol)


def close(expected: float, found: float, *, abs_tol: float, rel_tol: float) -> bool:
    """Return True if `found` is finite and no further from `expected` than max(abs_tol, rel_tol·|expected|).

    Eight units in the last place are forgiven: 0.1 + 0.2 is 0.3, and 12.4 is within 0.1 of 12.3.

    >>> close(0.3, 0.1 + 0.2, abs_tol=0, rel_tol=0), close(1.0, float("nan"), abs_tol=9, rel_tol=9)
    (True, False)
    """
    if not math.isfinite(found):
        return False
    slack = 8 * math.ulp(max(abs(expected), abs(found)))
    return abs(found - expected) <= max(abs_tol, rel_tol * abs(expected)) + slack


def show(cell: Cell, limit: int = 30) -> str:
    """Return the cell for a sentence: shortened, in quotes, or （空）."""
    if cell is None or cell == "":
        return "（空）"
    return f"“{shorten(cell if isinstance(cell, str) else as_text(cell) or 'NaN', limit)}”"
