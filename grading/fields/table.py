"""Table: a CSV, TSV or XLSX file. Raw value: Upload; parsed: grading.tables.Table."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field as Key

from grading.errors import ResponseError
from grading.fields import FieldKind
from grading.model import FieldSpec, Upload
from grading.tables import MB, Table, read_table


class TableSpec(FieldSpec):
    """A table field; max_mb : MiB of the file, max_rows : rows below the header."""

    kind: Literal["table"] = "table"
    max_mb: float = Key(5, gt=0, le=20)
    max_rows: int = Key(200_000, ge=1, le=1_000_000)
    max_columns: int = Key(200, ge=1, le=1000)


def is_blank(raw: Any) -> bool:
    """Return True if no file was handed in (an empty file is not blank, it is unreadable)."""
    return raw is None or raw == ""


def parse(raw: Any, spec: TableSpec) -> Table:
    """Return the table; ResponseError if it cannot be read within the bounds."""
    if not isinstance(raw, Upload):
        raise ResponseError("这里应上传一个表格文件。")
    return read_table(raw, max_bytes=int(spec.max_mb * MB), max_rows=spec.max_rows, max_columns=spec.max_columns)


KIND = FieldKind("table", TableSpec, "table", True, is_blank, parse)
