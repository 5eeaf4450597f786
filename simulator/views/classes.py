"""Classes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from simulator import classes, people
from simulator.auth import my_id, role_required
from simulator.errors import Refused
from simulator.pages import people as pages
from simulator.views.rosters import passwords
from simulator.web import commit, now, session

blueprint = Blueprint("classes", __name__, url_prefix="/admin/classes")


def _back(group_id: int, sentence: str) -> Any:
    commit()
    flash(sentence, "success")
    return redirect(url_for("classes.show", group_id=group_id))


def _target() -> int:
    text = request.form.get("to", "")
    if not text.isdecimal() or len(text) > 9:
        raise Refused("没有选班级。", "请选一个班级。", status=422)
    return int(text)


@blueprint.get("")
@role_required("admin")
def index() -> str:
    """List the classes."""
    return render_template("admin/classes.html", **pages.classes_view(session()))


@blueprint.post("")
@role_required("admin")
def create() -> Any:
    """Create a class."""
    name = request.form.get("name", "").strip()
    if not name:
        raise Refused("没有写班级名称。", "请填写后再试。", status=422)
    group = people.enter_group(session(), name, now(), who=my_id())
    return _back(group.id, _("班级已建立。"))


@blueprint.get("/<int:group_id>")
@role_required("admin")
def show(group_id: int) -> str:
    """Show one class."""
    return render_template("admin/class.html", **pages.class_view(session(), classes.get(session(), group_id)))


@blueprint.post("/<int:group_id>")
@role_required("admin")
def change(group_id: int) -> Any:
    """Rename a class or set its division."""
    group, form = classes.get(session(), group_id), request.form
    classes.change(session(), group, form.get("name", ""), form.get("division", ""), now(), who=my_id())
    return _back(group_id, _("班级已修改。"))


@blueprint.post("/<int:group_id>/archive")
@role_required("admin")
def archive(group_id: int) -> Any:
    """Archive a class, or bring it back."""
    group = classes.get(session(), group_id)
    if group.archived_at is None:
        classes.archive(session(), group, now(), who=my_id())
        return _back(group_id, _("班级已归档，学生不能再登录。"))
    classes.restore(session(), group, now(), who=my_id())
    return _back(group_id, _("班级已恢复。"))


@blueprint.post("/<int:group_id>/move")
@role_required("admin")
def move_all(group_id: int) -> Any:
    """Move all students of a class to another one."""
    group, target = classes.get(session(), group_id), classes.get(session(), _target())
    count = classes.move(session(), classes.students(session(), group), target, now(), who=my_id())
    return _back(target.id, _("%(count)s 名学生已移到“%(name)s”。", count=count, name=target.name))


@blueprint.post("/<int:group_id>/reset")
@role_required("admin")
def reset(group_id: int) -> Any:
    """Give all students of a class new one-time passwords."""
    who, count = my_id(), len(classes.students(session(), classes.get(session(), group_id)))
    session().rollback()  # others must be able to save while passwords are hashed
    drawn = people.one_time(count)
    made = classes.reset_passwords(session(), classes.get(session(), group_id), drawn, now(), who=who)
    commit()
    return passwords(made, url_for("classes.show", group_id=group_id))


@blueprint.post("/move")
@role_required("admin")
def move() -> Any:
    """Move the students that were picked in the list of people."""
    ids = [int(text) for text in request.form.getlist("user") if text.isdecimal() and len(text) < 10]
    target = classes.get(session(), _target())
    count = classes.move(session(), classes.picked(session(), ids), target, now(), who=my_id())
    commit()
    flash(_("%(count)s 名学生已移到“%(name)s”。", count=count, name=target.name), "success")
    return redirect(url_for("admin.people", group=target.id))
