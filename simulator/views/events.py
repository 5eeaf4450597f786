"""The event log."""

from __future__ import annotations

import io

from flask import Blueprint, Response, render_template, request, send_file

from simulator.auth import role_required
from simulator.pages.events import events_view, export_csv
from simulator.services import services
from simulator.web import session

blueprint = Blueprint("events", __name__, url_prefix="/admin/events")


@blueprint.get("")
@role_required("admin")
def show() -> str:
    """Show the newest events that fit the filter."""
    return render_template("admin/events.html", **events_view(session(), request.args, services().zone))


@blueprint.get("/export.csv")
@role_required("admin")
def export() -> Response:
    """Download the events that fit the filter for Excel."""
    file = io.BytesIO(export_csv(session(), request.args, services().zone))
    return send_file(file, "text/csv", as_attachment=True, download_name="事件记录.csv", max_age=0)
