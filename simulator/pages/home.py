"""Home and lobby: which exams are open to me, what I have done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grading.paper import PaperSpec
from simulator import attempts, catalog, clocks, results, workers
from simulator.models import Attempt, Exam, User
from simulator.pages.board import tie_text
from simulator.pages.result import PART_TITLES, released
from simulator.pages.words import listed
from simulator.phases import exam_phase, remaining
from simulator.standings import total

SOON = timedelta(days=14)


def home_view(session: Session, user: User, now: datetime) -> dict[str, Any]:
    """Return running attempts, exams that are or will soon be open, practice papers, and the history."""
    mine = list(session.scalars(select(Attempt).where(Attempt.user_id == user.id).order_by(Attempt.started_at.desc())))
    cards = [card for exam in visible_exams(session, user) if (card := _card(exam, mine, now)) is not None]
    return {
        "running": [_running(attempt, now) for attempt in mine if attempt.state == "running"],
        "open_exams": [card for card in cards if card["mode"] != "practice"],
        "practice": [card for card in cards if card["mode"] == "practice"],
        "history": _history(session, [attempt for attempt in mine if attempt.state == "closed"]),
    }


def visible_exams(session: Session, user: User) -> list[Exam]:
    """Return the exams for everybody and for the user's own group; staff see all."""
    exams = session.scalars(select(Exam).order_by(Exam.opens_at.desc()).limit(200))
    return [e for e in exams if user.role != "student" or not e.groups or user.group_id in [g.id for g in e.groups]]


def _card(exam: Exam, mine: list[Attempt], now: datetime) -> dict[str, Any] | None:
    phase = exam_phase(exam.opens_at, exam.closes_at, now)
    if phase == "after" or (phase == "before" and exam.opens_at > now + SOON):
        return None
    own = [attempt for attempt in mine if attempt.exam_id == exam.id]
    if any(attempt.state == "running" for attempt in own):
        return None  # it stands among the running ones
    left = None if exam.attempts_allowed is None else max(exam.attempts_allowed - len(own), 0)
    paper = catalog.paper_spec(exam.paper)
    return {
        "id": exam.id, "title": exam.title, "mode": exam.mode, "paper_title": exam.paper.title, "minutes": paper.minutes,
        "marks": catalog.paper_spec(exam.paper).marks, "opens": exam.opens_at, "closes": exam.closes_at,
        "attempts_left": left, "state": "open" if phase == "open" else "soon",
    }


def _running(attempt: Attempt, now: datetime) -> dict[str, Any]:
    left = remaining(attempts.timing(attempt), now)
    return {
        "exam_id": attempt.exam_id, "attempt_id": attempt.id, "title": attempt.exam.title, "mode": attempt.exam.mode,
        "module_title": "", "remaining_ms": int(left.total_seconds() * 1000),
        "url": url_for("exam.screen", attempt_id=attempt.id, screen=1),
    }


def _history(session: Session, closed: list[Attempt]) -> list[dict[str, Any]]:
    rows = []
    for attempt in closed[:50]:
        paper = catalog.paper_spec(attempt.exam.paper)
        found = results.module_cells(session, [attempt.id], len(paper.modules))[attempt.id]
        cells = tuple(cell.shown(final=results.final(attempt.exam)) for cell in found)
        pending = sum(cell.pending for cell in cells)
        waits = "error" if pending == sum(cell.errors for cell in cells) else "marking"
        visible = released(attempt, staff=False)
        rows.append({
            "attempt_id": attempt.id, "title": attempt.exam.title, "mode": attempt.exam.mode, "started": attempt.started_at,
            "ended": attempt.ended_at, "earned": total(cells, clocks.penalty(attempt)) if visible else None,
            "marks": sum(c.marks for c in cells), "state": "held" if not visible else waits if pending else "done",
            "passed": results.passed(results.parts(paper, cells)) if visible and not pending else None,
            "board_url": url_for("board.show", exam_id=attempt.exam_id) if attempt.exam.mode != "practice" and visible else None,
        })
    return rows


def lobby_view(session: Session, exam: Exam, user: User, now: datetime) -> dict[str, Any]:
    """Return the exam's rules, modules and whether the user may start."""
    paper = catalog.paper_spec(exam.paper)
    running = session.scalar(
        select(Attempt).where(Attempt.exam_id == exam.id, Attempt.user_id == user.id, Attempt.state == "running")
    )
    used = session.scalar(select(func.count()).where(Attempt.exam_id == exam.id, Attempt.user_id == user.id)) or 0
    why = "" if running else attempts.why_not_start(session, exam, user, now)
    return {
        "exam": _exam(exam, paper), "modules": _modules(session, exam, paper), "can_start": not why and running is None, "why_not": why,
        "attempt": _link(running), "attempts_used": used, "attempts_allowed": exam.attempts_allowed,
        "sandbox_note": _sandbox_note(session, now) if any(m.part == "practical" for m in paper.modules) else "", "blocked_note": "",
    }


def _sandbox_note(session: Session, now: datetime) -> str:
    if workers.summary(session, now).able:
        return ""
    return str(_("现在没有可以运行程序的评分进程：程序暂时不能试运行，交卷后要等它启动才会评分。请告诉监考教师。"))


def _exam(exam: Exam, paper: PaperSpec) -> dict[str, Any]:
    limits = [_("%(part)s达到 %(limit)s", part=PART_TITLES[part], limit=f"{limit:g}%") for part, limit in paper.pass_percent.items()]
    return {
        "id": exam.id, "title": exam.title, "mode": exam.mode, "opens": exam.opens_at, "closes": exam.closes_at,
        "minutes": paper.minutes, "marks": paper.marks, "rules": list(paper.rules), "notice": exam.notice,
        "pass_text": _("%(limits)s，即为合格。", limits=_("，且").join(limits)) if limits else "",
        "tie_break_text": tie_text(paper.tie_break, {m.id: m.title for m in paper.modules}),
        "group": listed(group.name for group in exam.groups) or _("全部考生"),
    }


def _modules(session: Session, exam: Exam, paper: PaperSpec) -> list[dict[str, Any]]:
    marks, sizes = catalog.module_marks(session, exam.paper), catalog.module_sizes(paper)
    return [
        {"title": m.title, "tasks": sizes[n], "marks": marks[n], "minutes": m.minutes} for n, m in enumerate(paper.modules)
    ]


def _link(attempt: Attempt | None) -> dict[str, Any] | None:
    if attempt is None:
        return None
    return {"id": attempt.id, "state": attempt.state, "url": url_for("exam.screen", attempt_id=attempt.id, screen=1)}
