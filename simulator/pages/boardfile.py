"""The board as a file for staff, with all that is known: CSV and XLSX. Values only; nothing that Excel would run as a formula."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from sqlalchemy.orm import Session

from simulator import boards, catalog, results
from simulator.models import Exam, User
from simulator.pages.board import audience
from simulator.pages.boardtable import awarded, in_division
from simulator.pages.csvfile import excel_csv
from simulator.services import services
from simulator.standings import Standing

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export_csv(session: Session, exam: Exam, user: User, zone: ZoneInfo) -> bytes:
    """Return the board as CSV for Excel. The column names are Chinese in any language, like the titles and names below them."""
    head, *rows = _lines(session, exam, user, zone)
    return excel_csv(head, rows)


def export_xlsx(session: Session, exam: Exam, user: User, zone: ZoneInfo) -> bytes:
    """Return the board as a workbook of one sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("成绩")
    sheet.freeze_panes = "A2"
    for line in _lines(session, exam, user, zone):
        sheet.append([_value(sheet, value) for value in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _value(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return float(value) if isinstance(value, Decimal) else value
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value))
    cell.data_type = "s"  # a name that begins with "=" is a name
    return cell


def _lines(session: Session, exam: Exam, user: User, zone: ZoneInfo) -> Iterator[list[Any]]:
    """Yield the head and one line for each candidate: final marks, whatever is frozen; names only for those who may see them."""
    entries = results.entries(session, exam)
    board, frozen = boards.everything(session, exam, entries), boards.public(session, exam, entries)
    won, modules = awarded(board.standings, exam), catalog.paper_spec(exam.paper).modules
    split = catalog.is_split(session, services().tasks, exam.paper)
    titles = [m.title for m in modules]
    yield ["名次", "组内名次", "组别", "考号", "账号", "姓名", "班级", *titles, *(f"{t}（公开部分）" for t in titles if split), "扣分",
           "总分", "满分", "用时（秒）", "交卷时间", "未评完的题", "奖项", "封榜后交卷"]  # fmt: skip
    own = _division_ranks(board.standings, exam)
    names = audience(exam, user) != "staff"
    for standing in board.standings:
        e = standing.entry
        public = [cell.shown(final=False).earned for cell in e.cells] if split else []
        ended = e.ended.astimezone(zone).isoformat(sep=" ", timespec="seconds") if e.ended else ""
        yield [
            standing.rank, own[e.user_id], e.division, e.code, *((e.number, e.name, e.group) if names else ("", "", "")),
            *(cell.earned for cell in e.cells), *public, e.penalty, e.total, e.marks, "" if e.seconds is None else e.seconds, ended,
            e.pending, won.get(e.user_id, ""), "是" if e.user_id in frozen.hidden and not results.final(exam) else "",
        ]


def _division_ranks(standings: list[Standing], exam: Exam) -> dict[int, int]:
    divisions = {s.entry.division for s in standings}
    ranked = (in_division(standings, exam, division) for division in divisions if division)
    found = {s.entry.user_id: s.rank for division in ranked for s in division}
    return {s.entry.user_id: found.get(s.entry.user_id, s.rank) for s in standings}
