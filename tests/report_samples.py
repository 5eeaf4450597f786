"""Sample contexts of the reports, in the shape that `simulator/pages/` makes."""

from __future__ import annotations

from datetime import timedelta

from markupsafe import Markup

from grading.spread import spread
from simulator.pages.report_class import histogram
from simulator.pages.report_progress import line
from tests.exam_samples import EXAM, NOW, STEMS, D

PERSON = {"mine": True, "name": "王子涵", "group": "人工智能 2401 班", "tabs": [
    {"name": name, "text": text, "url": f"/me/{name}"} for name, text in
    (("ability", "能力报告"), ("progress", "进步"), ("mistakes", "错题本"))
]}
FILTER = {"mode": "", "since": "", "until": "", "answers": "", "modes": [("", "全部")], "kinds": [("", "全部作答"), ("first",
    "只算首次作答")]}
FIGURE = {"n": 10, "right": 8, "earned": D(8), "marks": D(10), "share": 80.0, "low": 49.0, "high": 94.3, "level": "mastered",
    "text": "掌握"}
NONE = {**FIGURE, "n": 0, "right": 0, "share": None, "low": None, "high": None, "level": "untested", "text": "未测"}
PRACTICE = {**FIGURE, "low": None, "high": None, "share": 35.0, "level": "weak", "text": "薄弱"}


def ability(**more):
    """Context of report/ability.html."""
    row = {"code": "T3.1.1.1", "name": "业务流程设计工具", "theory": True, "figure": FIGURE, "tested": True, "drill": 2,
           "drill_url": "/me/mistakes/start?code=T3.1.1.1"}
    rows = [row, {**row, "code": "S3-1.1.1", "theory": False, "figure": PRACTICE, "drill_url": None, "drill": 0},
            {**row, "code": "P3.1.1", "theory": False, "figure": NONE, "tested": False, "drill_url": None, "drill": 0}]
    content = {"title": "业务流程设计", "number": "1.1", "theory": FIGURE, "practical": PRACTICE, "rows": rows}
    function = {"title": "业务分析", "number": "1", "theory": FIGURE, "practical": NONE, "contents": [content]}
    time = {"title": "零售订单数据清洗", "minutes": 20, "seconds": 1300, "times": 2, "mean": 1100, "url": "/attempts/7/result#r41"}
    return {"person": PERSON, "form": FILTER, "attempts": 3, "functions": [function], "tested": 2, "codes": 3,
            "times": [time, {**time, "seconds": None, "mean": None, "times": 0}], **more}


def progress(**more):
    """Context of report/progress.html."""
    row = {"number": 1, "title": EXAM["title"], "mode": "mock", "ended": NOW, "earned": D(61), "marks": D(100), "percent": D(61),
        "pending": 0,
           "cells": [{"earned": D(40), "marks": D(50)}], "duration": timedelta(minutes=50), "url": "/attempts/7/result"}
    paper = {"title": "三级模拟卷（精简）", "minutes": 60, "modules": ["理论知识"], "rows": [row, {**row, "number": 2, "pending": 1}],
             "line": line([D(61), D(70)]), "columns": True}
    single = {**paper, "title": "三级理论小练习", "rows": [row], "line": None}
    return {"person": PERSON, "form": FILTER, "papers": [paper, single], **more}


def mistakes(**more):
    """Context of report/mistakes.html."""
    item = {"stem_html": Markup(STEMS["single"]), "form": "单选题", "code": "T3.1.1.1", "name": "业务流程设计工具", "wrong": 2, "at": NOW,
            "streak": 1, "exams": EXAM["title"], "redo_url": "/me/mistakes/items/5", "back_url": "/me/mistakes/items/5/back"}
    point = {"id": "M2", "title": "删除的重复行数正确", "lost": D(1), "cause": "答案不对", "reason": "多删了 2 行。"}
    task = {"title": "零售订单数据清洗", "exam": EXAM["title"], "earned": D("3.5"), "marks": D(25), "at": NOW, "points": [point],
            "url": "/attempts/7/result#r41", "drills": [{"title": "三级全卷练习", "url": "/exams/5"}]}
    form = {"code": "", "form": "", "exam": "", "codes": [("", "全部")], "forms": [("", "全部")], "exams": [("", "全部")]}
    return {"person": PERSON, "all": 3, "items": [item, {**item, "streak": 0}], "left": [item], "form": form,
        "all_url": "/me/mistakes/start",
            "few_url": "/me/mistakes/start?count=10", "few": 10, "practical": [task, {**task, "drills": []}], "leave": 2, **more}


def redo(**more):
    """Context of report/redo.html."""
    options = [{"id": name, "label": "ABCD"[n], "html": Markup(f"选项 {n}"), "checked": ""} for n, name in enumerate("BDAC")]
    field = {"id": "answer", "kind": "choice", "label": "", "help": "", "value": [], "input_name": "answer", "multiple": False,
             "options": options}
    return {
        "task": {"position": 1, "form": "single", "title": "单选题", "statement_html": Markup(STEMS["single"])}, "field": field,
        "result": None,
        "where": {"done": 1, "total": 5}, "error": "", "last": 0, "answer_url": "/me/mistakes/items/5?since=0", "next_url": None,
        "end_url": "/me/mistakes", **more,
    }


def answered():
    """Context of report/redo.html after the answer."""
    result = {"right": False, "key": "C", "own": "A", "explanation_html": Markup("用全部数据会泄漏。"), "streak": 0, "inside": True,
        "needed": 2}
    return redo(result=result, where=None, next_url="/me/mistakes/next?since=0")


def of_class(**more):
    """Context of report/class.html."""
    marks = spread([D(40), D(61), D("71.5")])
    row = {"name": "王子涵", "number": "s2401", "group": "人工智能 2401 班", "total": D("71.5"), "marks": D(100), "cells": [D(40)],
        "pending": 0,
           "passed": True, "sheet_url": "/attempts/7/sheet", "result_url": "/attempts/7/result", "ability_url": "/people/3/ability"}
    weak = {"candidates": 3, "figure": PRACTICE, "theory": False}
    return {
        "exam": {**EXAM, "url": "/desk/exams/3"}, "paper": "三级模拟卷（精简）", "group": "",
        "groups": [{"title": "全部考生", "url": "/desk/exams/3/report", "current": True}],
        "rows": [row, {**row, "pending": 2}, {**row, "passed": None, "name": "", "number": "4002", "result_url": None,
        "ability_url": None}],
        "settled": 3, "waiting": 1, "passed": 2, "total": {"spread": marks, "marks": D(100)}, "bars": histogram([0, 1, 4, 0, 0, 2, 5, 1,
        0, 2]),
        "modules": [{"title": "理论知识", "marks": D(50), "spread": spread([])}],
        "parts": [{"title": "理论知识", "passed": 2, "of": 3, "spread": marks}, {"title": "操作技能", "passed": None, "of": 3,
        "spread": marks}],
        "codes": [{"code": "T3.1.1.1", "name": "业务流程设计工具", "kind": "理论", **weak}],
        "points": [{"task": "零售订单数据清洗", "point": "M2 删除的重复行数正确", **weak}],
        "losses": [{"cause": "答案不对", "points": 5, "marks": D("12.5"), "percent": D("62.5")}],
        "export_url": "/desk/exams/3/report.xlsx",
        "sheets_url": "/desk/exams/3/sheets", "book_url": "/desk/exams/3/sheets.xlsx", "anonymous": False, **more,
    }


def sheets(**more):
    """Context of report/sheet.html."""
    row = {"id": "M1", "marks": D(2), "text": "重复行数正确", "expected": "29 行", "found": "31 行", "earned": D(0)}
    table = {"module": "数据处理", "title": "41 零售订单数据清洗", "rows": [row, {**row, "id": "M2", "earned": None, "found": ""}],
        "marks": D(4),
             "earned": D(0), "unsettled": 1}
    one = {"name": "王子涵", "number": "240101", "hidden": False, "occupation": "人工智能训练师 4-04-05-05", "level": "三级/高级工",
           "exam": EXAM["title"], "paper": "三级模拟卷（精简）", "penalty": D(0), "attempt": 2, "group": "人工智能 2401 班", "ended": NOW,
           "tables": [table],
           "earned": D("71.5"), "marks": D(100), "unsettled": 1}
    return {
        "sheets": [one, {**one, "name": "", "number": "4002", "attempt": 1, "unsettled": 0}], "title": EXAM["title"], "every": False,
        "heads": ["细则编号", "配分", "评分细则描述", "规定或标称值", "结果或实际值", "得分"], "back_url": "/attempts/7/result",
        "back_text": "成绩单",
        "other_url": "/attempts/7/sheet?theory=items", "book_url": "/attempts/7/sheet.xlsx", **more,
    }


SAMPLES = [
    ("ability", "report/ability.html", ability()),
    ("ability-of-others", "report/ability.html", ability(person={**PERSON, "mine": False, "tabs": PERSON["tabs"][:2]}, times=[])),
    ("ability-none", "report/ability.html", ability(attempts=0)),
    ("progress", "report/progress.html", progress()),
    ("progress-none", "report/progress.html", progress(papers=[])),
    ("mistakes", "report/mistakes.html", mistakes()),
    ("mistakes-none", "report/mistakes.html", mistakes(all=0, items=[], left=[], practical=[])),
    ("redo", "report/redo.html", redo(error="还没有选择答案。")),
    ("redo-answered", "report/redo.html", answered()),
    ("round", "report/round.html", {"done": 3, "right": 2, "again_url": "/me/mistakes/start"}),
    ("class-report", "report/class.html", of_class()),
    ("class-report-none", "report/class.html", of_class(rows=[])),
    ("class-report-blind", "report/class.html", of_class(anonymous=True, codes=[], losses=[], passed=None)),
    ("score-sheets", "report/sheet.html", sheets()),
]
