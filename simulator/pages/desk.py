"""The instructor's desk: exams, their attempts, what needs a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from simulator import appeals, attempts, catalog, classes, clocks, queueing, results
from simulator.models import Attempt, AttemptTask, Draft, Exam, Marking, Submission, User
from simulator.pages.board import STATES
from simulator.pages.naming import hidden, namer
from simulator.pages.rerun import reruns_view
from simulator.pages.words import listed
from simulator.phases import exam_phase
from simulator.standings import total


def index_view(session: Session, now: datetime) -> dict[str, Any]:
    """Return all exams, newest first, with how many are sitting, have handed in, or need a person."""
    counts: dict[tuple[int, str], int] = {
        (exam_id, state): n
        for exam_id, state, n in session.execute(
            select(Attempt.exam_id, Attempt.state, func.count()).group_by(Attempt.exam_id, Attempt.state)
        )
    }
    errors = _pairs(session.execute(
        select(Attempt.exam_id, func.count()).join(Submission, Submission.attempt_id == Attempt.id)
        .join(Marking, Marking.submission_id == Submission.id).where(Marking.id.in_(queueing.open_errors())).group_by(Attempt.exam_id)
    ))
    exams = session.scalars(select(Exam).order_by(Exam.opens_at.desc()).limit(200))
    return {"appeals": appeals.waiting(session), "exams": [
        {
            "id": e.id, "title": e.title, "mode": e.mode, "paper": e.paper.title, "opens": e.opens_at, "closes": e.closes_at,
            "group": listed(g.name for g in e.groups) or _("全部考生"), "state": exam_phase(e.opens_at, e.closes_at, now),
            "state_text": str(STATES[exam_phase(e.opens_at, e.closes_at, now)]), "running": counts.get((e.id, "running"), 0),
            "handed_in": counts.get((e.id, "closed"), 0), "errors": errors.get(e.id, 0),
            "url": url_for("desk.exam", exam_id=e.id), "monitor_url": url_for("monitor.show", exam_id=e.id),
        } for e in exams
    ]}


def _pairs(rows: Iterable[Any]) -> dict[int, int]:
    """Return two-column rows as a mapping."""
    return dict(iter(rows))  # a Result has keys(), so dict() alone takes it for a mapping


def new_view(session: Session, form: dict[str, Any], errors: dict[str, str]) -> dict[str, Any]:
    """Return the form for a new exam, filled with what was typed."""
    sizes = _pairs(session.execute(select(User.group_id, func.count()).group_by(User.group_id)))
    papers = catalog.latest_papers(session)
    return {
        "form": {**form, "errors": errors},
        "papers": [
            {"id": p.id, "title": p.title, "minutes": p.spec["paper"]["minutes"], "marks": catalog.paper_spec(p).marks} for p in papers
        ],
        "groups": [
            {"id": g.id, "name": g.name, "size": sizes.get(g.id, 0)} for g in classes.current(session)
        ],
    }


def exam_view(session: Session, exam: Exam, now: datetime) -> dict[str, Any]:
    """Return one exam with a row per candidate: those who sit or sat, and those of its groups who have not started."""
    people = joinedload(Attempt.user).joinedload(User.group)
    sitting = list(session.scalars(select(Attempt).where(Attempt.exam_id == exam.id).options(people).order_by(Attempt.started_at)))
    paper = catalog.paper_spec(exam.paper)
    cells = results.module_cells(session, [a.id for a in sitting if a.state == "closed"], len(paper.modules))
    answered = _pairs(session.execute(
        select(Draft.attempt_id, func.count()).where(Draft.attempt_id.in_([a.id for a in sitting])).group_by(Draft.attempt_id)
    ))
    tasks = sum(catalog.module_sizes(paper))
    errors = _errors(session, exam)
    failed = {error["attempt_id"] for error in errors}
    rows = [_attempt_row(a, cells.get(a.id), answered.get(a.id, 0), tasks, failed=a.id in failed) for a in sitting]
    if hidden(exam):  # who marks must not know whose work it is: beside names stand neither marks nor the way to them
        rows = [{**row, "earned": None, "marks": None, "url": None} for row in rows]
    rows += [_absent_row(user, tasks) for user in _absent(session, exam, {a.user_id for a in sitting})]
    phase = exam_phase(exam.opens_at, exam.closes_at, now)
    return {
        "exam": {
            "id": exam.id, "title": exam.title, "mode": exam.mode, "paper": exam.paper.title, "opens": exam.opens_at,
            "closes": exam.closes_at, "state": phase, "state_text": str(STATES[phase]), "release": exam.release, "notice": exam.notice,
            "group": listed(group.name for group in exam.groups) or _("全部考生"),
            "board_url": url_for("board.show", exam_id=exam.id), "monitor_url": url_for("monitor.show", exam_id=exam.id),
        },
        "rows": rows, "queue": queueing.waiting(session), "errors": errors, "reruns": reruns_view(session, exam),
        "counts": {state: sum(r["state"] in states for r in rows) for state, states in {
            "not_started": ("not_started",), "running": ("running",), "done": ("done", "marking"), "errors": ("error",)}.items()},
    }


def _attempt_row(
    attempt: Attempt, cells: tuple[Any, ...] | None, answered: int, tasks: int, *, failed: bool
) -> dict[str, Any]:
    pending = sum(cell.pending for cell in cells or ())
    state = "running" if attempt.state == "running" else "error" if failed else "marking" if pending else "done"
    return {
        "attempt_id": attempt.id, "name": attempt.user.name, "username": attempt.user.username, "state": state,
        "group": attempt.user.group.name if attempt.user.group else "", "started": attempt.started_at,
        "deadline": attempts.deadline(attempt), "last_save": attempt.last_save_at, "answered": answered, "total": tasks,
        "earned": total(cells, clocks.penalty(attempt)) if cells else None, "marks": sum(c.marks for c in cells) if cells else None,
        "url": url_for("results.show", attempt_id=attempt.id) if attempt.state == "closed" else None,
    }


def _absent_row(user: User, tasks: int) -> dict[str, Any]:
    return {
        "attempt_id": None, "name": user.name, "username": user.username, "group": user.group.name if user.group else "",
        "state": "not_started", "started": None, "deadline": None, "last_save": None, "answered": 0, "total": tasks,
        "earned": None, "marks": None, "url": None,
    }


def _absent(session: Session, exam: Exam, present: set[int]) -> list[User]:
    if not exam.groups:
        return []
    members = select(User).where(User.group_id.in_([g.id for g in exam.groups]), User.active, User.role == "student")
    return [user for user in session.scalars(members.options(joinedload(User.group)).order_by(User.username)) if user.id not in present]


def _errors(session: Session, exam: Exam) -> list[dict[str, Any]]:
    name = namer(session, exam) if hidden(exam) else lambda attempt: attempt.user.name
    rows = session.execute(
        select(Marking, Attempt, AttemptTask).join(Submission, Marking.submission_id == Submission.id)
        .join(Attempt, Submission.attempt_id == Attempt.id)
        .join(AttemptTask, (AttemptTask.attempt_id == Attempt.id) & (AttemptTask.position == Submission.position))
        .where(Attempt.exam_id == exam.id, Marking.id.in_(queueing.open_errors()))
    )
    return [
        {"marking_id": m.id, "attempt_id": a.id, "task": item.version.title, "candidate": name(a), "log": m.log,
         "reason": next((v.reason for v in m.verdicts if v.status == "error"), _("评分程序异常。"))} for m, a, item in rows
    ]
