"""The leaderboard of an exam: ranked rows with a cell per module."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading import totals
from grading.paper import PaperSpec
from simulator import catalog, results
from simulator.errors import Refused
from simulator.models import Attempt, Exam, User
from simulator.pages.csvfile import excel_csv
from simulator.phases import exam_phase
from simulator.standings import Standing, best_per_candidate, rank, tie_rules

STATES = {"before": _l("未开始"), "open": _l("进行中"), "after": _l("已结束")}


def check_visible(session: Session, exam: Exam, user: User) -> None:
    """Raise Refused unless `user` may see the board: staff always, candidates after their hand-in and the release."""
    if user.role != "student":
        return
    if exam.mode == "practice":
        raise Refused("练习没有排行榜。", "请在首页查看自己的练习记录。", status=404)
    done = session.scalar(
        select(Attempt.id).where(Attempt.exam_id == exam.id, Attempt.user_id == user.id, Attempt.state == "closed").limit(1)
    )
    if done is None:
        raise Refused("交卷后才能查看这场考试的排行榜。", "请先参加考试。", status=403)
    if exam.release == "held":
        raise Refused("成绩还没有公布。", "公布后可以在这里看到排行榜。", status=403)


def board_view(session: Session, exam: Exam, user: User, now: datetime) -> dict[str, Any]:
    """Return the board's page."""
    paper = catalog.paper_spec(exam.paper)
    standings = ranked(session, exam, paper)
    staff = user.role != "student"
    marks = catalog.module_marks(session, exam.paper)
    modules = [{"title": module.title, "marks": marks[number]} for number, module in enumerate(paper.modules)]
    return {
        "exam": {"id": exam.id, "title": exam.title, "mode": exam.mode,
                 "state_text": str(STATES[exam_phase(exam.opens_at, exam.closes_at, now)])},
        "modules": modules, "rows": [_row(standing, user) for standing in standings], "updated": now,
        "rows_url": url_for("board.rows", exam_id=exam.id), "tie_break_text": tie_text(paper.tie_break),
        "export_url": url_for("board.export", exam_id=exam.id) if staff else None, "total_candidates": len(standings),
    }


def tie_text(tie_break: Sequence[str]) -> str:
    """Return the paper's tie-break rule as a sentence."""
    rules = [_(rule) for rule in tie_rules(tie_break)]
    text: str = _("总分相同时，%(rules)s。", rules=_("；再相同时，").join(rules)) if rules else _("总分相同者名次并列。")
    return text


def ranked(session: Session, exam: Exam, paper: PaperSpec) -> list[Standing]:
    """Return the exam's standings: each candidate's best attempt, ranked by the paper's rule."""
    return rank(best_per_candidate(results.entries(session, exam)), paper.tie_break)


def _row(standing: Standing, user: User) -> dict[str, Any]:
    entry = standing.entry
    return {
        "rank": standing.rank, "number": entry.number, "name": entry.name, "group": entry.group, "me": entry.user_id == user.id,
        "cells": [
            {"earned": c.earned, "marks": c.marks, "percent": totals.percent(c.earned, c.marks), "pending": c.pending}
            for c in entry.cells
        ],
        "total": entry.total, "marks": entry.marks, "duration": entry.seconds, "ended": entry.ended, "pending": entry.pending,
    }


def export_csv(session: Session, exam: Exam) -> bytes:
    """Return the board as CSV for Excel. The column names are Chinese in any language, like the titles and names below them."""
    paper = catalog.paper_spec(exam.paper)
    head = ["名次", "账号", "姓名", "班级", *(m.title for m in paper.modules), "总分", "满分", "用时（秒）", "未评完的题"]
    return excel_csv(head, (_export_row(standing) for standing in ranked(session, exam, paper)))


def _export_row(standing: Standing) -> list[Any]:
    e = standing.entry
    return [standing.rank, e.number, e.name, e.group, *(cell.earned for cell in e.cells), e.total, e.marks, e.seconds, e.pending]
