"""What the product's engines are and are not, in plain words."""

from __future__ import annotations

from flask import Blueprint, render_template

from simulator.services import services

blueprint = Blueprint("about", __name__, url_prefix="/about")


@blueprint.get("/agent-engine")
def agent_engine() -> str:
    """Say what answers inside an agent flow, and what it cannot do. Open to everybody."""
    return render_template("about/agent_engine.html", model=services().model)
