"""Sit an exam: lobby, start, screens, drafts, uploads, flags, clock, hand-in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, after_this_request, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from simulator import attempts, exams, marking, messages, presence, responses, seats
from simulator.attempts import Outdated
from simulator.auth import login_required, me, my_id
from simulator.clocks import between_modules, own_module_of
from simulator.errors import Refused
from simulator.models import Attempt
from simulator.pages.exam import beat_view, saved_view
from simulator.pages.home import lobby_view
from simulator.pages.result import feedback_view
from simulator.pages.screen import review_view, screen_view
from simulator.services import services
from simulator.views.files import attachment, given_file
from simulator.web import commit, hms, now, session

blueprint = Blueprint("exam", __name__)

SEAT_S = 2 * 24 * 3600
"""How long a browser keeps its token: longer than any exam, and a restart of the computer does not lose it."""


def own_attempt(attempt_id: int, *, anywhere: bool = False, tasks: bool = False, lock: bool = False) -> Attempt:
    """Return the attempt if it is mine; Refused (404) otherwise, so that numbers tell nothing.

    Elsewhere (423) if another browser sits it, unless it is asked for `anywhere`. tasks, lock : see `attempts.load`.
    """
    attempt = attempts.load(session(), attempt_id, tasks=tasks, lock=lock)
    if attempt is None or attempt.user_id != my_id():
        raise Refused("找不到这份试卷。", "请从首页进入。", status=404)
    if not anywhere:
        seats.check(attempt, request.cookies.get(seats.COOKIE, ""))
    return attempt


def keep_seat(attempt: Attempt) -> None:
    """Bind the attempt to this browser, which gets the token with the answer of this request; the caller commits."""
    token = request.cookies.get(seats.COOKIE) or seats.new_token()
    seats.bind(attempt, token)
    settings = services().settings

    @after_this_request
    def _give(response: Response) -> Response:
        response.set_cookie(seats.COOKIE, token, max_age=SEAT_S, httponly=True, samesite="Lax", secure=settings.https)
        return response


def _task(attempt: Attempt, position: int) -> Any:
    return services().tasks.get(session(), attempts.task(session(), attempt, position).version)


@blueprint.get("/exams/<int:exam_id>")
@login_required
def lobby(exam_id: int) -> str:
    """Show rules, modules, minutes and marks before the start."""
    exam = exams.get(session(), exam_id)
    return render_template("exam/lobby.html", **lobby_view(session(), exam, me(), now()))


@blueprint.post("/exams/<int:exam_id>/start")
@login_required
def start(exam_id: int) -> Any:
    """Start the clock, or go on with the running attempt."""
    attempt = attempts.start(session(), exams.get(session(), exam_id), me(), now())
    if seats.is_bound(attempt) and not attempt.seat:
        keep_seat(attempt)
    commit()
    return redirect(url_for("exam.screen", attempt_id=attempt.id, screen=1))


@blueprint.get("/attempts/<int:attempt_id>/<int:screen>")
@login_required
def screen(attempt_id: int, screen: int) -> Any:
    """Show one screen of the paper; a closed attempt leads to its result."""
    attempt = own_attempt(attempt_id, tasks=True)
    if attempt.state == "closed":
        return redirect(url_for("results.show", attempt_id=attempt.id))
    view = screen_view(session(), services().tasks, attempt, screen, now())
    return render_template("exam/screen.html", **view) if view else redirect(url_for("modules.index", attempt_id=attempt.id))


@blueprint.post("/attempts/<int:attempt_id>/<int:screen>")
@login_required
def save_form(attempt_id: int, screen: int) -> Any:
    """Save a whole screen from a plain form post (pages without script)."""
    attempt = own_attempt(attempt_id, tasks=True)
    view = screen_view(session(), services().tasks, attempt, screen, now())
    for task in view["tasks"] if view else []:
        form = responses.from_form(_task(attempt, task["position"]), task["position"], request.form)
        cleaned = responses.clean(_task(attempt, task["position"]), form, services().blobs)
        attempts.save_draft(session(), attempt, task["position"], task["rev"], cleaned, now())
    commit()
    flash(_("已保存 %(time)s", time=hms(now())), "success")
    return redirect(url_for("exam.screen", attempt_id=attempt.id, screen=screen))


@blueprint.put("/attempts/<int:attempt_id>/drafts/<int:position>")
@login_required
def save(attempt_id: int, position: int) -> Any:
    """Autosave one task. Most saves are answered by `quick`; here, those that are not plainly in order."""
    attempt = own_attempt(attempt_id, lock=True)
    body = request.get_json()
    if not isinstance(body, dict) or not isinstance(body.get("rev"), int):
        raise Refused("保存请求的格式不对。", "请刷新页面后再试。")
    attempts.check_open(attempt, now(), position)
    response = responses.clean(_task(attempt, position), body.get("response"), services().blobs)
    try:
        saved = attempts.save_draft(session(), attempt, position, body["rev"], response, now())
    except Outdated as error:
        draft = error.draft
        error.extra = {"rev": draft.rev, "response": draft.response, "saved_at": hms(draft.saved_at)}
        raise
    commit()
    return saved_view(attempt, own_module_of(attempt, position), saved.rev, saved.saved_at, now())


@blueprint.post("/attempts/<int:attempt_id>/uploads/<int:position>/<field_id>")
@login_required
def upload(attempt_id: int, position: int, field_id: str) -> Any:
    """Take one file for a field; the page then saves it as part of the draft."""
    attempt = own_attempt(attempt_id)
    attempts.check_open(attempt, now(), position)
    field = next((f for f in _task(attempt, position).fields if f.id == field_id), None)
    file = request.files.get("file")
    if field is None or file is None:
        raise Refused("没有收到文件。", "请重新选择文件。", status=422)
    return responses.accept_upload(field, file.filename or "", file.read(), services().blobs)


@blueprint.get("/attempts/<int:attempt_id>/uploads/<int:position>/<field_id>")
@login_required
def blob(attempt_id: int, position: int, field_id: str) -> Any:
    """Download my own upload; `n` is its number where a field takes several, `v` the beginning of its hash."""
    draft = attempts.draft(session(), own_attempt(attempt_id), position)
    value = responses.stored_file(draft, field_id, request.args.get("n", 0, int), request.args.get("v", ""))
    return attachment(services().blobs.get(value["blob"]), value["name"])


@blueprint.get("/attempts/<int:attempt_id>/files/<int:position>/<name>")
@login_required
def file(attempt_id: int, position: int, name: str) -> Any:
    """Download a file that the task gives to the candidate. Only names listed in `files/` exist here."""
    return given_file(_task(own_attempt(attempt_id), position), name)


@blueprint.put("/attempts/<int:attempt_id>/flags/<int:position>")
@login_required
def flag(attempt_id: int, position: int) -> Any:
    """Set or clear my own mark on a task."""
    body = request.get_json()
    attempts.flag(session(), own_attempt(attempt_id), position, bool(isinstance(body, dict) and body.get("flagged")), now())
    commit()
    return "", 204


@blueprint.get("/attempts/<int:attempt_id>/clock")
@login_required
def clock(attempt_id: int) -> Any:
    """Return the time left, of the module in the query if it has a clock of its own, and the newest message."""
    attempt = own_attempt(attempt_id)
    return beat_view(attempt, now(), request.args.get("module", type=int), messages.latest(session(), attempt))


@blueprint.post("/attempts/<int:attempt_id>/clock")
@login_required
def beat(attempt_id: int) -> Any:
    """Take a sign of life of the page, and return the time left. Most are answered by `quick`."""
    body = request.get_json(silent=True)
    position = body.get("position") if isinstance(body, dict) else None
    attempt = own_attempt(attempt_id)
    if presence.heard(session(), attempt, now(), request.remote_addr or "", position if isinstance(position, int) else None):
        commit()
    return clock(attempt_id)


@blueprint.get("/attempts/<int:attempt_id>/hand-in")
@login_required
def review(attempt_id: int) -> Any:
    """List blanks and flags before the hand-in."""
    attempt = own_attempt(attempt_id, tasks=True)
    if attempt.state == "closed":
        return redirect(url_for("results.show", attempt_id=attempt.id))
    if between_modules(attempt):
        return redirect(url_for("modules.index", attempt_id=attempt.id))
    return render_template("exam/review.html", **review_view(session(), services().tasks, attempt, now()))


@blueprint.post("/attempts/<int:attempt_id>/submit")
@login_required
def submit(attempt_id: int) -> Any:
    """Hand in. After the commit nothing can be lost; quick points are marked before the answer goes out."""
    attempt = own_attempt(attempt_id)
    attempts.submit(session(), attempt, now(), by="candidate", who=my_id())
    commit()
    session().close()
    marking.mark_quick(services().marker(), attempt_id)
    services().notify()
    return redirect(url_for("results.show", attempt_id=attempt_id), 303)


@blueprint.post("/attempts/<int:attempt_id>/check/<int:position>")
@login_required
def check(attempt_id: int, position: int) -> Any:
    """Practice: mark one task now."""
    attempts.check(session(), own_attempt(attempt_id), position, now())
    commit()
    session().close()
    marking.mark_quick(services().marker(), attempt_id)
    services().notify()
    return feedback(attempt_id, position)


@blueprint.get("/attempts/<int:attempt_id>/check/<int:position>")
@login_required
def feedback(attempt_id: int, position: int) -> Any:
    """Practice: show how the last check of a task stands (asked again while it waits for a worker)."""
    attempt = own_attempt(attempt_id)
    if attempt.exam.mode != "practice":
        raise Refused("只有练习模式可以逐题查看结果。", status=403)
    attempts.task(session(), attempt, position)
    view = feedback_view(session(), services().tasks, attempt, position, now())
    return render_template("partials/_feedback.html", feedback=view)
