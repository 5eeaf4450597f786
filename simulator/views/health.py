"""For the classroom operator and monitors."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from simulator import metrics, queueing, workers
from simulator.errors import Refused
from simulator.services import services
from simulator.web import session

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def show() -> Any:
    """Answer 200 if the database does, with queue and workers; 503 if not."""
    moment = services().clock()
    try:
        found = workers.summary(session(), moment)
        queue, oldest = queueing.waiting(session()), queueing.oldest_wait(session(), moment)
    except SQLAlchemyError:
        return {"ok": False, "error": _("数据库没有回应。"), "time": moment.isoformat()}, 503
    return {
        "ok": True, "queue": queue, "oldest_s": oldest, "workers": found.alive, "sandboxes": dict(found.backends),
        "time": moment.isoformat(),
    }


@blueprint.get("/metrics")
def prometheus() -> Any:
    """Answer the metrics to the monitors of `metrics_from`, and to administrators."""
    if not metrics.allowed(request.remote_addr, services().metrics_from) and getattr(current_user, "role", "") != "admin":
        raise Refused("这台机器不能读取监控数据。", "请在设置 metrics_from 里加上它的网段。", status=403)
    return Response(metrics.render(session(), services().clock()), content_type="text/plain; version=0.0.4; charset=utf-8")
