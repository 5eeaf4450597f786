"""CSV files that open in Excel: a BOM, so that it reads the Chinese, and no text that it would run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def excel_csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return the table as bytes."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([plain(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def plain(text: str) -> str:
    """Return `text` so that Excel does not run it when the file is opened (CSV injection)."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
