"""The visual language on one page (demo school only)."""

from __future__ import annotations

from flask import Blueprint, render_template

from simulator.errors import Refused
from simulator.services import services

blueprint = Blueprint("styleguide", __name__)


@blueprint.get("/styleguide")
def show() -> str:
    """Show tokens and components."""
    if not services().settings.demo:
        raise Refused("没有这个页面。", "请从首页进入。", status=404)
    return render_template("styleguide.html")
