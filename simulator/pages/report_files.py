"""Reports as XLSX: the score sheets of some candidates, and the report of a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from simulator.pages.workbook import add_sheet, merge, new_book, put, repeat, saved

if TYPE_CHECKING:
    from openpyxl import Workbook

SHEET_WIDTHS = (11, 8, 40, 24, 24, 8)


def score_book(sheets: Sequence[Mapping[str, Any]], heads: Sequence[str], zone: ZoneInfo) -> bytes:
    """Return one workbook with a sheet for each candidate, in the official layout."""
    book = new_book()
    for one in sheets:
        _score_sheet(book, one, heads, zone)
    return saved(book)


def _score_sheet(book: Workbook, one: Mapping[str, Any], heads: Sequence[str], zone: ZoneInfo) -> None:
    sheet, wide = add_sheet(book, f"{one['number']} {one['name']}", SHEET_WIDTHS), len(heads)
    merge(sheet, 1, _("%(occupation)s  %(level)s  评分表", occupation=one["occupation"], level=one["level"]), wide, size=14, centre=True)
    merge(sheet, 2, _("场次：%(exam)s    试卷：%(paper)s", exam=one["exam"], paper=one["paper"]), wide, bold=False)
    name, group, ended = one["name"] or "—", one["group"] or "—", one["ended"].astimezone(zone)
    who = _("考号：%(number)s    姓名：%(name)s    班级：%(group)s", number=one["number"], name=name, group=group)
    merge(sheet, 3, who, wide, bold=False)
    handed_in = _("交卷时间：%(at)s    第 %(n)s 次作答", at=f"{ended:%Y-%m-%d %H:%M %Z}", n=one["attempt"])
    merge(sheet, 4, handed_in, wide, bold=False)
    put(sheet, 5, heads, bold=True)
    repeat(sheet, 5)
    row = 6
    for table in one["tables"]:
        merge(sheet, row, _("模块：%(module)s    试题：%(task)s", module=table["module"], task=table["title"]), wide)
        for line in table["rows"]:
            row += 1
            put(sheet, row, [line["id"], line["marks"], line["text"], line["expected"], line["found"], _earned(line)])
        put(sheet, row + 1, [_("合计"), table["marks"], None, None, _unsettled(table["unsettled"]), table["earned"]], bold=True)
        row += 2
    penalty = _("已扣超时 %(marks)s 分", marks=f"{one['penalty'].normalize():f}") if one["penalty"] else None
    put(sheet, row, [_("总分"), one["marks"], None, penalty, _unsettled(one["unsettled"]), one["earned"]], bold=True)
    merge(sheet, row + 2, _("考评员：__________    审核：__________    日期：__________"), wide, bold=False)


def _earned(line: Mapping[str, Any]) -> Any:
    return _("待定") if line["earned"] is None else line["earned"]


def _unsettled(count: int) -> str | None:
    return _("还有 %(n)s 项没有评定", n=count) if count else None


def class_book(view: Mapping[str, Any]) -> bytes:
    """Return the class report as a workbook: its page's figures, a sheet for each of its tables."""
    book = new_book()
    _figures(book, view)
    modules = [module["title"] for module in view["modules"]]
    _table(book, _("考生"), [_("考号或账号"), _("姓名"), _("班级"), *modules, _("总分"), _("满分"), _("结果")], [
        [r["number"], r["name"], r["group"], *r["cells"], r["total"], r["marks"], outcome(r)] for r in view["rows"]
    ])
    _table(book, _("薄弱代码"), [_("代码"), _("内容"), _("类别"), _("人数"), _("次数"), _("得分率（百分数）")], [
        [c["code"], c["name"], c["kind"], c["candidates"], c["figure"]["n"], round(c["figure"]["share"], 1)] for c in view["codes"]
    ])
    _table(book, _("薄弱评分点"), [_("试题"), _("评分点"), _("人数"), _("得分率（百分数）")], [
        [p["task"], p["point"], p["candidates"], round(p["figure"]["share"], 1)] for p in view["points"]
    ])
    _table(book, _("失分原因"), [_("原因"), _("评分点"), _("失分"), _("占比（百分数）")], [
        [loss["cause"], loss["points"], loss["marks"], loss["percent"]] for loss in view["losses"]
    ])
    return saved(book)


def outcome(row: Mapping[str, Any]) -> str:
    """Return a candidate's result in words."""
    if row["pending"]:
        return str(_("评分中"))
    return str({None: _("已评分"), True: _("合格"), False: _("未合格")}[row["passed"]])


def _figures(book: Workbook, view: Mapping[str, Any]) -> None:
    total = view["total"]
    rows = [[_("总分"), total["marks"], *_spread(total["spread"])]]
    rows += [[module["title"], module["marks"], *_spread(module["spread"])] for module in view["modules"]]
    heads = [_("模块"), _("满分"), _("人数"), _("平均"), _("中位数"), _("标准差"), _("最低"), _("最高")]
    name = " · ".join(part for part in (view["exam"]["title"], view["group"]) if part)
    sheet = add_sheet(book, _("概览"), [26, *([10] * 7)])
    merge(sheet, 1, _("班级报告 · %(name)s", name=name), len(heads), size=14)
    put(sheet, 2, heads, bold=True)
    for number, row in enumerate(rows, 3):
        put(sheet, number, row)
    start = len(rows) + 4
    put(sheet, start, [_("部分"), _("人数"), _("合格人数")], bold=True)
    for number, part in enumerate(view["parts"], start + 1):
        put(sheet, number, [part["title"], part["of"], "—" if part["passed"] is None else part["passed"]])
    start += len(view["parts"]) + 2
    put(sheet, start, [_("得分率"), _("人数")], bold=True)
    for number, bar in enumerate(view["bars"]["bars"], start + 1):
        put(sheet, number, [f"{bar['from']}–{bar['to']}%", bar["count"]])


def _spread(spread: Any) -> list[Any]:
    means = ["—" if value is None else round(value, 2) for value in (spread.mean, spread.median, spread.sd)]
    return [spread.n, *means, *("—" if value is None else value for value in (spread.low, spread.high))]


def _table(book: Workbook, title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    sheet = add_sheet(book, title, [max(10, *(min(44, _wide(line[n])) for line in [heads, *rows])) for n in range(len(heads))])
    put(sheet, 1, heads, bold=True)
    for number, row in enumerate(rows, 2):
        put(sheet, number, row)
    repeat(sheet, 1)


def _wide(value: Any) -> int:
    """Return how wide a cell's text is in characters of a column; Chinese ones are twice as wide."""
    return 2 + sum(2 if ord(character) > 0x2E80 else 1 for character in str(value))
