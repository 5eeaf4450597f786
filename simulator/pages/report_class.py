"""Class report as instructors read it: figures, a histogram, what went worst, and a row for each candidate."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading import totals
from grading.syllabus import names
from grading.text import shorten
from simulator import catalog, classreport, reports, results
from simulator.catalog import TaskCache
from simulator.classreport import ClassReport, Weak
from simulator.errors import Refused
from simulator.models import Exam, Group, TaskVersion
from simulator.pages.report import CAUSES, FORMS, figure_view
from simulator.pages.result import PART_TITLES
from simulator.standings import Entry

BARS = {"width": 600, "height": 190, "left": 34, "right": 8, "top": 24, "bottom": 30}
"""The histogram in units of its own view box, and its margins."""
STEM = 48


def chosen_group(session: Session, args: Mapping[str, str]) -> Group | None:
    """Return the class that a query string asks for, None for all; Refused (404) if there is none."""
    text = args.get("group", "")
    if not text:
        return None
    group = session.get(Group, int(text)) if text.isascii() and text.isdecimal() and len(text) < 10 else None
    if group is None:
        raise Refused("找不到这个班级。", "请从场次的班级报告里重新选择。", status=404)
    return group


def class_view(session: Session, cache: TaskCache, exam: Exam, group: Group | None) -> dict[str, Any]:
    """Return the report of one exam, of one class if given."""
    found, paper = classreport.report(session, cache, exam, group), catalog.paper_spec(exam.paper)
    titles = {module.id: module.title for module in paper.modules}
    named = names(catalog.paper_standards(exam.paper).values()) or names(reports.standards(session, []))
    given: dict[str, Any] = {"exam_id": exam.id, **({"group": group.id} if group else {})}
    marks, lost = catalog.module_marks(session, exam.paper), sum((loss.marks for loss in found.losses), Decimal(0))
    return {
        "exam": {"id": exam.id, "title": exam.title, "mode": exam.mode, "url": url_for("desk.exam", exam_id=exam.id)},
        "paper": paper.title, "group": group.name if group else "", "groups": _groups(session, exam, group),
        "rows": _rows(session, exam, found),
        "settled": len(found.settled), "waiting": len(found.rows) - len(found.settled), "passed": found.passed,
        "total": {"spread": found.total, "marks": sum(marks)}, "bars": histogram(found.tenths),
        "modules": [
            {"title": module.title, "marks": marks[n], "spread": found.modules[n]} for n, module in enumerate(paper.modules)
        ],
        "parts": [
            {"title": str(PART_TITLES[part.part]), "passed": part.passed, "of": part.of, "spread": part.marks} for part in found.parts
        ],
        "codes": [_code(weak, named | titles) for weak in found.codes], "points": _points(session, cache, found),
        "losses": [
            {"cause": str(CAUSES.get(loss.cause, loss.cause)), "points": loss.points, "marks": loss.marks,
             "percent": totals.percent(loss.marks, lost)} for loss in found.losses
        ],
        "export_url": url_for("reports.class_export", **given), "sheets_url": url_for("reports.class_sheets", **given),
        "book_url": url_for("reports.class_book", **given), "anonymous": classreport.anonymous(exam),
    }


def _groups(session: Session, exam: Exam, chosen: Group | None) -> list[dict[str, Any]]:
    """Return the classes that have sat the exam, and all of them together."""
    present = {entry.group for entry in classreport.best(session, exam) if entry.group}
    groups = session.scalars(select(Group).where(Group.name.in_(present)).order_by(Group.name))
    links = [(None, _("全部考生")), *((group.id, group.name) for group in groups)]
    return [
        {"title": title, "url": url_for("reports.class_report", exam_id=exam.id, group=number),
         "current": number == (chosen.id if chosen else None)} for number, title in links
    ]


def _rows(session: Session, exam: Exam, found: ClassReport) -> list[dict[str, Any]]:
    paper, known, hidden = catalog.paper_spec(exam.paper), classreport.numbers(session, exam), classreport.anonymous(exam)
    rows = []
    for entry in found.rows:
        passed = None if entry.pending else results.passed(results.parts(paper, entry.cells))
        rows.append({
            **identity(entry.name, entry.number, known.get(entry.user_id, ""), hidden=hidden), "group": entry.group, "total": entry.total,
            "marks": entry.marks, "cells": [cell.earned for cell in entry.cells], "pending": entry.pending, "passed": passed,
            **_links(entry, hidden=hidden),
        })
    return sorted(rows, key=lambda row: row["number"]) if hidden else rows


def _links(entry: Entry, *, hidden: bool) -> dict[str, Any]:
    """Return where to read more of a candidate; nothing that tells their name in a blind exam."""
    return {
        "sheet_url": url_for("reports.sheet", attempt_id=entry.attempt_id),
        "result_url": None if hidden else url_for("results.show", attempt_id=entry.attempt_id),
        "ability_url": None if hidden else url_for("reports.ability", user_id=entry.user_id),
    }


def identity(name: str, username: str, number: str, *, hidden: bool) -> dict[str, Any]:
    """Return the name and the number that stand for a candidate; in a blind exam before its release the 考号 alone."""
    return {"name": "" if hidden else name, "number": number or ("" if hidden else username)}


def _code(weak: Weak, named: Mapping[str, str]) -> dict[str, Any]:
    assert weak.place is not None
    kind = _("理论") if weak.form else _("操作")
    return {"code": weak.place.code, "name": named.get(weak.place.code, ""), "kind": kind, "candidates": weak.candidates, **_figure(weak)}


def _figure(weak: Weak) -> dict[str, Any]:
    return {"figure": figure_view(weak.figure), "theory": bool(weak.form)}


def _points(session: Session, cache: TaskCache, found: ClassReport) -> list[dict[str, Any]]:
    """Return the weakest points with the titles of their tasks; a theory item is known by its stem."""
    ids = {weak.task_id for weak in found.points}
    newest = {v.task_id: v for v in session.scalars(select(TaskVersion).where(TaskVersion.task_id.in_(ids)).order_by(TaskVersion.id))}
    views = []
    for weak in found.points:
        version = newest[weak.task_id]
        stem = shorten(cache.get(session, version).statement, STEM) if weak.form else ""
        views.append({
            "task": stem or version.title, "point": str(FORMS[weak.form]) if weak.form else f"{weak.point} {weak.title}",
            "candidates": weak.candidates, **_figure(weak),
        })
    return views


def histogram(counts: list[int]) -> dict[str, Any]:
    """Return the bars of ten tenths: how many candidates, and where the bar stands."""
    inner, step = BARS["height"] - BARS["top"] - BARS["bottom"], (BARS["width"] - BARS["left"] - BARS["right"]) / len(counts)
    most = max(counts) or 1
    bars = []
    for n, count in enumerate(counts):
        height = round(inner * count / most, 1)
        bars.append({
            "count": count, "from": 10 * n, "to": 10 * n + 10, "x": round(BARS["left"] + n * step + 3, 1), "width": round(step - 6, 1),
            "y": round(BARS["top"] + inner - height, 1), "height": height, "middle": round(BARS["left"] + (n + 0.5) * step, 1),
        })
    return {**BARS, "base": BARS["height"] - BARS["bottom"], "bars": bars}
