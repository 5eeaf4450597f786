"""Home."""

from __future__ import annotations

from flask import Blueprint, render_template

from simulator.auth import login_required, me
from simulator.pages.appeals import notices_view
from simulator.pages.home import home_view
from simulator.web import now, session

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@login_required
def index() -> str:
    """Show my exams, practice papers and history."""
    return render_template("home/index.html", **home_view(session(), me(), now()), notices=notices_view(session(), me()))
