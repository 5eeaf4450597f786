"""Item analysis as instructors read it: figures in words and colours, warnings that say what to look at."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from simulator import itemreport
from simulator.catalog import TaskCache
from simulator.itemreport import FEW, Option, Row
from simulator.models import Exam

EASY, HARD, WEAK, BLANK, ERRORS = 0.95, 0.15, 0.15, 0.3, 0.0


def items_view(session: Session, cache: TaskCache, exam: Exam) -> dict[str, Any]:
    """Return the item analysis of `exam`."""
    found = itemreport.report(session, cache, exam)
    return {
        "exam": {"id": exam.id, "title": exam.title, "mode": exam.mode, "url": url_for("desk.exam", exam_id=exam.id)},
        "candidates": found.candidates, "few": found.candidates < FEW, "test": found.test,
        "points": [_row_view(row) for row in found.points], "tasks": [_row_view(row) for row in found.tasks],
        "codes": [_row_view(row) for row in found.codes],
    }


def _row_view(row: Row) -> dict[str, Any]:
    return {
        "title": row.title, "name": " · ".join(row.key), "marks": row.marks, "figures": row.figures, "blank": row.blank,
        "errors": row.errors, "options": [_option_view(option) for option in row.options], "warnings": warnings(row),
    }


def _option_view(option: Option) -> dict[str, Any]:
    names = {"T": _("正确"), "F": _("错误")}
    return {"name": names.get(option.id, option.id), "right": option.right, "all": option.all, "upper": option.upper, "lower": option.lower}


def warnings(row: Row) -> list[str]:
    """Return what is odd about an item, each with what to look at; nothing is said of too few candidates."""
    figures, found = row.figures, []
    if row.errors > ERRORS:
        found.append(_("有评分异常：先在考务页重新评分"))
    if figures.n < FEW or figures.facility is None:
        return found
    if figures.discrimination_index is not None and figures.discrimination_index < 0:
        found.append(_("区分度为负：检查答案"))
    elif figures.discrimination_index is not None and figures.discrimination_index < WEAK and HARD <= figures.facility <= EASY:
        found.append(_("区分度低：检查题意和干扰项"))
    if figures.facility > EASY:
        found.append(_("几乎人人得分：太容易，区分不出水平"))
    if figures.facility < HARD:
        found.append(_("几乎无人得分：太难，或题意、答案有问题"))
    if row.blank > BLANK:
        found.append(_("空白多：时间不够或题意不清"))
    return found + _option_warnings(row.options)


def _option_warnings(options: tuple[Option, ...]) -> list[str]:
    found = []
    unused = [option.id for option in options if not option.right and option.all == 0]
    if unused:
        found.append(_("选项 %(options)s 没有人选：换一个干扰项", options=_("、").join(unused)))
    luring = [option.id for option in options if not option.right and option.upper > option.lower and option.upper > 1]
    if luring:
        found.append(_("选项 %(options)s 高分组选得更多：检查它是否也对", options=_("、").join(luring)))
    return found
