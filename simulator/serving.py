"""Serve on one machine: web server, marking pool and scheduler in one process."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from flask import Flask
from waitress import create_server

from grading.library import load_library
from simulator import catalog, marking, schema
from simulator.jobs.dispatch import Pool
from simulator.jobs.scheduler import Scheduler
from simulator.services import Services

log = logging.getLogger(__name__)

# Larger bodies are cut off by the web server in its own words. Up to here Flask refuses by the declared length, in ours;
# waitress keeps such a body on the disk, not in memory.
MAX_BODY = 256 * 1024 * 1024


def prepare(services: Services) -> int:
    """Bring the database up to date and store the current tasks; return how many task and paper versions are new."""
    schema.upgrade(services.db)
    library = load_library(services.settings.tasks)
    with services.db.write() as session:
        return catalog.sync(session, library, services.clock())


@contextmanager
def workers(services: Services) -> Iterator[Pool]:
    """Run marking pool and scheduler while the context lasts."""
    pool = Pool(services.marker(), services.settings.markers)
    with services.db.write() as session:
        marking.expire_dead(session, socket.gethostname(), _alive, services.clock())
    scheduler = Scheduler(services.db, lambda: services.clock(), pool.notify)
    services.notify = pool.notify
    pool.start()
    scheduler.start()
    try:
        yield pool
    finally:
        scheduler.stop()
        pool.stop()


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def serve(app: Flask) -> None:
    """Serve until SIGINT or SIGTERM; running requests are answered, running markings finished or left to the sweep."""
    services: Services = app.extensions["services"]
    settings = services.settings
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, _stop)
    if problem := services.sandbox.problem:  # before the port is open, so that no candidate waits for the self-test
        log.warning("%s", problem)
    server = create_server(
        app, host=settings.host, port=settings.port, threads=settings.threads, ident=None,
        max_request_body_size=max(MAX_BODY, (settings.max_request_mb + 1) * 1024 * 1024),
    )
    with workers(services):
        log.info("serving on http://%s:%s", settings.host, settings.port)
        try:
            server.run()
        finally:
            server.close()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
