"""Go on with an attempt in another browser, with the code that the invigilator gives."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from simulator import seats
from simulator.auth import login_required
from simulator.errors import Refused
from simulator.limits import limiter
from simulator.models import Attempt
from simulator.seats import Elsewhere
from simulator.views.exam import keep_seat, own_attempt
from simulator.web import answer, commit, now, session, wants_json

blueprint = Blueprint("seats", __name__)

TRIES = "10 per minute"
"""Codes that one address may try: six digits, valid for ten minutes, would else be guessed."""


@blueprint.app_errorhandler(Elsewhere)
def elsewhere(error: Elsewhere) -> Any:
    """Ask for the code; scripts get the sentence."""
    session().rollback()
    if wants_json():
        return answer(error.status, error.message, error.hint, **error.extra)
    return _ask(error.attempt, "", error.status)


@blueprint.post("/attempts/<int:attempt_id>/seat")
@limiter.limit(TRIES)  # first: it writes its count in a transaction of its own, before this request opens one
@login_required
def take_over(attempt_id: int) -> Any:
    """Take the attempt on in this browser."""
    attempt = own_attempt(attempt_id, anywhere=True)
    try:
        seats.use_code(session(), attempt, request.form.get("code", ""), now())
    except Refused as error:
        commit()  # that it was tried is kept
        return _ask(attempt, _(error.message) + _(error.hint), error.status)
    keep_seat(attempt)
    commit()
    flash(_("已在这台电脑上继续。原来的页面不能再保存。"), "success")
    return redirect(url_for("exam.screen", attempt_id=attempt.id, screen=1), 303)


def _ask(attempt: Attempt, error: str, status: int) -> Any:
    return render_template("exam/elsewhere.html", attempt_id=attempt.id, title=attempt.exam.title, error=error), status
