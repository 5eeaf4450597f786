"""State of this installation for the administrator: who marks and in which sandbox, what waits, what failed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading import runtimes
from simulator import queueing, workers
from simulator.models import Attempt, Marking, Submission, TaskVersion, Worker
from simulator.pages.admin import counts, settings_view
from simulator.pages.models import clip_view
from simulator.pages.wait import about
from simulator.services import Services

LAST = 20

MARKING_STATES = {"queued": _l("等待重试"), "leased": _l("评分中"), "done": _l("已评分"), "error": _l("评分异常")}
STATES = {
    "ready": _l("可用"), "outdated": _l("需要更新：simulator runtimes build"), "missing": _l("未安装：simulator runtimes build"),
}


def system_view(session: Session, services: Services, now: datetime) -> dict[str, Any]:
    """Return workers, queue, runtimes, the school's own model, database, catalogue and settings."""
    oldest = queueing.oldest_wait(session, now)
    return {
        "workers": [_worker(row) for row in workers.alive(session, now)], "problems": workers.summary(session, now).problems,
        "oldest": None if oldest is None else about(oldest), "markings": _markings(session),
        "errors": queueing.failed(session),
        "runtimes": [_runtime(name, services) for name in runtimes.names()], "clip": clip_view(services.settings.runtimes),
        "database": services.db.engine.url.render_as_string(hide_password=True), "queue": queueing.waiting(session),
        "model": _model(services), "tasks": counts(session), "settings": settings_view(services.settings),
    }


def _model(services: Services) -> dict[str, Any] | None:
    """Return the language model that is connected for practice, None if none is; of its key only whether there is one."""
    endpoint = services.endpoint
    return {"name": endpoint.model, "url": endpoint.url, "key": bool(endpoint.key())} if endpoint else None


def _worker(row: Worker) -> dict[str, Any]:
    return {
        "name": row.name, "backend": row.backend, "problem": row.problem, "started": row.started_at, "seen": row.seen_at,
        "marked": row.marked,
    }


def _markings(session: Session) -> list[dict[str, Any]]:
    """Return the last markings that a worker has tried, newest first."""
    rows = session.execute(
        select(Marking, TaskVersion.title, Attempt.exam_id).join(Submission, Marking.submission_id == Submission.id)
        .join(TaskVersion, Submission.task_version_id == TaskVersion.id).join(Attempt, Submission.attempt_id == Attempt.id)
        .where(Marking.backend != "").order_by(Marking.id.desc()).limit(LAST)
    )
    return [
        {
            "task": title, "exam_id": exam_id, "at": m.started_at, "seconds": m.seconds, "backend": m.backend, "tries": m.tries,
            "state": m.state, "state_text": str(MARKING_STATES[m.state]),
        } for m, title, exam_id in rows
    ]


def _runtime(name: str, services: Services) -> dict[str, Any]:
    status = runtimes.status(name, services.settings.runtimes)
    return {
        "name": name, "title": status.title, "ready": status.state == "ready", "state_text": str(STATES[status.state]),
        "packages": list(runtimes.spec(name).packages),
    }
