"""The live monitor of an exam and what can be done from it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from simulator import exams, marking, messages, people, proctoring, reopening
from simulator.auth import my_id, role_required
from simulator.errors import Refused
from simulator.models import Exam
from simulator.pages.candidate import candidate_view
from simulator.pages.monitor import given_form, live_view, monitor_view
from simulator.proctoring import Scope
from simulator.services import services
from simulator.web import commit, hms, now, session

blueprint = Blueprint("monitor", __name__, url_prefix="/desk/exams/<int:exam_id>")


def _exam(exam_id: int) -> Exam:
    return exams.get(session(), exam_id)


def _scope() -> Scope:
    return Scope(_number("user"), _number("group"))


def _number(name: str) -> int | None:
    """Return the whole number in a field of the form, None if it is empty; Refused if it is something else."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise Refused("填写的数字不对。", "请填整数后再试。", status=422)
    return int(text)


def _person() -> int:
    user_id = _number("user")
    if user_id is None:
        raise Refused("没有选考生。", "请从监控页的名单里选。", status=422)
    return user_id


def _done(exam_id: int, sentence: str) -> Any:
    """Keep what was done, say so, and go back to the monitor."""
    commit()
    flash(sentence, "success")
    return redirect(url_for("monitor.show", exam_id=exam_id, **given_form(request.args)))


@blueprint.get("/monitor")
@role_required("instructor")
def show(exam_id: int) -> str:
    """Show the monitor."""
    view = monitor_view(session(), _exam(exam_id), request.args, now(), services().settings.instance)
    return render_template("desk/monitor.html", **view)


@blueprint.get("/monitor/rows")
@role_required("instructor")
def rows(exam_id: int) -> Any:
    """Return what has changed since the version `seen`; 204 if nothing has."""
    view = live_view(session(), _exam(exam_id), request.args, now(), services().settings.instance)
    if view["version"] == request.args.get("seen"):
        return "", 204
    return render_template("partials/_monitor.html", **view)


@blueprint.get("/candidates/<int:user_id>")
@role_required("instructor")
def candidate(exam_id: int, user_id: int) -> str:
    """Show one candidate with all that can be done for them."""
    view = candidate_view(session(), _exam(exam_id), user_id, now(), given_form(request.args))
    return render_template("desk/candidate.html", **view)


@blueprint.post("/extend")
@role_required("instructor")
def extend(exam_id: int) -> Any:
    """Give extra minutes to one, to a class, or to all."""
    minutes, note = _number("minutes") or 0, request.form.get("note", "").strip()
    count = proctoring.extend(session(), _exam(exam_id), _scope(), minutes, now(), who=my_id(), note=note)
    return _done(exam_id, _("已给 %(count)s 人加时 %(minutes)s 分钟。", count=count, minutes=minutes))


@blueprint.post("/message")
@role_required("instructor")
def message(exam_id: int) -> Any:
    """Tell all candidates something, or one."""
    user_id = _number("user")
    user = None if user_id is None else people.get(session(), user_id)
    messages.send(session(), _exam(exam_id), request.form.get("text", ""), now(), my_id(), user)
    return _done(exam_id, _("消息已发给 %(name)s。", name=user.name if user else _("全部考生")))


@blueprint.post("/pause")
@role_required("instructor")
def pause(exam_id: int) -> Any:
    """Stop the clock of one, of a class, or of all."""
    count = proctoring.pause(session(), _exam(exam_id), _scope(), now(), who=my_id())
    return _done(exam_id, _("已暂停 %(count)s 人的计时。", count=count))


@blueprint.post("/resume")
@role_required("instructor")
def resume(exam_id: int) -> Any:
    """Let the clocks run again."""
    count = proctoring.resume(session(), _exam(exam_id), _scope(), now(), who=my_id())
    return _done(exam_id, _("已恢复 %(count)s 人的计时。", count=count))


@blueprint.post("/collect")
@role_required("instructor")
def collect(exam_id: int) -> Any:
    """Hand in for one candidate."""
    attempt = proctoring.collect(session(), _exam(exam_id), _person(), now(), who=my_id())
    answer = _done(exam_id, _("已收回 %(name)s 的试卷。", name=attempt.user.name))
    attempt_id = attempt.id
    session().close()
    marking.mark_quick(services().marker(), attempt_id)
    services().notify()
    return answer


@blueprint.post("/reopen")
@role_required("instructor")
def reopen(exam_id: int) -> Any:
    """Let one candidate go on who has handed in by mistake."""
    attempt = proctoring.newest(session(), _exam(exam_id), _person())
    if attempt is None:
        raise Refused("这名考生还没有开始作答。", "请刷新页面。", status=409)
    note = request.form.get("note", "").strip()
    until = reopening.reopen(session(), attempt, now(), who=my_id(), minutes=_number("minutes"), note=note)
    return _done(exam_id, _("%(name)s 可以继续作答，%(time)s 截止。", name=attempt.user.name, time=hms(until)))


@blueprint.post("/code")
@role_required("instructor")
def code(exam_id: int) -> Any:
    """Make a code with which one candidate goes on at another machine; it is shown once."""
    user_id = _person()
    made = proctoring.access_code(session(), _exam(exam_id), user_id, now(), who=my_id())
    return _done(exam_id, _("%(name)s 的接续码：%(code)s", name=people.get(session(), user_id).name, code=made))


@blueprint.post("/credits")
@role_required("instructor")
def decide(exam_id: int) -> Any:
    """Grant or refuse one proposed outage, or grant all of them. The button pressed names it."""
    exam = _exam(exam_id)
    if request.form.get("grant") == "all":
        return _done(exam_id, _("已批准 %(count)s 条补时。", count=proctoring.grant_all(session(), exam, now(), who=my_id())))
    granted, minutes = "grant" in request.form, _number("minutes")
    credit_id = _number("grant" if granted else "refuse") or 0
    proctoring.decide(session(), exam, credit_id, granted, now(), who=my_id(), minutes=minutes if granted else None)
    return _done(exam_id, _("已批准补时。") if granted else _("已拒绝补时。"))
