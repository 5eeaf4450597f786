"""Leaderboard of an exam."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, Response, render_template, send_file

from simulator import exams
from simulator.auth import login_required, me, role_required
from simulator.pages.board import board_view, check_visible, export_csv
from simulator.web import now, session

blueprint = Blueprint("board", __name__)


def _view(exam_id: int) -> dict[str, Any]:
    exam = exams.get(session(), exam_id)
    check_visible(session(), exam, me())
    return board_view(session(), exam, me(), now())


@blueprint.get("/exams/<int:exam_id>/board")
@login_required
def show(exam_id: int) -> str:
    """Show the board."""
    return render_template("board/show.html", **_view(exam_id))


@blueprint.get("/exams/<int:exam_id>/board/rows")
@login_required
def rows(exam_id: int) -> str:
    """Return the rows alone (refreshed while the page is open)."""
    return render_template("partials/_board.html", **_view(exam_id))


@blueprint.get("/exams/<int:exam_id>/board.csv")
@role_required("teacher")
def export(exam_id: int) -> Response:
    """Download the board for Excel."""
    exam = exams.get(session(), exam_id)
    file = io.BytesIO(export_csv(session(), exam))
    return send_file(file, "text/csv", as_attachment=True, download_name=f"{exam.title}-成绩.csv", max_age=0)
