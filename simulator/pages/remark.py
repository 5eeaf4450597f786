"""Re-marking for instructors: what could be marked anew, how far it is, who would change, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.text import shorten
from simulator import queueing, workers
from simulator.catalog import TaskCache
from simulator.models import Attempt, AttemptTask, Exam, Marking, Remarking, Submission, TaskVersion, User
from simulator.pages.csvfile import excel_csv
from simulator.pages.naming import namer
from simulator.pages.wait import about
from simulator.remarks import shadow, versions
from simulator.remarks.changes import compare
from simulator.remarks.deciding import why_not_undo
from simulator.remarks.effects import Effect, PointChange, TaskEffect, effects
from simulator.remarks.shadow import OPEN, Progress

STATES = {
    "marking": _l("正在重评"), "ready": _l("等待决定"), "applied": _l("已应用"), "dropped": _l("已放弃"), "undone": _l("已撤销"),
}
NOTES = {"kept": _l("人工改判保留"), "lost": _l("评分点已不存在，人工改判不再有效"), "": ""}
STATUS = {
    "correct": _l("正确"), "partial": _l("部分得分"), "incorrect": _l("不正确"), "blank": _l("未答"), "pending": _l("待评分"),
    "error": _l("待人工复核"),
}
STEM = 40
HEAD = (
    "考生", "第几次作答", "试题", "评分点", "原得分", "新得分", "配分", "原判定", "新判定", "说明", "原总分", "新总分", "原名次", "新名次",
    "原合格", "新合格",
)


def index_view(session: Session, cache: TaskCache, exam: Exam) -> dict[str, Any]:
    """Return the tasks of an exam that have another version, in words what that changes, and the re-markings so far."""
    opened = shadow.open_one(session, exam.id)
    past = session.scalars(select(Remarking).where(Remarking.exam_id == exam.id).order_by(Remarking.id.desc()))
    return {
        "exam": _exam(exam), "open": _link(session, opened) if opened else None,
        "tasks": [
            {
                "held": one.held.id, "title": name(cache, session, one.newest), "id": one.held.task_id, "attempts": one.attempts,
                "lines": changes.lines, "warnings": changes.warnings, "refusal": changes.refusal, "read": one.newest.created_at,
            } for one, changes in shadow.choices(session, cache, exam.id)
        ],
        "past": [_link(session, remarking) for remarking in past if remarking is not opened],
    }


def _exam(exam: Exam) -> dict[str, Any]:
    return {"id": exam.id, "title": exam.title, "mode": exam.mode, "url": url_for("desk.exam", exam_id=exam.id), "release": exam.release}


def _link(session: Session, remarking: Remarking) -> dict[str, Any]:
    decided = session.get(User, remarking.decided_by) if remarking.decided_by else None
    return {
        "id": remarking.id, "state": remarking.state, "state_text": str(STATES[remarking.state]), "tasks": len(remarking.versions),
        "note": remarking.note, "asked_at": remarking.asked_at, "asked_by": session.get_one(User, remarking.asked_by).name,
        "decided_at": remarking.decided_at, "decided_by": decided.name if decided else "",
        "url": url_for("remark.show", remarking_id=remarking.id),
    }


def name(cache: TaskCache, session: Session, version: TaskVersion) -> str:
    """Return what people call a task: its title, or the beginning of a theory item."""
    return shorten(cache.get(session, version).statement, STEM) if version.form else version.title


def progress_view(session: Session, remarking: Remarking, now: datetime) -> dict[str, Any]:
    """Return how far it is, and about how long it still takes."""
    progress = shadow.progress(session, remarking)
    return {
        "total": progress.total, "done": progress.done, "waiting": progress.waiting, "errors": progress.errors,
        "missing": progress.missing, "ready": progress.ready, "percent": 100 * (progress.total - progress.waiting) / max(progress.total, 1),
        "estimate": _estimate(session, remarking, progress, now), "url": url_for("remark.progress", remarking_id=remarking.id),
    }


def _estimate(session: Session, remarking: Remarking, progress: Progress, now: datetime) -> str:
    marking = workers.summary(session, now).marking
    if not marking:
        return str(_("现在没有可以评分的进程，启动后自动继续。"))
    usual = queueing.typical(session, versions.pairs(remarking.versions))
    if not usual:
        return ""
    seconds = progress.waiting * max(usual.values()) / marking
    return str(_("考生的评分优先；没有别的评分时，最多还要约 %(time)s。", time=about(seconds)))


def show_view(session: Session, cache: TaskCache, remarking: Remarking, now: datetime, *, everybody: bool) -> dict[str, Any]:
    """Return one re-marking. everybody : list those too whose marks stay."""
    exam = session.get_one(Exam, remarking.exam_id)
    opened = remarking.state in OPEN
    progress = progress_view(session, remarking, now)
    found = effects(session, exam, remarking)
    labels, named = _titles(session, cache, remarking), namer(session, exam)
    undo = why_not_undo(session, remarking) if remarking.state == "applied" else ""
    return {
        "exam": _exam(exam), "remarking": {**_link(session, remarking), "open": opened}, "progress": progress,
        "tasks": _tasks(session, cache, remarking), "errors": _errors(session, cache, exam, remarking), "summary": _summary(found),
        "rows": [_row(effect, labels, named) for effect in found if everybody or effect.changed], "everybody": everybody,
        "why_not_undo": undo, "export_url": url_for("remark.export", remarking_id=remarking.id),
    }


def _tasks(session: Session, cache: TaskCache, remarking: Remarking) -> list[dict[str, Any]]:
    """Return what the chosen versions change against those that marked before."""
    before = versions.applied(session, remarking.exam_id, before=remarking.id)
    rows = []
    for held, new_id in versions.pairs(remarking.versions).items():
        old, new = session.get_one(TaskVersion, before.get(held, held)), session.get_one(TaskVersion, new_id)
        changes = compare(cache.get(session, old), cache.get(session, new), ())
        rows.append({"title": name(cache, session, new), "id": new.task_id, "lines": changes.lines, "warnings": changes.warnings})
    return rows


def _titles(session: Session, cache: TaskCache, remarking: Remarking) -> dict[int, str]:
    return {held: name(cache, session, session.get_one(TaskVersion, new)) for held, new in versions.pairs(remarking.versions).items()}


def _errors(session: Session, cache: TaskCache, exam: Exam, remarking: Remarking) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Marking, Attempt, AttemptTask).join(Submission, Marking.submission_id == Submission.id)
        .join(Attempt, Submission.attempt_id == Attempt.id)
        .join(AttemptTask, (AttemptTask.attempt_id == Attempt.id) & (AttemptTask.position == Submission.position))
        .where(Marking.id.in_(shadow.newest_tries(remarking.id)), Marking.state == "error")
    )
    named = namer(session, exam)
    return [
        {"candidate": named(attempt), "task": name(cache, session, item.version), "log": marking.log,
         "reason": next((v.reason for v in marking.verdicts if v.status == "error"), _("评分程序异常。"))}
        for marking, attempt, item in rows
    ]


def _summary(found: list[Effect]) -> dict[str, Any]:
    changed = [effect for effect in found if effect.changed]
    points = [point for effect in found for task in effect.tasks for point in task.points]
    return {
        "attempts": len(found), "changed": len(changed), "up": sum(e.after > e.before for e in changed),
        "down": sum(e.after < e.before for e in changed), "ranks": sum(e.rank_after != e.rank_before for e in changed),
        "gains": sum(e.flips and e.passed_after is True for e in changed),
        "loses": sum(e.flips and e.passed_after is False for e in changed),
        "kept": sum(p.note == "kept" for p in points), "lost": sum(p.note == "lost" for p in points),
        "mean_before": _mean(e.before for e in found), "mean_after": _mean(e.after for e in found),
    }


def _mean(values: Iterable[Decimal]) -> str:
    found = list(values)
    return f"{sum(found, Decimal(0)) / len(found):.2f}" if found else "—"


def _row(effect: Effect, titles: dict[int, str], named: Any) -> dict[str, Any]:
    return {
        "candidate": named(effect.attempt), "number": effect.attempt.number, "before": effect.before, "after": effect.after,
        "delta": _signed(effect.after - effect.before), "rank_before": effect.rank_before, "rank_after": effect.rank_after,
        "passed_before": effect.passed_before, "passed_after": effect.passed_after, "flips": effect.flips, "changed": effect.changed,
        "url": url_for("results.show", attempt_id=effect.attempt.id),
        "points": [
            _point(titles, task, point) for task in effect.tasks for point in task.points if point.changed or point.note
        ],
        "stays": [titles[task.item.task_version_id] for task in effect.tasks if task.rows is None],
    }


def _point(titles: dict[int, str], task: TaskEffect, point: PointChange) -> dict[str, Any]:
    return {
        "task": titles[task.item.task_version_id], "id": point.id, "title": point.title,
        "before": point.before["earned"] if point.before else None, "after": point.after["earned"] if point.after else None,
        "marks": (point.after or point.before or {})["marks"], "note": str(NOTES[point.note]),
        "marks_before": point.before["marks"] if point.before else None,
        "status_before": str(STATUS[point.before["status"]]) if point.before else _("（没有）"),
        "status_after": str(STATUS[point.after["status"]]) if point.after else _("（没有）"),
    }


def _signed(value: Decimal) -> str:
    return f"{value.normalize():+f}" if value else "0"


def export_csv(session: Session, cache: TaskCache, remarking: Remarking) -> bytes:
    """Return who changes and how as CSV for Excel, a row per changed point; the column names are Chinese in any language."""
    exam = session.get_one(Exam, remarking.exam_id)
    titles, named = _titles(session, cache, remarking), namer(session, exam)
    return excel_csv(HEAD, (
        line for effect in effects(session, exam, remarking) if effect.changed for line in _lines(_row(effect, titles, named))
    ))


def _lines(row: dict[str, Any]) -> list[list[Any]]:
    whole = [row["before"], row["after"], row["rank_before"], row["rank_after"], _yes(row["passed_before"]), _yes(row["passed_after"])]
    points = row["points"] or [None]
    return [
        [row["candidate"], row["number"], *(
            (p["task"], f"{p['id']} {p['title']}", p["before"], p["after"], p["marks"], p["status_before"], p["status_after"], p["note"])
            if p else ("",) * 8
        ), *whole] for p in points
    ]


def _yes(passed: bool | None) -> str:
    return {True: "是", False: "否", None: ""}[passed]
