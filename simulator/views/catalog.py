"""Papers and tasks for teachers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for

from simulator import rereading
from simulator.auth import my_id, role_required
from simulator.pages import catalog as pages
from simulator.services import services
from simulator.web import commit, now, session

blueprint = Blueprint("catalog", __name__, url_prefix="/catalog")


@blueprint.get("/")
@role_required("teacher")
def index() -> str:
    """List papers, practical tasks and banks."""
    return render_template("catalog/index.html", **pages.index_view(session(), services().tasks))


@blueprint.post("/read")
@role_required("teacher")
def read() -> Any:
    """Read the task folders again."""
    who = my_id()
    session().rollback()  # so that nobody waits for the database while the folders are checked
    found = rereading.store(session(), rereading.load(services().settings.tasks), now(), who)
    commit()
    flash(pages.read_text(found), "success")
    return redirect(url_for("catalog.index"))


@blueprint.get("/tasks/<path:task_id>")
@role_required("teacher")
def task(task_id: str) -> str:
    """Show one task: statement, fields, runs and scoring points."""
    return render_template("catalog/task.html", **pages.task_view(session(), services().tasks, task_id))
