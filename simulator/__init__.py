"""The web application: `create_app()` puts settings, database, views and errors together."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from simulator import compression, limits, quick, rendering, web
from simulator.auth import init_login
from simulator.config import Settings, load_settings, shipped
from simulator.services import Services
from simulator.views import register

__all__ = ["create_app"]


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """Return the application.

    settings : defaults to those of the instance folder; overrides : single settings. Nothing is started: a plain WSGI
    import serves pages only, `simulator serve` adds the scheduler and the marking pool.
    """
    settings = settings or load_settings(**overrides)
    app = Flask(__name__, template_folder=str(shipped("templates")))
    app.config.update(
        SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=settings.max_request_mb * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.https, WTF_CSRF_TIME_LIMIT=None, BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        BABEL_DEFAULT_TIMEZONE=settings.timezone, SEND_FILE_MAX_AGE_DEFAULT=31_536_000, BABEL_TRANSLATION_DIRECTORIES="locale",
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.undefined = StrictUndefined
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    app.extensions["services"] = Services(settings)
    compression.init_app(app)
    Babel(app, locale_selector=web.chosen_language)
    CSRFProtect(app)
    quick.init_app(app)
    limits.init_app(app)
    init_login(app)
    web.init_app(app)
    rendering.init_app(app)
    register(app)
    return app
