"""What every request shares: one database session, template filters, security headers, error pages."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, jsonify, render_template, request, session as cookie, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy import Executable, Row
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from simulator.db import LOST
from simulator.errors import Refused
from simulator.services import services

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SCRIPTED = frozenset({"exam.save", "exam.upload", "exam.flag", "exam.clock", "exam.beat", "linting.lint"})
READING = frozenset({"linting.lint"})  # posts that change nothing: they never wait for the database's writer
LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
CSP = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
STATUS_TEXT = {
    400: ("请求不完整。", "请返回上一页再试一次。"), 401: ("请先登录。", "登录后再试。"), 403: ("没有权限。", "请换一个账号登录。"),
    404: ("没有这个页面。", "请检查地址，或从首页进入。"), 405: ("不支持这样访问。", "请从页面上的按钮操作。"),
    413: ("提交的内容太大。", "请缩小文件后再上传。"), 415: ("文件类型不支持。", "请换一种格式。"),
    429: ("尝试次数太多。", "请等一分钟再试。"), 500: ("程序出错了，已记录。", "请稍后再试；若反复出现，请告诉监考教师。"),
}


def session() -> Session:
    """Return this request's database session; it writes only in requests that may change something."""
    if "session" not in g:
        g.session = services().db.session(write=request.method in WRITING and request.endpoint not in READING)
    found: Session = g.session
    return found


def beforehand(question: Executable, values: Mapping[str, Any]) -> Row[Any] | None:
    """Return the one row that a small question gives, before this request's own session begins.

    Writing requests hold the database's only writer from their first question on: who asks, and how often, is known without it.
    """
    if "session" in g or request.method not in WRITING:
        return session().execute(question, values).one_or_none()
    with services().db.read() as short:
        return short.execute(question, values).one_or_none()


def now() -> datetime:
    """Return the moment of this request: the same for everything that it does."""
    if "now" not in g:
        g.now = services().clock()
    moment: datetime = g.now
    return moment


def commit() -> None:
    """Commit this request's session: nothing before this line is promised, everything after it is kept."""
    session().commit()


def chosen_language() -> str:
    """Return the interface language of this visitor; Chinese first, and always outside a request."""
    if not has_request_context():
        return LANGUAGES["zh"]
    return LANGUAGES.get(cookie.get("lang", "zh"), "zh_Hans_CN")


def wants_json() -> bool:
    """Return True for requests of scripts, which get errors as JSON."""
    return request.is_json or "application/json" in request.headers.get("Accept", "") or request.endpoint in SCRIPTED


def init_app(app: Flask) -> None:
    """Attach all of this module to `app`."""
    app.teardown_appcontext(_close_session)
    app.after_request(_secure)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)
    app.jinja_env.filters.update(dt=_dt, dtz=_dtz, hms=hms, clock=clock_text, marks=_marks, size=_size)
    app.context_processor(_globals)


def _close_session(_error: BaseException | None) -> None:
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        with suppress(*LOST):  # the answer stands, even if the connection has gone since
            opened.close()  # rolls back what was not committed


def _globals() -> dict[str, Any]:
    lang = "en" if chosen_language() == "en" else "zh"
    return {"now": now(), "lang": lang, "app_name": _("人工智能训练师模拟考场"), "development": services().settings.demo}


def _secure(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CSP)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    elif "v" not in request.args:
        # Modules import each other without ?v=hash: they are asked for again each time (304), or an update would mix versions.
        response.headers["Cache-Control"] = "no-cache"
    return response


def answer(status: int, message: str, hint: str, **extra: Any) -> tuple[Response | str, int]:
    """Return an error with its sentence: JSON for scripts, a page for people."""
    message, hint = _(message), _(hint) if hint else ""
    if wants_json():
        return jsonify({"ok": False, "error": message, "hint": hint, "status": status, **extra}), status
    page = render_template("errors/error.html", status=status, title=message, message=message, hint=hint, back_url=url_for("home.index"))
    return page, status


def _refused(error: Refused) -> Any:
    session().rollback()
    return answer(error.status, error.message, error.hint, **error.extra)


def _csrf(_error: CSRFError) -> Any:
    # The token lives in the session: with the log-in it is gone too, and logging in again is what helps.
    if request.blueprint != "auth" and not current_user.is_authenticated:
        return answer(401, _("登录已过期。"), _("请重新登录；已输入的作答保存在本机。"))
    return answer(400, _("页面已过期，请刷新后再试。"), _("已输入的作答保存在本机，不会丢失。"))


def _http_error(error: HTTPException) -> Any:
    if error.response is not None or (error.code or 500) < 400:
        return error
    message, hint = STATUS_TEXT.get(error.code or 500, STATUS_TEXT[400])
    return answer(error.code or 500, message, hint)


def _crash(error: Exception) -> Any:
    if current_app.testing:
        raise error
    current_app.logger.exception("request failed: %s %s", request.method, request.path)
    session().rollback()
    return answer(500, *STATUS_TEXT[500])


def local(moment: datetime) -> datetime:
    """Return `moment` in the school's time zone."""
    return moment.astimezone(services().zone)


def _dt(moment: datetime | None) -> str:
    return local(moment).strftime("%m-%d %H:%M") if moment else "—"


def _dtz(moment: datetime | None) -> str:
    return local(moment).strftime("%Y-%m-%d %H:%M %Z") if moment else "—"


def hms(moment: datetime) -> str:
    """Return the time of day in the school's time zone, such as 10:32:05."""
    return local(moment).strftime("%H:%M:%S")


def clock_text(value: timedelta | float | int) -> str:
    """Return a span of time as a clock shows it, such as 0:42:05."""
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def _marks(value: Decimal | int | float | None) -> str:
    if value is None:
        return "—"
    return f"{Decimal(str(value)):f}".rstrip("0").rstrip(".") if "." in str(value) else str(value)


def _size(count: int) -> str:
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.0f} KB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB"
