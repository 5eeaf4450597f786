"""The catalogue for teachers. Keys are shown to nobody here: arguments are listed without the files behind them."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.drawing import Item, section_of
from simulator import catalog
from simulator.catalog import TaskCache
from simulator.errors import Refused
from simulator.models import TaskVersion
from simulator.pages.words import listed
from simulator.rereading import Read
from simulator.statement import render

NAMED = 5
"""Titles of changed tasks and papers that a message tells."""


def latest_tasks(session: Session) -> list[TaskVersion]:
    """Return the current version of every task and item."""
    return list(session.scalars(select(TaskVersion).where(TaskVersion.current).order_by(TaskVersion.task_id)))


def index_view(session: Session, cache: TaskCache) -> dict[str, Any]:
    """Return papers, practical tasks, and banks with their counts."""
    versions = latest_tasks(session)
    return {
        "papers": [
            {
                "id": p.paper_id, "title": p.title, "minutes": p.spec["paper"]["minutes"], "marks": catalog.paper_spec(p).marks,
                "modules": listed(m["title"] for m in p.spec["paper"]["modules"]),
            } for p in catalog.latest_papers(session)
        ],
        "tasks": [_task_row(session, cache, version) for version in versions if not version.form], "banks": _banks(versions),
    }


def read_text(found: Read) -> str:
    """Return what reading the task folders again has found, in words."""
    if not found.tasks and not found.papers:
        return str(_("试题没有改动。"))
    names = listed([*found.tasks, *found.papers][:NAMED])
    return str(_(
        "已读取：%(tasks)d 道试题、%(papers)d 份试卷有新版本（%(names)s）。已有的场次不变，要按新版评分请在场次里重评。",
        tasks=len(found.tasks), papers=len(found.papers), names=names,
    ))


def _task_row(session: Session, cache: TaskCache, version: TaskVersion) -> dict[str, Any]:
    task = cache.get(session, version)
    return {
        "id": task.id, "title": task.title, "level": task.level, "marks": task.marks, "points": len(task.points),
        "form": "", "tags": list(task.tags), "minutes": task.minutes,
    }


def _banks(versions: list[TaskVersion]) -> list[dict[str, Any]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for version in versions:
        if version.form:
            counts[section_of(Item(version.task_id, tuple(version.tags)))][version.form] += 1
    return [
        {"section": section, "title": "", "judge": count["judge"], "single": count["single"], "multiple": count["multiple"]}
        for section, count in sorted(counts.items())
    ]


def task_view(session: Session, cache: TaskCache, task_id: str) -> dict[str, Any]:
    """Return one task; Refused (404) if it is unknown."""
    version = session.scalar(select(TaskVersion).where(TaskVersion.task_id == task_id, TaskVersion.current))
    if version is None:
        raise Refused("找不到这道试题。", "请从试题目录进入。", status=404)
    task = cache.get(session, version)
    return {
        "task": {"id": task.id, "title": task.title, "level": task.level, "marks": task.marks, "minutes": task.minutes,
                 "tags": list(task.tags), "form": task.form, "licence": task.licence},
        "statement_html": render(task.statement),
        "points": [
            {"id": p.id, "title": p.title, "marks": p.marks, "grader": p.grader, "of": listed(p.sources),
             "args_text": listed(p.args)} for p in task.points
        ],
        "fields": [{"id": f.id, "kind": f.kind, "label": f.label} for f in task.fields],
        "runs": [
            {"id": r.id, "runner": r.runner, "of": r.of, "files": list(r.files), "limits": r.limits.model_dump(),
             "produces": list(r.produces)} for r in task.runs
        ],
    }
