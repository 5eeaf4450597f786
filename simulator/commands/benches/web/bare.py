"""What the web bench compares with: a bare Flask application under the same server, one route that does nothing, one raw-SQL autosave.

The raw autosave does what any must: who is it (a signed cookie), is the attempt theirs and open, which revision is stored, write the
new one, commit. Run as `python -m simulator.commands.benches.web.bare INSTANCE PORT DATABASE_URL`.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, request, session
from sqlalchemy import make_url

from simulator import webserver
from simulator.bridge import MIB, Bridge
from simulator.config import Settings, load_settings

SELECT = """SELECT a.state, d.rev FROM attempt a LEFT JOIN draft d ON d.attempt_id = a.id AND d.position = {0}
WHERE a.id = {0} AND a.user_id = {0}"""
UPSERT = """INSERT INTO draft (attempt_id, position, rev, response, saved_at) VALUES ({0}, {0}, {0}, {0}, {0})
ON CONFLICT (attempt_id, position) DO UPDATE SET rev = excluded.rev, response = excluded.response, saved_at = excluded.saved_at"""
TOUCH = "UPDATE attempt SET last_save_at = {0} WHERE id = {0}"


def make_app(settings: Settings) -> Flask:
    """Return the bare application on the same database and with the same secret."""
    app = Flask("bare")
    app.secret_key = settings.secret_key
    connect, mark, begin = _driver(settings.database)
    local = threading.local()
    select, upsert, touch = (text.format(mark) for text in (SELECT, UPSERT, TOUCH))

    @app.get("/bare")
    def bare() -> str:
        return "ok"

    @app.put("/attempts/<int:attempt_id>/drafts/<int:position>")
    def save(attempt_id: int, position: int) -> Any:
        user_id = int(str(session["_user_id"]).partition(":")[0])
        body = request.get_json()
        if not hasattr(local, "connection"):
            local.connection = connect()
        cursor = local.connection.cursor()
        cursor.execute(begin)
        cursor.execute(select, (position, attempt_id, user_id))
        state, rev = cursor.fetchone() or ("", None)
        if state != "running" or (rev or 0) > body["rev"]:
            local.connection.rollback()
            return {"rev": rev}, 409
        moment = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        cursor.execute(upsert, (attempt_id, position, (rev or 0) + 1, json.dumps(body["response"]), moment))
        cursor.execute(touch, (moment, attempt_id))
        local.connection.commit()
        return {"rev": (rev or 0) + 1, "saved_at": moment[11:19]}

    return app


def _driver(database: str) -> tuple[Callable[[], Any], str, str]:
    """Return how to connect, the driver's placeholder, and what begins a transaction that writes."""
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        return partial(_sqlite, str(url.database)), "?", "BEGIN IMMEDIATE"
    import psycopg

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return partial(psycopg.connect, address), "%s", "SELECT 1"  # psycopg begins by itself


def _sqlite(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def load(settings: Settings) -> Bridge:
    """Return the application of one web process, as `webserver` wants it."""
    return Bridge(make_app(settings).wsgi_app, settings.threads, (settings.max_request_mb + 1) * MIB)


def main() -> None:
    """Serve until a signal."""
    instance, port, database = sys.argv[1:]
    webserver.run(load_settings(Path(instance), port=int(port), database_url=database), load)


if __name__ == "__main__":
    main()
