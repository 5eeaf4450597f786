"""The instructor's side of a board: settings, the projector's link, the staged release."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from simulator import boards, events, exams
from simulator.auth import my_id, role_required
from simulator.pages import boarddesk as pages
from simulator.services import services
from simulator.web import commit, now, session

blueprint = Blueprint("boarddesk", __name__, url_prefix="/desk/exams/<int:exam_id>")


@blueprint.route("/board-settings", methods=["GET", "POST"])
@role_required("instructor")
def settings(exam_id: int) -> Any:
    """Set the freeze, numbers instead of names, and awards."""
    exam = exams.get(session(), exam_id)
    if request.method == "GET":
        return render_template("board/settings.html", **pages.settings_view(session(), exam, services().zone))
    form = request.form.to_dict()
    errors = boards.save(session(), exam, form, services().zone, now(), my_id())
    if errors:
        session().rollback()
        return render_template("board/settings.html", **pages.settings_view(session(), exam, services().zone, form, errors)), 422
    commit()
    flash(_("排行榜设置已保存。"), "success")
    return redirect(url_for("boarddesk.settings", exam_id=exam_id))


@blueprint.post("/board-link")
@role_required("instructor")
def link(exam_id: int) -> str:
    """Make a link that opens the projector's page without a log-in."""
    exam = exams.get(session(), exam_id)
    token = boards.make_link(str(current_app.secret_key), exam.id, now())
    events.record(session(), "exam.board-link", now(), who=my_id(), exam_id=exam.id)
    commit()
    address = url_for("board.projector", exam_id=exam.id, token=token, _external=True)
    return render_template("board/settings.html", **pages.settings_view(session(), exam, services().zone, address=address))


@blueprint.get("/reveal")
@role_required("instructor")
def staged(exam_id: int) -> str:
    """Show where the staged release stands."""
    return render_template("board/reveal.html", **pages.reveal_view(session(), exams.get(session(), exam_id)))


@blueprint.post("/reveal/<any(next, undo, finish):act>")
@role_required("instructor")
def reveal(exam_id: int, act: str) -> Any:
    """Open the next row, close the last one again, or end the staged release."""
    exam, step = exams.get(session(), exam_id), request.form.get("step", "")
    if act == "finish":
        boards.finish(session(), exam, now(), my_id())
    else:
        move = boards.reveal if act == "next" else boards.undo
        move(session(), exam, int(step) if step.isdecimal() and len(step) < 9 else -1, now(), my_id())
    commit()
    return redirect(url_for("board.show" if act == "finish" else "boarddesk.staged", exam_id=exam_id))
