"""Papers and tasks for teachers."""

from __future__ import annotations

from flask import Blueprint, render_template

from simulator.auth import role_required
from simulator.pages import catalog as pages
from simulator.services import services
from simulator.web import session

blueprint = Blueprint("catalog", __name__, url_prefix="/catalog")


@blueprint.get("/")
@role_required("teacher")
def index() -> str:
    """List papers, practical tasks and banks."""
    return render_template("catalog/index.html", **pages.index_view(session(), services().tasks))


@blueprint.get("/tasks/<path:task_id>")
@role_required("teacher")
def task(task_id: str) -> str:
    """Show one task: statement, fields, runs and scoring points."""
    return render_template("catalog/task.html", **pages.task_view(session(), services().tasks, task_id))
