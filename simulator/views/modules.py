"""Modules with clocks of their own: the list, enter one, hand one in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for

from simulator import marking, modules
from simulator.auth import login_required
from simulator.clocks import own_clocks
from simulator.models import Attempt
from simulator.pages.modules import modules_view
from simulator.pages.screen import first_screen
from simulator.services import services
from simulator.views.exam import own_attempt
from simulator.web import commit, now, session

blueprint = Blueprint("modules", __name__, url_prefix="/attempts/<int:attempt_id>/modules")


@blueprint.get("/")
@login_required
def index(attempt_id: int) -> Any:
    """List the modules."""
    attempt = own_attempt(attempt_id)
    if attempt.state == "closed":
        return redirect(url_for("results.show", attempt_id=attempt.id))
    if not own_clocks(attempt):
        return redirect(url_for("exam.screen", attempt_id=attempt.id, screen=1))
    return render_template("exam/modules.html", **modules_view(session(), attempt, now()))


@blueprint.post("/<int:module>/enter")
@login_required
def enter(attempt_id: int, module: int) -> Any:
    """Start the clock of a module and show its first screen."""
    attempt = own_attempt(attempt_id)
    modules.enter(session(), attempt, module, now())
    commit()
    return redirect(url_for("exam.screen", attempt_id=attempt.id, screen=first_screen(session(), attempt, module)), 303)


@blueprint.post("/<int:module>/leave")
@login_required
def leave(attempt_id: int, module: int) -> Any:
    """Hand in a module; its marking begins at once, its marks are seen at the end."""
    attempt = own_attempt(attempt_id)
    modules.leave(session(), attempt, module, now())
    commit()
    session().close()
    marking.mark_quick(services().marker(), attempt_id)
    services().notify()
    return redirect(_next(attempt), 303)


def _next(attempt: Attempt) -> str:
    return url_for("results.show" if attempt.state == "closed" else "modules.index", attempt_id=attempt.id)
