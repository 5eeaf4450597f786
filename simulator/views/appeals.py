"""Appeals of candidates, decisions about single points, and notices."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from simulator import appeals, notices
from simulator.auth import login_required, me, my_id, role_required
from simulator.errors import Refused
from simulator.models import Attempt
from simulator.pages import appeals as pages
from simulator.services import services
from simulator.web import commit, now, session

blueprint = Blueprint("appeals", __name__)


def _attempt(attempt_id: int, *, own: bool) -> Attempt:
    """Return a closed attempt: one of mine, or anybody's for those who mark; others are not found."""
    attempt = session().get(Attempt, attempt_id)
    if attempt is None or attempt.state != "closed" or (own and attempt.user_id != my_id()):
        raise Refused("找不到这份成绩。", "请从首页进入。", status=404)
    return attempt


def _where() -> tuple[int, str]:
    """Return position and point of the request's address."""
    return request.args.get("position", 0, int), request.args.get("point", "")[:64]


@blueprint.get("/attempts/<int:attempt_id>/appeals/new")
@login_required
def new(attempt_id: int) -> Any:
    """Show the form for a question about one point."""
    attempt, (position, point) = _attempt(attempt_id, own=True), _where()
    if not notices.visible(attempt):
        raise Refused("成绩还没有公布。", "公布后可以提出疑问。", status=403)
    why = appeals.why_not_ask(session(), attempt, position, point)
    view = pages.point_view(session(), services().tasks, attempt, position, point, staff=False)
    return render_template("appeals/new.html", **view, why_not=why, text="", error="")


@blueprint.post("/attempts/<int:attempt_id>/appeals/new")
@login_required
def ask(attempt_id: int) -> Any:
    """Ask; what was typed stays in the form if it is refused."""
    attempt, (position, point), text = _attempt(attempt_id, own=True), _where(), request.form.get("text", "")
    try:
        appeals.ask(session(), attempt, position, point, text, now())
    except Refused as refusal:
        if refusal.status != 422:
            raise
        view = pages.point_view(session(), services().tasks, attempt, position, point, staff=False)
        return render_template("appeals/new.html", **view, why_not="", text=text, error=refusal.message), 422
    commit()
    flash(_("已提交疑问，老师答复后会通知你。"), "success")
    return redirect(url_for("results.show", attempt_id=attempt_id, _anchor="appeals"))


@blueprint.post("/appeals/<int:appeal_id>/withdraw")
@login_required
def withdraw(appeal_id: int) -> Any:
    """Take my open question back."""
    attempt = appeals.withdraw(session(), appeal_id, now(), my_id())
    commit()
    flash(_("已撤回。"), "success")
    return redirect(url_for("results.show", attempt_id=attempt.id, _anchor="appeals"))


@blueprint.get("/desk/appeals")
@role_required("instructor")
def index() -> str:
    """List open appeals."""
    return render_template("appeals/index.html", **pages.queue_view(session(), request.args.get("exam", None, int)))


@blueprint.get("/desk/appeals/<int:appeal_id>")
@role_required("instructor")
def show(appeal_id: int) -> str:
    """Show one appeal."""
    view = pages.show_view(session(), services().tasks, appeals.get(session(), appeal_id), {})
    return render_template("appeals/show.html", **view, error="")


@blueprint.post("/desk/appeals/<int:appeal_id>")
@role_required("instructor")
def answer(appeal_id: int) -> Any:
    """Answer, perhaps with other marks; what was typed stays in the form if it is refused."""
    form, shared = request.form, services()
    try:
        appeals.answer(
            session(), shared.tasks, appeal_id, form.get("text", ""), form.get("earned", ""), now(), who=me(), zone=shared.zone
        )
    except Refused as refusal:
        view = pages.show_view
        return _again("appeals/show.html", refusal, lambda: view(session(), shared.tasks, appeals.get(session(), appeal_id), form))
    commit()
    flash(_("已答复，考生会看到通知。"), "success")
    return redirect(url_for("appeals.index"))


@blueprint.get("/desk/attempts/<int:attempt_id>/decide")
@role_required("instructor")
def decide(attempt_id: int) -> str:
    """Show one point to give it other marks."""
    view = pages.decide_view(session(), services().tasks, _attempt(attempt_id, own=False), *_where(), {})
    return render_template("appeals/decide.html", **view, error="")


@blueprint.post("/desk/attempts/<int:attempt_id>/decide")
@role_required("instructor")
def decided(attempt_id: int) -> Any:
    """Give one point other marks."""
    (position, point), form, shared = _where(), request.form, services()
    given, reason = form.get("earned", ""), form.get("text", "")
    try:
        attempt = _attempt(attempt_id, own=False)
        appeals.decide(session(), shared.tasks, attempt, position, point, given, reason, now(), who=me(), zone=shared.zone)
    except Refused as refusal:
        view = pages.decide_view
        return _again("appeals/decide.html", refusal, lambda: view(session(), shared.tasks, attempt, position, point, form))
    commit()
    flash(_("已改判，排行榜已更新。"), "success")
    return redirect(url_for("results.show", attempt_id=attempt_id, _anchor=f"r{position}"))


def _again(template: str, refusal: Refused, view: Any) -> Any:
    """Return the form as it was typed, with the sentence; other refusals than of what was typed have a page of their own."""
    if refusal.status != 422:
        raise refusal
    session().rollback()
    return render_template(template, **view(), error=refusal.message), 422


@blueprint.post("/notices/<int:notice_id>/read")
@login_required
def read(notice_id: int) -> Any:
    """Note that I have read a notice, and go to the result."""
    notice = notices.read(session(), notice_id, my_id(), now())
    commit()
    where = url_for("results.show", attempt_id=notice.attempt_id) if notice.attempt_id else url_for("home.index")
    return redirect(where)
