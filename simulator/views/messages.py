"""The candidate's side of messages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from simulator import messages
from simulator.auth import login_required
from simulator.views.exam import own_attempt
from simulator.web import hms, session

blueprint = Blueprint("messages", __name__)


@blueprint.get("/attempts/<int:attempt_id>/messages")
@login_required
def received(attempt_id: int) -> Any:
    """Return what I have been sent in this exam, the newest first."""
    found = messages.received(session(), own_attempt(attempt_id))
    return {"messages": [{"id": one.id, "text": one.text, "at": hms(one.at), "mine": one.user_id is not None} for one in found]}
