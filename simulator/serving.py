"""Serve: bring the database up to date, start marking pool and scheduler, and the web server."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType

from grading.library import load_library
from simulator import catalog, cells, schema, webserver
from simulator.db import alone
from simulator.jobs.pool import Pool
from simulator.jobs.process import free_lost, log_to_stderr
from simulator.jobs.scheduler import Scheduler
from simulator.services import Services


def prepare(services: Services) -> int:
    """Bring the database up to date and store the current tasks; return how many task and paper versions are new."""
    schema.upgrade(services.db)
    library = load_library(services.settings.tasks)
    with services.db.write() as session:
        alone(session)
        cells.fill(session)
        return catalog.sync(session, library, services.clock())


@contextmanager
def workers(services: Services) -> Iterator[Pool]:
    """Run marking pool and scheduler while the context lasts."""
    free_lost(services)
    scheduler = Scheduler(services.db, lambda: services.clock(), lambda: services.notify(), services.name)
    pool = Pool(services.settings, services.settings.markers, died=lambda: free_lost(services))
    pool.start()
    scheduler.start()
    try:
        yield pool
    finally:
        scheduler.stop()
        pool.stop()


def serve(services: Services, *, web_only: bool = False) -> None:
    """Serve until SIGINT or SIGTERM; running requests are answered, running markings finished or left to the sweep.

    web_only : answer pages, and leave marking and the clock to other machines.
    """
    signal.signal(signal.SIGTERM, _stop)
    log_to_stderr()
    webserver.check_port(services.settings.host, services.settings.port)
    with nullcontext() if web_only else workers(services):
        webserver.run(services.settings)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)  # before the web server takes over the signals
