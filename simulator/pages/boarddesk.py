"""Pages of the instructor's side of a board: its settings, and the staged release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from simulator import awards, boards, catalog, results
from simulator.models import Candidate, Exam
from simulator.pages.board import tie_text
from simulator.pages.boardrow import Naming, row
from simulator.standings import Standing

BELOW, ABOVE = 4, 6


def settings_view(
    session: Session, exam: Exam, zone: ZoneInfo, form: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None,
    address: str = "",
) -> dict[str, Any]:
    """Return the form, filled with what is set or what was typed. address : the projector's link that was just made."""
    paper = catalog.paper_spec(exam.paper)
    freeze = boards.minutes(exam.freeze_at, zone) if exam.freeze_at else ""
    stored = {"freeze": freeze, "blind": "1" if exam.blind else "", "awards": awards.lines(awards.stored(exam.awards))}
    return {
        "exam": {"id": exam.id, "title": exam.title, "mode": exam.mode, "opens": exam.opens_at, "closes": exam.closes_at,
                 "release": exam.release, "final": results.final(exam)},
        "form": {**stored, **(form if form is not None else {}), **({} if form is None or "blind" in form else {"blind": ""})},
        "errors": dict(errors or {}), "address": address, "hours": int(boards.LINK_LASTS.total_seconds() // 3600),
        "numbers": session.scalar(select(func.count()).where(Candidate.exam_id == exam.id)) or 0,
        "divisions": sorted({group.division for group in exam.groups} - {""}),
        "ties": tie_text(paper.tie_break, {m.id: m.title for m in paper.modules}),
        "board_url": url_for("board.show", exam_id=exam.id), "reveal_url": url_for("boarddesk.staged", exam_id=exam.id),
    }


def reveal_view(session: Session, exam: Exam) -> dict[str, Any]:
    """Return where the staged release stands: the row opened last among its neighbours, and how many are left."""
    entries = results.entries(session, exam)
    board = boards.public(session, exam, entries)
    naming = Naming(blind=exam.blind and not results.final(exam), codes=exam.blind, divisions=False, links=False)
    closed = [n for n, s in enumerate(board.standings) if s.entry.user_id in board.hidden]
    last = next((n for n, s in enumerate(board.standings) if s.entry.user_id == board.latest), None)
    middle = last if last is not None else closed[-1] if closed else 0
    near = board.standings[max(middle - ABOVE, 0):middle + BELOW + 1]
    revealed = min(exam.revealed, board.steps)
    return {
        "exam": {"id": exam.id, "title": exam.title, "mode": exam.mode, "final": results.final(exam), "freeze_at": exam.freeze_at},
        "modules": [m.title for m in catalog.paper_spec(exam.paper).modules],
        "rows": [_row(s, naming, board.hidden, board.latest) for s in near], "steps": board.steps, "revealed": revealed,
        "running": boards.running(session, exam), "pending": sum(entry.pending for entry in entries),
        "board_url": url_for("board.show", exam_id=exam.id), "projector_url": url_for("board.projector", exam_id=exam.id),
        "settings_url": url_for("boarddesk.settings", exam_id=exam.id),
    }


def _row(standing: Standing, naming: Naming, hidden: frozenset[int], latest: int | None) -> dict[str, Any]:
    user_id = standing.entry.user_id
    return row(standing, naming, closed=user_id in hidden, latest=user_id == latest)

