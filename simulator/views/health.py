"""For the classroom operator and monitors."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import text

from simulator import marking
from simulator.services import services
from simulator.web import session

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def show() -> Any:
    """Answer 200 if the database does, with the length of the marking queue."""
    session().execute(text("SELECT 1"))
    return {"ok": True, "queue": marking.waiting(session()), "time": services().clock().isoformat()}
