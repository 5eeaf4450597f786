"""Rate limits (per address)."""

from __future__ import annotations

from flask import current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, default_limits=[])


def login_rate() -> str:
    """Return the limit on log-in attempts of one address."""
    return f"{current_app.extensions['services'].settings.login_rate} per minute"
