"""State of this installation for the administrator."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from grading import runtimes
from simulator import marking
from simulator.pages.admin import counts, events_view, settings_view
from simulator.services import Services

STATES = {
    "ready": _l("可用"), "outdated": _l("需要更新：simulator runtimes build"), "missing": _l("未安装：simulator runtimes build"),
}


def system_view(session: Session, services: Services) -> dict[str, Any]:
    """Return sandbox, runtimes, database, catalogue, settings and the last events."""
    sandbox = services.sandbox.get()
    return {
        "sandbox": {
            "name": sandbox.name if sandbox else "", "ok": sandbox is not None, "message": services.sandbox.problem,
            "checks": [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in services.sandbox.checks()],
        },
        "runtimes": [_runtime(name, services) for name in runtimes.names()],
        "database": services.db.engine.url.render_as_string(hide_password=True), "queue": marking.waiting(session),
        "tasks": counts(session), "settings": settings_view(services.settings), "events": events_view(session),
    }


def _runtime(name: str, services: Services) -> dict[str, Any]:
    status = runtimes.status(name, services.settings.runtimes)
    return {
        "name": name, "title": status.title, "ready": status.state == "ready", "state_text": str(STATES[status.state]),
        "packages": list(runtimes.spec(name).packages),
    }
