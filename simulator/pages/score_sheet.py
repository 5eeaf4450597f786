"""Score sheets in the layout of the official ones: 细则编号 · 配分 · 评分细则描述 · 规定或标称值 · 结果或实际值 · 得分, and 合计.

The values are those of the result page, by its rules: what a candidate may not see there does not stand here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy.orm import Session

from grading.totals import UNSETTLED, counts
from simulator import catalog, classreport
from simulator.catalog import TaskCache
from simulator.errors import Refused
from simulator.models import Attempt, Exam, Group
from simulator.pages.report import FORMS
from simulator.pages.report_class import identity
from simulator.pages.result import released, sheet_view

OCCUPATION = _l("人工智能训练师 4-04-05-05")
LEVELS = {1: _l("一级/高级技师"), 2: _l("二级/技师"), 3: _l("三级/高级工"), 4: _l("四级/中级工"), 5: _l("五级/初级工")}
HEADS = (
    _l("细则编号"), _l("配分"), _l("评分细则描述"), _l("规定或标称值"), _l("结果或实际值"), _l("得分"),
)
MOST = 200
"""Score sheets of one file or page."""


def check_visible(attempt: Attempt, *, staff: bool) -> None:
    """Raise Refused unless the marks of `attempt` may be seen, as on the result page."""
    if attempt.state == "running":
        raise Refused("考生还在作答。", "交卷后可以查看评分表。", status=409)
    if not released(attempt, staff=staff):
        raise Refused("成绩还没有公布。", "公布后可以在这里查看评分表。", status=403)


def one_view(
    session: Session, cache: TaskCache, attempt: Attempt, args: Mapping[str, str], now: datetime, *, staff: bool
) -> dict[str, Any]:
    """Return the page with the score sheet of one attempt."""
    check_visible(attempt, staff=staff)
    every = args.get("theory") == "items"
    return {
        "sheets": [sheet(session, cache, attempt, now, staff=staff, every=every)], "heads": heads(), "title": attempt.exam.title,
        "back_url": url_for("results.show", attempt_id=attempt.id), "back_text": _("成绩单"), "every": every,
        **_links("reports.sheet", "reports.book", every=every, attempt_id=attempt.id),
    }


def class_view(
    session: Session, cache: TaskCache, exam: Exam, group: Group | None, args: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Return the page with the score sheets of a class, one candidate after the other."""
    every = args.get("theory") == "items"
    given: dict[str, Any] = {"exam_id": exam.id, **({"group": group.id} if group else {})}
    return {
        "sheets": class_sheets(session, cache, exam, group, now, every=every), "heads": heads(), "title": exam.title, "every": every,
        "back_url": url_for("reports.class_report", **given), "back_text": _("班级报告"),
        **_links("reports.class_sheets", "reports.class_book", every=every, **given),
    }


def _links(page: str, book: str, *, every: bool, **given: Any) -> dict[str, Any]:
    """Return where the other kind of sheet is (theory item by item, or in short), and the workbook of this one."""
    items: dict[str, Any] = {"theory": "items"}
    return {"other_url": url_for(page, **given, **({} if every else items)), "book_url": url_for(book, **given, **(items if every else {}))}


def heads() -> list[str]:
    """Return the titles of the six columns."""
    return [str(text) for text in HEADS]


def class_sheets(
    session: Session, cache: TaskCache, exam: Exam, group: Group | None, now: datetime, *, every: bool
) -> list[dict[str, Any]]:
    """Return the sheets of every candidate's best attempt; Refused for more than MOST."""
    rows = classreport.best(session, exam, group)
    if not rows:
        raise Refused("还没有人交卷，没有评分表。", "有人交卷后再来导出。", status=404)
    if len(rows) > MOST:
        too_many = _("一次最多 %(most)s 份评分表，这里有 %(n)s 份。", most=MOST, n=len(rows))
        raise Refused(too_many, "请在班级报告里先选一个班级。", status=413)
    chosen = sorted(classreport.attempts(session, rows), key=lambda attempt: (attempt.user.username, attempt.id))
    known = classreport.numbers(session, exam)
    sheets = [sheet(session, cache, attempt, now, staff=True, every=every, known=known) for attempt in chosen]
    return sorted(sheets, key=lambda one: one["number"]) if classreport.anonymous(exam) else sheets


def sheet(
    session: Session, cache: TaskCache, attempt: Attempt, now: datetime, *, staff: bool, every: bool,
    known: Mapping[int, str] | None = None,
) -> dict[str, Any]:
    """Return one candidate's score sheet: the head, and a table for each task, or for each theory module.

    every : theory item by item, else a row for each form; known : user id → 考号 of the exam, looked up if not given.
    """
    exam, user = attempt.exam, attempt.user
    paper = catalog.paper_spec(exam.paper)
    numbers = classreport.numbers(session, exam) if known is None else known
    hidden = staff and classreport.anonymous(exam)
    view = sheet_view(session, cache, attempt, now, staff=staff)
    tables = [table for module in view["modules"] for table in _tables(module, every=every, half=view["half"])]
    return {
        **identity(user.name, user.username, numbers.get(user.id, ""), hidden=hidden), "hidden": hidden, "occupation": str(OCCUPATION),
        "level": str(LEVELS[paper.level]) if paper.level else "—", "exam": exam.title, "paper": paper.title, "attempt": attempt.number,
        "group": user.group.name if user.group and not hidden else "", "ended": attempt.ended_at, "tables": tables,
        "earned": view["earned"], "marks": view["marks"], "unsettled": view["pending"],
        "penalty": view["penalty"],
    }


def _tables(module: Mapping[str, Any], *, every: bool, half: str) -> list[dict[str, Any]]:
    theory = [task for task in module["tasks"] if task["form"]]
    tables = [_table(module["title"], _("逐题") if every else _("按题型"), _items(theory) if every else _by_form(theory))] if theory else []
    practical = [task for task in module["tasks"] if not task["form"]]
    return tables + [_table(module["title"], f"{task['label']} {task['title']}", _points(task, half)) for task in practical]


def _table(module: str, title: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    decided = [row["earned"] for row in rows if row["earned"] is not None]
    return {
        "module": module, "title": title, "rows": rows, "marks": sum((row["marks"] for row in rows), Decimal(0)),
        "earned": sum(decided, Decimal(0)), "unsettled": len(rows) - len(decided),
    }


def _points(task: Mapping[str, Any], half: str) -> list[dict[str, Any]]:
    """Return a row for each point that makes up the marks: of a metric task the half that counts now."""
    counting = [point for point in task["points"] if counts(point["board"], final=half != "public")]
    return [
        {
            "id": point["id"], "marks": point["marks"], "text": point["title"], "expected": point["expected"], "found": point["found"],
            "earned": None if point["status"] in UNSETTLED else point["earned"],
        } for point in counting
    ]


def _items(tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each theory item: its stem, the right letters and the candidate's as they saw them."""
    return [
        {
            "id": task["label"], "marks": task["marks"], "text": f"{FORMS[task['form']]}  {task['stem_html'].striptags()}",
            "expected": task["key_text"], "found": task["own_answer"] or _("未答"), "earned": _earned(task),
        } for task in tasks
    ]


def _by_form(tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each form of theory items: how many there are, and how many are right."""
    rows = []
    for form, title in FORMS.items():
        own = [task for task in tasks if task["form"] == form]
        decided = [earned for task in own if (earned := _earned(task)) is not None]
        if own:
            rows.append({
                "id": _span(own),
                "marks": sum((task["marks"] for task in own), Decimal(0)), "text": str(title), "expected": _("%(n)s 题", n=len(own)),
                "found": _("答对 %(n)s 题", n=sum(task["state"] == "correct" for task in own)),
                "earned": sum(decided, Decimal(0)) if len(decided) == len(own) else None,
            })
    return rows


def _span(tasks: Sequence[Mapping[str, Any]]) -> str:
    """Return the labels of some tasks as a span if they follow each other, else how many they are."""
    first, last = tasks[0], tasks[-1]
    if first is last:
        return str(first["label"])
    follow = last["position"] - first["position"] == len(tasks) - 1
    return f"{first['label']}–{last['label']}" if follow else f"×{len(tasks)}"


def _earned(task: Mapping[str, Any]) -> Decimal | None:
    return None if task["state"] in UNSETTLED else task["earned"]
