"""Who is asking: log-in sessions, roles."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, redirect, request, url_for
from flask_login import LoginManager, UserMixin, current_user, login_required as _login_required
from sqlalchemy import Row

from simulator.errors import Refused
from simulator.models import User
from simulator.people import IDENTITY
from simulator.web import beforehand, session

View = TypeVar("View", bound=Callable[..., Any])

FREE = frozenset({"auth.account", "auth.logout", "auth.language"})
"""What somebody with a one-time password may do."""
LEVELS = {"student": 0, "teacher": 1, "instructor": 2, "admin": 3}


class LoggedIn(UserMixin):  # type: ignore[misc]
    """The session's view of a User. Its id carries the session epoch: a changed password ends older sessions."""

    def __init__(self, user: User | Row[Any]) -> None:
        self.user_id, self.session_epoch, self.must_change = user.id, user.session_epoch, user.must_change
        self.username, self.name, self.role = user.username, user.name, user.role

    def get_id(self) -> str:
        """Return what the session cookie stores."""
        return f"{self.user_id}:{self.session_epoch}"


def init_login(app: Flask) -> None:
    """Attach Flask-Login to `app`."""
    manager = LoginManager(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> LoggedIn | None:
        user_id, epoch = of_token(token)
        row = beforehand(IDENTITY, {"user_id": user_id}) if user_id else None
        return LoggedIn(row) if row is not None and row.session_epoch == epoch else None

    @app.before_request
    def one_time() -> Any:
        """Let nobody pass with a one-time password: it is changed first."""
        if request.endpoint is None or request.endpoint == "static" or request.blueprint == "health" or request.endpoint in FREE:
            return None  # these ask no database who is there
        if not current_user.is_authenticated or not current_user.must_change:
            return None
        if request.method == "GET" and "json" not in request.headers.get("Accept", ""):
            return redirect(url_for("auth.account"))
        raise Refused("这是一次性密码，要先修改才能继续。", "请打开“我的账号”修改密码。", status=403)

    @manager.unauthorized_handler  # type: ignore[untyped-decorator]
    def ask() -> Any:
        if request.method != "GET" or request.headers.get("HX-Request"):
            raise Refused("登录已过期。", "请重新登录；已输入的作答保存在本机。", status=401)
        return redirect(url_for("auth.login", next=request.full_path.rstrip("?")))


def of_token(token: str) -> tuple[int, int]:
    """Return user id and session epoch of what the session cookie stores; zeros if it is not ours."""
    user_id, _, epoch = token.partition(":")
    return (int(user_id), int(epoch)) if user_id.isdecimal() and epoch.isdecimal() and len(token) < 30 else (0, 0)


def me() -> User:
    """Return the logged-in user's row in the request's session."""
    return session().get_one(User, my_id())


def my_id() -> int:
    """Return the logged-in user's id, which costs no question to the database."""
    found: int = current_user.user_id
    return found


def login_required(view: View) -> View:
    """Ask for a log-in first."""
    wrapped: View = _login_required(view)
    return wrapped


def role_required(role: str) -> Callable[[View], View]:
    """Allow only users of at least `role` (student < teacher < instructor < admin)."""

    def decorate(view: View) -> View:
        @wraps(view)
        @_login_required  # type: ignore[untyped-decorator]
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if LEVELS[current_user.role] < LEVELS[role]:
                raise Refused("你的账号没有打开这个页面的权限。", "请换一个账号登录，或联系管理员。", status=403)
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate


