"""Trial runs: ask for one, look on while it goes, stop it, see its pictures."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request

from simulator import attempts, trials
from simulator.auth import login_required
from simulator.limits import count_model_run
from simulator.models import Attempt, Trial
from simulator.pages.trial import news_view, panel_view
from simulator.services import services
from simulator.views.exam import own_attempt
from simulator.web import commit, now, session

blueprint = Blueprint("trials", __name__, url_prefix="/attempts/<int:attempt_id>")

FIGURE_CSP = "default-src 'none'; sandbox"
FIGURE_AGE_S = 3600


def _panel(trial: Trial) -> str:
    return render_template("partials/_trial.html", trial=panel_view(session(), trial, now()))


def _own_trial(attempt_id: int, trial_id: int) -> Trial:
    return trials.get(session(), own_attempt(attempt_id), trial_id)


def _ask(attempt: Attempt, position: int, run_id: str) -> Trial:
    task = services().tasks.get(session(), attempts.task(session(), attempt, position).version)
    draft, model = attempts.draft(session(), attempt, position), services().model
    trial = trials.ask(session(), task, attempt, position, run_id, draft, now(), request.get_json(silent=True), model=model)
    if trial.model:
        count_model_run(session(), attempt.user_id, now())
    return trial


@blueprint.post("/trial/<int:position>/<run_id>")
@login_required
def ask(attempt_id: int, position: int, run_id: str) -> Any:
    """Queue a run of the saved draft; the answer holds its panel, which then asks for news."""
    try:
        trial = _ask(own_attempt(attempt_id), position, run_id)
    except trials.Busy as busy:
        busy.extra = {"cancel_url": panel_view(session(), busy.trial, now())["cancel_url"]}
        raise
    panel = _panel(trial)
    commit()
    services().notify()
    return {"panel": panel}, 201


@blueprint.get("/trials/<int:trial_id>")
@login_required
def news(attempt_id: int, trial_id: int) -> Any:
    """Tell what has changed since the answer `seen`; 204 if nothing has."""
    have = {name: request.args.get(name, 0, int) for name in ("stdout", "stderr", "figures")}
    view = news_view(session(), _own_trial(attempt_id, trial_id), now(), {**have, "seen": request.args.get("seen", "")})
    return view if view is not None else ("", 204)


@blueprint.post("/trials/<int:trial_id>/cancel")
@login_required
def cancel(attempt_id: int, trial_id: int) -> Any:
    """Stop a run, or take it out of the queue."""
    trial = _own_trial(attempt_id, trial_id)
    trials.cancel(session(), trial, now())
    commit()
    return {"state": trial.state}


@blueprint.get("/trials/<int:trial_id>/figures/<int:number>")
@login_required
def figure(attempt_id: int, trial_id: int, number: int) -> Any:
    """Show a picture that my program made: a picture and nothing else, whatever its bytes are."""
    png = trials.figure(session(), _own_trial(attempt_id, trial_id), number)
    response = Response(png, mimetype="image/png")
    response.headers["Content-Security-Policy"] = FIGURE_CSP
    response.headers["Cache-Control"] = f"private, max-age={FIGURE_AGE_S}"
    return response


@blueprint.delete("/trials/<int:trial_id>")
@login_required
def forget(attempt_id: int, trial_id: int) -> Any:
    """Forget a run that has ended: the conversation was cleared."""
    trials.forget(session(), _own_trial(attempt_id, trial_id))
    commit()
    return "", 204
