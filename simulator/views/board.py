"""Leaderboard of an exam, on the page, on the wall, and as a file."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, current_app, request, send_file
from flask_login import current_user

from simulator import boards, exams
from simulator.auth import LEVELS, login_required, me, role_required
from simulator.errors import Refused
from simulator.models import Exam
from simulator.pages import board as pages, boardfile
from simulator.services import services
from simulator.web import now, session

blueprint = Blueprint("board", __name__)


def _seen(exam_id: int) -> Exam:
    """Return the exam if its board may be seen by me."""
    exam = exams.get(session(), exam_id)
    pages.check_visible(session(), exam, me())
    return exam


def _on_the_wall(exam_id: int) -> Exam:
    """Return the exam if I am staff, or have the link that an instructor made."""
    exam = exams.get(session(), exam_id)
    staff = current_user.is_authenticated and LEVELS[current_user.role] >= LEVELS["teacher"]
    if not staff and not boards.link_opens(str(current_app.secret_key), request.args.get("token", ""), exam.id, now()):
        raise Refused("投影页的链接无效或已过期。", "请监考教师在排行榜设置里重新生成。", status=403)
    return exam


def _show(exam: Exam) -> dict[str, Any]:
    public = request.args.get("as") == "public"
    return pages.show_view(session(), exam, me(), now(), division=request.args.get("division", ""), public=public)


def _project(exam: Exam) -> dict[str, Any]:
    args = request.args
    return pages.projector_view(session(), exam, now(), division=args.get("division", ""), token=args.get("token", ""))


def _fresh(exam: Exam) -> bool:
    return pages.unchanged(session(), exam, request.args.get("v", ""), now())


@blueprint.get("/exams/<int:exam_id>/board")
@login_required
def show(exam_id: int) -> bytes:
    """Show the board."""
    return pages.page("board/show.html", _show(_seen(exam_id)))


@blueprint.get("/exams/<int:exam_id>/board/rows")
@login_required
def rows(exam_id: int) -> Any:
    """Return the rows alone (asked for while the page is open). If they are still those of version `v`, `quick` has said so."""
    return pages.page("partials/_board.html", _show(_seen(exam_id)))


@blueprint.get("/exams/<int:exam_id>/board/projector")
def projector(exam_id: int) -> bytes:
    """Show the board on the wall."""
    return pages.page("board/projector.html", _project(_on_the_wall(exam_id)))


@blueprint.get("/exams/<int:exam_id>/board/projector/rows")
def projector_rows(exam_id: int) -> Any:
    """Return the rows for the wall alone; 204 if they are still those of version `v`."""
    exam = _on_the_wall(exam_id)
    return ("", 204) if _fresh(exam) else pages.page("partials/_board.html", _project(exam))


@blueprint.get("/exams/<int:exam_id>/board.csv")
@role_required("teacher")
def export_csv(exam_id: int) -> Any:
    """Download the board for Excel."""
    exam = exams.get(session(), exam_id)
    file = io.BytesIO(boardfile.export_csv(session(), exam, me(), services().zone))
    return send_file(file, "text/csv", as_attachment=True, download_name=f"{exam.title}-成绩.csv", max_age=0)


@blueprint.get("/exams/<int:exam_id>/board.xlsx")
@role_required("teacher")
def export_xlsx(exam_id: int) -> Any:
    """Download the board as a workbook."""
    exam = exams.get(session(), exam_id)
    file = io.BytesIO(boardfile.export_xlsx(session(), exam, me(), services().zone))
    return send_file(file, boardfile.XLSX, as_attachment=True, download_name=f"{exam.title}-成绩.xlsx", max_age=0)
