"""Re-marking an exam by changed tasks."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from simulator import exams
from simulator.auth import my_id, role_required
from simulator.models import Exam
from simulator.pages import remark as pages
from simulator.remarks import deciding, shadow
from simulator.services import services
from simulator.web import commit, now, session

blueprint = Blueprint("remark", __name__, url_prefix="/desk")


def _to(remarking_id: int, message: str) -> Any:
    flash(message, "success")
    return redirect(url_for("remark.show", remarking_id=remarking_id))


@blueprint.get("/exams/<int:exam_id>/remark")
@role_required("instructor")
def index(exam_id: int) -> str:
    """Show which tasks of an exam have another version."""
    return render_template("remark/index.html", **pages.index_view(session(), services().tasks, exams.get(session(), exam_id)))


@blueprint.post("/exams/<int:exam_id>/remark")
@role_required("instructor")
def start(exam_id: int) -> Any:
    """Open a re-marking of the chosen tasks."""
    held = [int(value) for value in request.form.getlist("task") if value.isdecimal() and len(value) < 12]
    exam, note = exams.get(session(), exam_id), request.form.get("note", "")
    opened = shadow.start(session(), services().tasks, exam, held, note, now(), my_id())
    commit()
    services().notify()
    return _to(opened.id, _("已开始重评；应用之前，所有成绩照旧。"))


@blueprint.get("/remarkings/<int:remarking_id>")
@role_required("instructor")
def show(remarking_id: int) -> str:
    """Show one re-marking: progress, and who changes."""
    remarking, everybody = shadow.get(session(), remarking_id), request.args.get("all") == "1"
    return render_template("remark/show.html", **pages.show_view(session(), services().tasks, remarking, now(), everybody=everybody))


@blueprint.get("/remarkings/<int:remarking_id>/progress")
@role_required("instructor")
def progress(remarking_id: int) -> Response:
    """Return how far it is (asked again while it runs); when it is ready, the page loads anew with the table."""
    view = pages.progress_view(session(), shadow.get(session(), remarking_id), now())
    answer = make_response(render_template("partials/_remark_progress.html", progress=view))
    if view["ready"]:
        answer.headers["HX-Refresh"] = "true"
    return answer


@blueprint.get("/remarkings/<int:remarking_id>/changes.csv")
@role_required("instructor")
def export(remarking_id: int) -> Response:
    """Download who changes for Excel."""
    remarking = shadow.get(session(), remarking_id)
    file = io.BytesIO(pages.export_csv(session(), services().tasks, remarking))
    title = session().get_one(Exam, remarking.exam_id).title
    return send_file(file, "text/csv", as_attachment=True, download_name=f"{title}-重评{remarking.id}.csv", max_age=0)


@blueprint.post("/remarkings/<int:remarking_id>/retry")
@role_required("instructor")
def retry(remarking_id: int) -> Any:
    """Mark again what failed for our fault."""
    queued = shadow.retry(session(), shadow.get(session(), remarking_id, lock=True), now(), my_id())
    commit()
    services().notify()
    return _to(remarking_id, _("已重新排队 %(n)s 份。", n=queued))


@blueprint.post("/remarkings/<int:remarking_id>/apply")
@role_required("instructor")
def apply(remarking_id: int) -> Any:
    """Let it count."""
    remarking, keep = shadow.get(session(), remarking_id, lock=True), request.form.get("keep") == "1"
    changed = deciding.apply(session(), remarking, now(), my_id(), keep=keep)
    commit()
    return _to(remarking_id, _("已应用：%(n)s 份成绩有变化，排行榜已更新。", n=changed))


@blueprint.post("/remarkings/<int:remarking_id>/drop")
@role_required("instructor")
def drop(remarking_id: int) -> Any:
    """Give it up."""
    shadow.drop(session(), shadow.get(session(), remarking_id, lock=True), now(), my_id())
    commit()
    return _to(remarking_id, _("已放弃，所有成绩照旧。"))


@blueprint.post("/remarkings/<int:remarking_id>/undo")
@role_required("instructor")
def undo(remarking_id: int) -> Any:
    """Take it back."""
    changed = deciding.undo(session(), shadow.get(session(), remarking_id, lock=True), now(), my_id())
    commit()
    return _to(remarking_id, _("已撤销：%(n)s 份成绩恢复为重评前的分数。", n=changed))
