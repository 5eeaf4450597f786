"""The 错题本: everybody's own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from simulator import redo
from simulator.auth import login_required, me
from simulator.errors import Refused
from simulator.pages import mistakes as pages
from simulator.redo import Mistake, Round
from simulator.services import services
from simulator.web import commit, now, session

blueprint = Blueprint("mistakes", __name__, url_prefix="/me/mistakes")


def _book() -> list[Mistake]:
    redo.check_free(session(), me())
    return redo.book(session(), services().tasks, me(), now())


def _round() -> Round | None:
    return pages.read_round(request.args) if "since" in request.args else None


@blueprint.get("")
@login_required
def show() -> str:
    """Show what stands in the book."""
    redo.check_free(session(), me())
    return render_template("report/mistakes.html", **pages.mistakes_view(session(), services().tasks, me(), request.args, now()))


@blueprint.get("/start")
@login_required
def start() -> Any:
    """Begin a round of redos."""
    begin = Round(redo.newest(session(), me()), pages.number(request.args, "count"), pages.wanted(request.args))
    return redirect(url_for("mistakes.following", **pages.round_args(begin)))


@blueprint.get("/next")
@login_required
def following() -> Any:
    """Go to the round's next item, or say that it is over."""
    a_round = pages.read_round(request.args)
    where = redo.progress(_book(), a_round)
    if where.following is not None:
        return redirect(url_for("mistakes.item", version_id=where.following.version_id, **pages.round_args(a_round)))
    done, right = redo.tally(session(), me(), a_round.since)
    again = url_for("mistakes.start", **{**pages.round_args(a_round), "since": None})
    return render_template("report/round.html", done=done, right=right, again_url=again)


@blueprint.get("/items/<int:version_id>")
@login_required
def item(version_id: int) -> str:
    """Show one item to be answered."""
    return _item(version_id)


def _item(version_id: int, error: str = "") -> str:
    mistakes, a_round = _book(), _round()
    where = redo.progress(mistakes, a_round) if a_round else None
    mistake = redo.find(mistakes, version_id)
    view = pages.item_view(session(), services().tasks, me(), mistake, a_round, where, error)
    return render_template("report/redo.html", **view)


@blueprint.post("/items/<int:version_id>")
@login_required
def answer(version_id: int) -> Any:
    """Mark an answer and show how it was."""
    mistake = redo.find(_book(), version_id)
    chosen, last = request.form.getlist("answer"), pages.number(request.form, "last")
    try:
        found = redo.answer(session(), services().tasks, me(), mistake, chosen, last, now())
    except Refused as refusal:
        session().rollback()
        return _item(version_id, _(refusal.message)), refusal.status
    commit()
    a_round = _round()
    return redirect(url_for("mistakes.result", redo_id=found.id, **pages.round_args(a_round) if a_round else {}), 303)


@blueprint.get("/redos/<int:redo_id>")
@login_required
def result(redo_id: int) -> str:
    """Show how an answer was: the key and why."""
    mistakes = _book()
    found = redo.own(session(), me(), redo_id)
    mistake = redo.find(mistakes, found.task_version_id)
    view = pages.result_view(session(), services().tasks, me(), found, mistake, _round())
    return render_template("report/redo.html", **view)


@blueprint.post("/items/<int:version_id>/back")
@login_required
def back(version_id: int) -> Any:
    """Put an item back into the book."""
    redo.bring_back(session(), me(), redo.find(_book(), version_id), now())
    commit()
    flash(_("已放回错题本。"), "success")
    return redirect(url_for("mistakes.show"), 303)
