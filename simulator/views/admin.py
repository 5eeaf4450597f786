"""People and system."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from simulator import events, people
from simulator.auth import my_id, role_required
from simulator.errors import Refused
from simulator.pages import people as pages
from simulator.pages.system import system_view
from simulator.services import services
from simulator.views.rosters import passwords
from simulator.web import commit, now, session

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


def _people(error: str = "", status: int = 200) -> tuple[str, int]:
    return render_template("admin/people.html", **pages.people_view(session(), request.args), error=error, new=request.form), status


@blueprint.get("/people", endpoint="people")
@role_required("admin")
def people_list() -> Any:
    """List accounts."""
    return _people()


@blueprint.post("/people")
@role_required("admin")
def create() -> Any:
    """Create one account; its password is shown once."""
    form = request.form
    try:
        made = people.create(
            session(), form.get("username", ""), form.get("name", ""), form.get("role", ""), form.get("group", ""), now(), who=my_id()
        )
    except Refused as refusal:
        session().rollback()
        return _people(error=_(refusal.message), status=refusal.status)
    commit()
    return passwords([made], url_for("admin.people"))


@blueprint.post("/people/<int:user_id>/reset")
@role_required("admin")
def reset(user_id: int) -> Any:
    """Give an account a new password, shown once."""
    made = people.reset_password(session(), user_id, now(), my_id())
    commit()
    return passwords([made], url_for("admin.people"))


@blueprint.post("/people/<int:user_id>/toggle")
@role_required("admin")
def toggle(user_id: int) -> Any:
    """Lock or unlock an account."""
    user = people.set_active(session(), user_id, not people.get(session(), user_id).active, now(), my_id())
    commit()
    flash(_("账号已启用。") if user.active else _("账号已停用。"), "success")
    return redirect(url_for("admin.people"))


@blueprint.get("/system")
@role_required("admin")
def system() -> str:
    """Show workers, queue, runtimes and settings."""
    return render_template("admin/system.html", **system_view(session(), services(), now()))


@blueprint.post("/system/model")
@role_required("admin")
def test_model() -> Any:
    """Ask the language model for a greeting and say how that went."""
    who, endpoint = my_id(), services().endpoint
    session().rollback()  # nobody has to wait for the database meanwhile
    if endpoint is None:
        raise Refused("没有接入大模型。", "请先填写设置 llm_url 和 llm_model，再重新启动。", status=409)
    answered, sentence = endpoint.try_out()
    events.record(session(), "system.model-tested", now(), who=who, model=endpoint.model, answered=answered)
    commit()
    flash(sentence, "success" if answered else "error")
    return redirect(url_for("admin.system"))
