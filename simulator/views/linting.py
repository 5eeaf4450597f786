"""Lint while typing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from simulator import attempts, linting
from simulator.auth import login_required
from simulator.errors import Refused
from simulator.services import services
from simulator.views.exam import own_attempt
from simulator.web import now, session

blueprint = Blueprint("linting", __name__, url_prefix="/attempts/<int:attempt_id>")


@blueprint.post("/lint/<int:position>/<field_id>")
@login_required
def lint(attempt_id: int, position: int, field_id: str) -> Any:
    """Return what is wrong with an answer that is being typed; the database is left alone meanwhile."""
    attempt = own_attempt(attempt_id)
    attempts.check_open(attempt, now(), position)
    task = services().tasks.get(session(), attempts.task(session(), attempt, position).version)
    session().close()
    body = request.get_json()
    if not isinstance(body, dict):
        raise Refused("检查请求的格式不对。", "请刷新页面后再试。", status=422)
    return {"findings": linting.lint(task, field_id, body.get("value"))}
