"""Result of an attempt."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import current_user

from simulator import attempts, responses, results
from simulator.auth import LEVELS, login_required, my_id
from simulator.errors import Refused
from simulator.models import Attempt
from simulator.pages.appeals import list_view
from simulator.pages.result import released, sheet_view, show_view
from simulator.services import services
from simulator.views.files import attachment, given_file
from simulator.web import now, session

blueprint = Blueprint("results", __name__)


def own_attempt(attempt_id: int) -> tuple[Attempt, bool]:
    """Return the attempt and whether I look at it as staff; candidates see their own only."""
    attempt = session().get(Attempt, attempt_id)
    staff = LEVELS[current_user.role] >= LEVELS["teacher"]
    if attempt is None or not (staff or attempt.user_id == my_id()):
        raise Refused("找不到这份成绩。", "请从首页进入。", status=404)
    return attempt, staff


@blueprint.get("/attempts/<int:attempt_id>/result")
@login_required
def show(attempt_id: int) -> Any:
    """Show the score sheet; a running attempt leads back to the exam."""
    attempt, staff = own_attempt(attempt_id)
    if attempt.state == "running":
        if attempt.user_id == my_id():
            return redirect(url_for("exam.screen", attempt_id=attempt.id, screen=1))
        raise Refused("考生还在作答。", "交卷后可以查看成绩单。", status=409)
    view = show_view(session(), services().tasks, attempt, now(), staff=staff)
    return render_template("results/show.html", **view, appeals=list_view(session(), attempt, staff=staff))


@blueprint.get("/attempts/<int:attempt_id>/result/sheet")
@login_required
def sheet(attempt_id: int) -> Any:
    """Return the score sheet alone (asked again while something is pending)."""
    attempt, staff = own_attempt(attempt_id)
    if attempt.state == "running" or not released(attempt, staff=staff):
        raise Refused("成绩还没有公布。", "公布后可以在这里查看。", status=403)
    view = sheet_view(session(), services().tasks, attempt, now(), staff=staff)
    return render_template("partials/_sheet.html", sheet=view, staff=staff)


@blueprint.get("/attempts/<int:attempt_id>/result/files/<int:position>/<name>")
@login_required
def file(attempt_id: int, position: int, name: str) -> Any:
    """Return a file that a task of this attempt gives (pictures in its evidence)."""
    attempt, _staff = own_attempt(attempt_id)
    version = attempts.task(session(), attempt, position).version
    return given_file(services().tasks.get(session(), version), name)


@blueprint.get("/attempts/<int:attempt_id>/result/uploads/<int:position>/<field_id>")
@login_required
def upload(attempt_id: int, position: int, field_id: str) -> Any:
    """Return a file that was handed in; `n` is its number where a field takes several, `v` the beginning of its hash."""
    attempt, _staff = own_attempt(attempt_id)
    submission = results.submission(session(), attempt, position)
    response = submission.response if submission else {}
    value = responses.stored_file(response, field_id, request.args.get("n", 0, int), request.args.get("v", ""))
    return attachment(services().blobs.get(value["blob"]), value["name"])
