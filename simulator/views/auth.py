"""Log in, log out, own password, language."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, session as cookie, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from simulator import people, seats
from simulator.auth import LoggedIn, login_required, me
from simulator.demo import demo_accounts
from simulator.errors import Refused
from simulator.limits import limiter, login_rate
from simulator.services import services
from simulator.web import LANGUAGES, commit, now, session

blueprint = Blueprint("auth", __name__)


def safe_next(target: str) -> str:
    """Return `target` if it is a path of this site, else the home page (no open redirect)."""
    parts = urlsplit(target.replace("\\", "/"))
    local = target.startswith("/") and not target.startswith("//") and not parts.netloc and not parts.scheme
    return target if local else url_for("home.index")


def _page(error: str | None, status: int = 200) -> tuple[str, int]:
    accounts = demo_accounts(services().settings)
    page = render_template(
        "auth/login.html", error=error, next=request.values.get("next", ""), accounts=accounts,
        username=request.form.get("username", ""),
    )
    return page, status


@blueprint.get("/login")
def login() -> Any:
    """Show the log-in page."""
    return redirect(url_for("home.index")) if current_user.is_authenticated else _page(None)


@blueprint.post("/login")
@limiter.limit(login_rate)
def log_in() -> Any:
    """Check name and password."""
    user = people.log_in(session(), request.form.get("username", ""), request.form.get("password", ""), now())
    if user is None:
        return _page(_("账号或密码不对，或账号已停用。"), 401)
    if (other := seats.sat_elsewhere(session(), user.id, request.cookies.get(seats.COOKIE, ""), now())) is not None:
        title = other.exam.title
        flash(_("“%(title)s”正在另一台电脑（或浏览器）上作答。这次登录已记录；要在这里继续，请找监考教师。", title=title), "error")
    commit()
    login_user(LoggedIn(user))
    return redirect(safe_next(request.form.get("next", "")))


@blueprint.post("/logout")
@login_required
def logout() -> Any:
    """End this log-in session."""
    logout_user()
    return redirect(url_for("auth.login"))


@blueprint.route("/account", methods=["GET", "POST"])
@login_required
def account() -> Any:
    """Change my password."""
    if request.method == "GET":
        return render_template("auth/account.html", error=None)
    first = me().must_change
    if request.form.get("new", "") != request.form.get("again", ""):
        return render_template("auth/account.html", error=_("两次输入的新密码不一致。")), 422
    try:
        people.change_password(session(), me(), request.form.get("old", ""), request.form.get("new", ""), now())
    except Refused as refusal:
        return render_template("auth/account.html", error=_(refusal.message)), refusal.status
    commit()
    login_user(LoggedIn(me()))
    flash(_("密码已修改，其他地方的登录已失效。"), "success")
    return redirect(url_for("home.index" if first else "auth.account"))


@blueprint.post("/language")
def language() -> Any:
    """Choose the interface language."""
    if request.form.get("lang") in LANGUAGES:
        cookie["lang"] = request.form["lang"]
    return redirect(safe_next(request.form.get("next", "")))
