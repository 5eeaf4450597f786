"""The score sheet: modules, tasks and scoring points with 规定值 / 实际值 / 得分 / 理由."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy.orm import Session

from grading import totals
from grading.fields import get_kind
from grading.model import ScoringPoint, Task
from simulator import clocks, overrides, results
from simulator.catalog import TaskCache
from simulator.models import Attempt, Marking, TaskVersion, VerdictRow
from simulator.pages.exam import Sheet, load_sheet, options_view
from simulator.pages.history import histories
from simulator.pages.links import result_links
from simulator.pages.naming import hidden, namer
from simulator.pages.wait import wait_text
from simulator.pages.words import listed
from simulator.results import TaskOutcome
from simulator.standings import Cell, total
from simulator.statement import render_inline

PART_TITLES = {"theory": _l("理论知识"), "practical": _l("操作技能")}
MAX_ANSWER = 400


def released(attempt: Attempt, *, staff: bool) -> bool:
    """Return whether the marks of a closed attempt may be seen: at once, or after the instructor's release."""
    return staff or attempt.exam.mode == "practice" or attempt.exam.release != "held"


def sheet_view(session: Session, cache: TaskCache, attempt: Attempt, now: datetime, *, staff: bool = False) -> dict[str, Any]:
    """Return the whole score sheet of a closed attempt."""
    sheet = load_sheet(session, attempt)
    outcomes = results.outcomes(session, attempt)
    final = staff or results.final(attempt.exam)
    told = histories(session, [o.submission.id for o in outcomes if o.submission], staff=staff, final=final)
    tasks = [
        {**task_result(session, cache, sheet, outcome, staff=staff), "acts": True,
         "history": told.get(outcome.submission.id, []) if outcome.submission else []} for outcome in outcomes
    ]
    modules, cells = _modules(sheet, outcomes, tasks)
    parts = results.parts(sheet.paper, tuple(cells))
    pending, errors = sum(cell.pending for cell in cells), sum(cell.errors for cell in cells)
    penalty = clocks.penalty(attempt)
    earned, marks = total(cells, penalty), sum((c.marks for c in cells), Decimal(0))
    return {
        "pending": pending, "errors": errors, "wait": wait_text(session, attempt.id, now) if pending > errors else "",
        "earned": earned, "marks": marks, "penalty": penalty,
        "half": ("final" if final else "public") if any(point["board"] for task in tasks for point in task["points"]) else "",
        "percent": totals.percent(earned, marks), "passed": None if pending else results.passed(parts),
        "parts": [
            {"title": str(PART_TITLES[p.part]), "earned": p.earned, "marks": p.marks, "pass_marks": p.pass_marks,
             "passed": None if pending else p.passed} for p in parts
        ],
        "modules": modules, "sheet_url": url_for("results.sheet", attempt_id=attempt.id),
    }


def _modules(sheet: Sheet, outcomes: list[TaskOutcome], tasks: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[Cell]]:
    views: list[dict[str, Any]] = []
    cells: list[Cell] = []
    for number, module in enumerate(sheet.paper.modules):
        own = [task for task, outcome in zip(tasks, outcomes, strict=True) if outcome.item.module == number]
        cell = Cell(
            sum((t["earned"] for t in own), Decimal(0)), sum((t["marks"] for t in own), Decimal(0)),
            sum(t["state"] in ("pending", "error") for t in own), sum(t["state"] == "error" for t in own),
        )
        cells.append(cell)
        views.append({
            "title": module.title, "earned": cell.earned, "marks": cell.marks, "tasks": own, "layout": module.layout,
            "seconds": sum(task["seconds"] for task in own), "minutes": module.minutes,
        })
    return views, cells


def task_result(
    session: Session, cache: TaskCache, sheet: Sheet, outcome: TaskOutcome, *, staff: bool = False
) -> dict[str, Any]:
    """Return one task with its verdicts; points that are not decided yet are listed as pending."""
    item, current = outcome.item, outcome.marking
    seen = cache.get(session, item.version)
    by = session.get(TaskVersion, current.task_version_id) if current and current.task_version_id else None
    task = totals.with_marks(cache.get(session, by) if by else seen, item.marks)
    verdicts = current.verdicts if current and current.state in ("done", "error") else []
    final = staff or results.final(sheet.attempt.exam)
    counting = [v for v in verdicts if totals.counts(v.board, final=final)]
    # Before the release candidates see nothing of the private half, not even that it is marked; afterwards both halves.
    points = [_point(sheet, task, v) for v in (verdicts if final else counting)] or [
        _undecided(p, current) for p in task.points if final or totals.counts(p.board or "", final=False)
    ]
    response = outcome.submission.response if outcome.submission else {}
    return {
        "position": item.position, "label": sheet.label(item.position), "title": seen.title, "form": task.form,
        "earned": sum((v.earned for v in counting if v.status not in totals.UNSETTLED), Decimal("0.00")), "marks": item.marks,
        "state": task_state(current, counting), "points": points, "stem_html": render_inline(seen.statement) if task.form else None,
        "explanation_html": render_inline(task.explanation) if task.explanation else None,
        "own_answer": own_answer(sheet, task, response), "key_text": key_text(sheet, task),
        "run_log": run_log(current, hidden=not staff and any(run.hidden for run in task.runs)), "tags": list(task.tags),
        "strict_url": strict_url(task, current) if staff else None,
        "seconds": item.seconds, "minutes": task.minutes, "acts": False, "history": [], "attempt_id": sheet.attempt.id,
        "evidence": evidence(task, current, staff=staff, final=final), "links": result_links(sheet.attempt.id, item.position),
    }


def evidence(task: Task, current: Marking | None, *, staff: bool, final: bool) -> list[dict[str, Any]]:
    """Return what may be looked at: of each run (candidates see those with hidden inputs only where the task reveals them),
    and of each verdict."""
    if current is None or current.state != "done" or (not final and any(point.board for point in task.points)):
        return []  # what a run did may tell of the private half
    open_runs = [run for run in task.runs if staff or run.reveal or not run.hidden]
    runs = [{"title": run.title or _("评测过程"), "evidence": current.evidence[run.id]} for run in open_runs if run.id in current.evidence]
    return runs + [{"title": f"{v.point_id} {v.title}", "evidence": v.evidence} for v in current.verdicts if v.evidence]


def strict_url(task: Task, current: Marking | None) -> str | None:
    """Return where to ask for a strict re-run, None where that would tell nothing: nothing ran, or it is not marked."""
    if not task.runs or current is None or current.state != "done":
        return None
    return url_for("desk.strict", marking_id=current.id)


def task_state(current: Marking | None, verdicts: list[VerdictRow]) -> str:
    """Return one state for a task: error and pending first, then what was earned."""
    if current is not None and current.state == "error":
        return "error"
    if not verdicts:
        return "pending"
    earned, marks = sum(v.earned for v in verdicts), sum(v.marks for v in verdicts)
    if all(v.status == "blank" for v in verdicts):
        return "blank"
    return "correct" if earned == marks else "partial" if earned else "incorrect"


def _point(sheet: Sheet, task: Task, verdict: VerdictRow) -> dict[str, Any]:
    expected, found = verdict.expected, verdict.found
    if task.form:
        # The grader speaks of stored option ids; this candidate saw them shuffled under other letters.
        letters = {o["id"]: o["label"] or str(o["html"]) for o in options_view(sheet, task, task.fields[0])}
        expected, found = _letters(expected, letters), _letters(found, letters)
    return {
        "id": verdict.point_id, "title": verdict.title, "status": verdict.status, "earned": verdict.earned,
        "marks": verdict.marks, "board": verdict.board, "expected": expected, "found": found, "reason": verdict.reason,
        "decided": verdict.cause == overrides.PERSON,
    }


def _letters(text: str, letters: dict[str, str]) -> str:
    seen = [letters[i] for i in letters if i in text]
    return listed(sorted(seen)) if seen else text  # judgements stand there in words already


def _undecided(point: ScoringPoint, current: Marking | None) -> dict[str, Any]:
    error = current is not None and current.state == "error"
    reason = _("评分程序异常，已记录，等待人工复核；不会按 0 分处理。") if error else _("正在排队评分。")
    return {
        "id": point.id, "title": point.title, "status": "error" if error else "pending", "earned": Decimal("0.00"),
        "marks": point.marks, "board": point.board or "", "expected": "", "found": "", "reason": reason,
        "decided": False,
    }


def own_answer(sheet: Sheet, task: Task, response: dict[str, Any]) -> str:
    """Return the candidate's answers as one short text."""
    texts = []
    for field in task.fields:
        value = response.get(field.id)
        if get_kind(field.kind).is_blank(value):
            continue
        texts.append(_answer_text(sheet, task, field, value))
    return str(_("；")).join(texts)[:MAX_ANSWER]


def _answer_text(sheet: Sheet, task: Task, field: Any, value: Any) -> str:
    if field.kind == "choice":
        options = {o["id"]: o["label"] or str(o["html"]) for o in options_view(sheet, task, field)}
        return listed(sorted(options.get(i, i) for i in value))
    kind = get_kind(field.kind)
    if kind.describe is not None:
        return kind.describe(value)
    if kind.many:
        return listed([str(item["name"]) for item in value])
    return str(value["name"]) if kind.takes_file else str(value)


def key_text(sheet: Sheet, task: Task) -> str:
    """Return the right letters of a theory item as this candidate saw them; "" for other tasks."""
    if not task.form:
        return ""
    options = {o["id"]: o["label"] or str(o["html"]) for o in options_view(sheet, task, task.fields[0])}
    return listed(sorted(options[i] for i in task.bound[task.points[0].id]["key"]))


def run_log(current: Marking | None, *, hidden: bool) -> str | None:
    """Return what the candidate's program printed and how it ended, None if nothing ran.

    hidden : the run read hidden inputs, so what it printed could give them away; only how it ended is told.
    """
    if current is None or not current.runs:
        return None
    if hidden:
        note = _("（这次运行用到隐藏数据，不显示程序的输出。）")
        return "\n".join(f"{run['message']}{note}" for run in current.runs.values())
    return "\n".join(
        "\n".join(part for part in (run["message"], run["stdout"], run["stderr"]) if part) for run in current.runs.values()
    ) or None


def show_view(session: Session, cache: TaskCache, attempt: Attempt, now: datetime, *, staff: bool) -> dict[str, Any]:
    """Return the whole result page of a closed attempt."""
    exam, user = attempt.exam, attempt.user
    visible, nameless = released(attempt, staff=staff), staff and hidden(exam)
    return {
        "exam": {"id": exam.id, "title": exam.title, "mode": exam.mode},
        "attempt": {
            "id": attempt.id, "number": attempt.number, "candidate": namer(session, exam)(attempt) if nameless else user.name,
            "group": user.group.name if user.group and not nameless else "",
            "started": attempt.started_at, "ended": attempt.ended_at, "handed_in_by": attempt.closed_by,
            "duration": (attempt.ended_at or attempt.started_at) - attempt.started_at,
        },
        "sheet": sheet_view(session, cache, attempt, now, staff=staff) if visible else None, "held": not visible, "staff": staff,
        "board_url": url_for("board.show", exam_id=exam.id) if exam.mode != "practice" and visible else None,
    }


def feedback_view(session: Session, cache: TaskCache, attempt: Attempt, position: int, now: datetime) -> dict[str, Any]:
    """Return one task's verdicts for practice (the same shape as on the score sheet), and where to ask while they wait."""
    outcome = next(o for o in results.outcomes(session, attempt) if o.item.position == position)
    view = task_result(session, cache, load_sheet(session, attempt), outcome)
    if view["state"] != "pending":
        return {**view, "wait": "", "again_url": None}
    again = url_for("exam.feedback", attempt_id=attempt.id, position=position)
    return {**view, "wait": wait_text(session, attempt.id, now), "again_url": again}


