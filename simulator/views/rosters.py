"""Import a roster: upload, preview, confirm; then the one-time passwords, once."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, render_template, request, send_file, url_for
from flask_babel import gettext as _

from simulator import people, rosters
from simulator.auth import my_id, role_required
from simulator.errors import Refused
from simulator.pages import people as pages
from simulator.people import Created
from simulator.sealed import unseal
from simulator.services import services
from simulator.web import commit, now, session

blueprint = Blueprint("rosters", __name__, url_prefix="/admin/people")


def passwords(created: list[Created], back: str) -> str:
    """Show new one-time passwords: this answer is the only place where they stand."""
    view = pages.passwords_view(created, services().settings.secret_key, now(), who=my_id(), back=back)
    return render_template("admin/passwords.html", **view)


def _preview(roster: rosters.Roster, error: str = "") -> str:
    plan = rosters.plan(session(), roster)
    return render_template(
        "admin/preview.html", **pages.preview_view(plan, roster, services().settings.secret_key, now(), who=my_id(), error=error)
    )


@blueprint.get("/import")
@role_required("admin")
def upload() -> str:
    """Ask for the file."""
    return render_template("admin/import.html", error=None)


@blueprint.post("/import")
@role_required("admin")
def preview() -> Any:
    """Say what the file would do; nothing is created."""
    file = request.files.get("file")
    try:
        return _preview(rosters.read(file.read() if file else b""))
    except Refused as refusal:
        error = _("%(message)s%(hint)s", message=_(refusal.message), hint=_(refusal.hint))
        return render_template("admin/import.html", error=error), refusal.status


@blueprint.post("/import/confirm")
@role_required("admin")
def confirm() -> Any:
    """Create and move the students that the preview has shown."""
    who = my_id()
    content = unseal(services().settings.secret_key, pages.ROSTER, request.form.get("sealed", ""), now(), who=who)
    roster, agreed, new = pages.opened(content)
    session().rollback()  # hashing thousands of passwords takes seconds, in which others must be able to save
    drawn = people.one_time(new)
    try:
        made = rosters.carry_out(session(), roster, agreed, drawn, now(), who)
    except Refused as refusal:
        session().rollback()
        return _preview(roster, _("%(message)s%(hint)s", message=_(refusal.message), hint=_(refusal.hint))), refusal.status
    commit()
    return passwords(made, url_for("admin.people"))


@blueprint.post("/passwords.<kind>")
@role_required("admin")
def download(kind: str) -> Any:
    """Return the one-time passwords of the page that asks, as a file; nothing about them is kept here."""
    rows = unseal(services().settings.secret_key, pages.PASSWORDS, request.form.get("sealed", ""), now(), who=my_id())
    if kind == "xlsx":
        mime, data = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", pages.passwords_xlsx(rows)
    elif kind == "csv":
        mime, data = "text/csv", pages.passwords_csv(rows)
    else:
        raise Refused("没有这种文件。", "请用页面上的按钮下载。", status=404)
    return send_file(io.BytesIO(data), mime, as_attachment=True, download_name=f"一次性密码.{kind}", max_age=0)
