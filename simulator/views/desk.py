"""The instructor's desk."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from simulator import credits, equipment, exams, remarking
from simulator.auth import my_id, role_required
from simulator.errors import Refused
from simulator.models import Attempt
from simulator.pages import desk as pages
from simulator.pages.items import items_view
from simulator.services import services
from simulator.web import commit, now, session

blueprint = Blueprint("desk", __name__, url_prefix="/desk")


@blueprint.get("/")
@role_required("instructor")
def index() -> str:
    """List the exams."""
    return render_template("desk/index.html", **pages.index_view(session(), now()))


@blueprint.route("/exams/new", methods=["GET", "POST"])
@role_required("instructor")
def new() -> Any:
    """Create an exam from a paper."""
    if request.method == "GET":
        return render_template("desk/new.html", **pages.new_view(session(), exams.EMPTY_FORM, {}))
    raw = {**request.form.to_dict(), "group": request.form.getlist("group")}
    form = exams.ExamForm(raw)
    exam = exams.create(session(), form, services().zone, now(), my_id(), partial(equipment.lacking, session(), services()))
    if exam is None:
        session().rollback()
        return render_template("desk/new.html", **pages.new_view(session(), {**exams.EMPTY_FORM, **raw}, form.errors)), 422
    commit()
    flash(_("场次已建立。"), "success")
    return redirect(url_for("desk.exam", exam_id=exam.id))


@blueprint.get("/exams/<int:exam_id>")
@role_required("instructor")
def exam(exam_id: int) -> str:
    """Show one exam with its candidates."""
    return render_template("desk/exam.html", **pages.exam_view(session(), exams.get(session(), exam_id), now()))


@blueprint.get("/exams/<int:exam_id>/items")
@role_required("instructor")
def items(exam_id: int) -> str:
    """Show the item analysis of an exam."""
    return render_template("desk/items.html", **items_view(session(), services().tasks, exams.get(session(), exam_id)))


@blueprint.post("/exams/<int:exam_id>/release")
@role_required("instructor")
def release(exam_id: int) -> Any:
    """Let the candidates see their marks."""
    exams.release(session(), exams.get(session(), exam_id), now(), my_id())
    commit()
    flash(_("成绩已公布。"), "success")
    return redirect(url_for("desk.exam", exam_id=exam_id))


@blueprint.post("/exams/<int:exam_id>/close")
@role_required("instructor")
def close(exam_id: int) -> Any:
    """End the exam now."""
    closed = exams.close(session(), exams.get(session(), exam_id), now(), my_id())
    commit()
    services().notify()
    flash(_("考试已结束，收回 %(count)d 份正在作答的试卷。", count=closed), "success")
    return redirect(url_for("desk.exam", exam_id=exam_id))


@blueprint.post("/markings/<int:marking_id>/retry")
@role_required("instructor")
def retry(marking_id: int) -> Any:
    """Mark again what failed for our fault."""
    new_marking = remarking.retry(session(), marking_id, now(), my_id())
    exam_id = session().get_one(Attempt, new_marking.submission.attempt_id).exam_id
    commit()
    services().notify()
    flash(_("已重新排队评分。"), "success")
    return redirect(url_for("desk.exam", exam_id=exam_id))


@blueprint.post("/markings/<int:marking_id>/strict")
@role_required("instructor")
def strict(marking_id: int) -> Any:
    """Mark again in a fresh interpreter what is in dispute."""
    new_marking = remarking.strictly(session(), marking_id, now(), my_id())
    exam_id = session().get_one(Attempt, new_marking.submission.attempt_id).exam_id
    commit()
    services().notify()
    flash(_("已排队复评，结果显示在本页。"), "success")
    return redirect(url_for("desk.exam", exam_id=exam_id))


@blueprint.post("/attempts/<int:attempt_id>/extend")
@role_required("instructor")
def extend(attempt_id: int) -> Any:
    """Give one candidate extra minutes."""
    attempt = session().get(Attempt, attempt_id)
    minutes = request.form.get("minutes", "")
    if attempt is None:
        raise Refused("找不到这份试卷。", "请刷新页面。", status=404)
    if not credits.grant(session(), [attempt], int(minutes) * 60 if minutes.isdecimal() else 0, now(), who=my_id()):
        raise Refused("这份试卷已经交卷，不能再加时。")
    commit()
    flash(_("已加时 %(minutes)s 分钟。", minutes=minutes), "success")
    return redirect(url_for("desk.exam", exam_id=attempt.exam_id))
