"""Celery: tickets wake the workers of all machines.

A ticket says only "there is work". Who gets one claims the next marking or trial from the database, in the same fair order as
everywhere, and passes the ticket on before doing it: so one ticket wakes as many workers as there is work for, and none is
needed per marking. Tickets that are doubled find nothing; tickets that get lost are replaced by the scheduler. With no broker
at all each worker looks by itself at what has been waiting too long: the broker makes marking quick, the database makes it sure.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import warnings
from typing import Any

from billiard.process import current_process
from celery import Celery, signals
from celery.exceptions import CPendingDeprecationWarning, WorkerShutdown

from simulator.config import Settings
from simulator.db import LOST
from simulator.jobs.process import free_lost
from simulator.jobs.scheduler import overdue
from simulator.jobs.worker import Workplace
from simulator.services import Services

log = logging.getLogger(__name__)

TICKET = "simulator.ticket"
TICKET_S = 600  # a ticket that nobody could use by then is thrown away; with Redis also: when a lost one is handed out again
CONNECT_S = 3.0
REST_S = 5.0
PATROL_S = 5.0
SELF_TEST_S = 120.0  # a child tests its sandbox before it takes tickets
LOST_S = 1.0
FOREVER = None


def make_app(settings: Settings) -> Celery:
    """Return the Celery application of this installation."""
    app = Celery("simulator", broker=settings.broker_url, set_as_current=False)
    queue = settings.broker_queue
    app.conf.update(
        task_default_queue=queue, task_default_exchange=queue, task_default_routing_key=queue, task_serializer="json",
        accept_content=["json"], task_ignore_result=True, task_acks_late=True, task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1, worker_cancel_long_running_tasks_on_connection_loss=False, worker_lost_wait=LOST_S,
        worker_proc_alive_timeout=SELF_TEST_S, worker_enable_remote_control=False, worker_send_task_events=False,
        worker_hijack_root_logger=False, worker_redirect_stdouts=False, broker_connection_timeout=CONNECT_S,
        broker_connection_retry=True, broker_connection_retry_on_startup=True, broker_connection_max_retries=FOREVER,
        broker_transport_options=_transport(settings),
    )
    return app


def _transport(settings: Settings) -> dict[str, Any]:
    if not settings.broker_url.startswith("redis"):
        return {}
    return {
        "global_keyprefix": f"{settings.broker_queue}:", "visibility_timeout": TICKET_S, "socket_connect_timeout": CONNECT_S,
        "socket_keepalive": True, "health_check_interval": 10,
    }


class Tickets:
    """Sends tickets from a thread of its own: who has queued something never waits for the broker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._due = threading.Event()
        self._lock = threading.Lock()
        self._owner = 0  # threads do not survive a fork

    def send_soon(self) -> None:
        """See to it that a ticket is sent; several calls at once may make one ticket, which is enough."""
        with self._lock:
            if self._owner != os.getpid():
                self._owner = os.getpid()
                threading.Thread(target=self._run, name="tickets", daemon=True).start()
        self._due.set()

    def _run(self) -> None:
        app, failures = make_app(self._settings), 0
        connection = app.connection_for_write()
        while True:
            self._due.wait()
            self._due.clear()
            try:
                app.send_task(TICKET, expires=TICKET_S, retry=False, connection=connection)
                failures = 0
            except Exception as error:  # drivers raise what they like, and this thread must go on
                failures += 1
                if failures == 2:  # the first only says that the connection has been idle for too long
                    log.warning("the broker cannot be reached; work is found without it, after a while: %s", error)
                connection.collect()
                connection = app.connection_for_write()
                self._due.set()
                time.sleep(REST_S if failures > 1 else 0)


class Desk:
    """What one process of the worker has: a workplace, used by one thread at a time."""

    def __init__(self, settings: Settings, number: int) -> None:
        self._services = Services(settings)
        self._workplace = Workplace(self._services, number, 1, taken=Tickets(settings).send_soon)
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def begin(self) -> None:
        """Give back what processes of this machine that are gone had, and sign on."""
        free_lost(self._services)
        self._workplace.begin()
        for target in (self._patrol, self._end_with_parent):
            threading.Thread(target=target, daemon=True).start()

    def once(self) -> bool:
        """Do one piece of work; False if there was none, or the database is away."""
        with self._lock:
            try:
                return self._workplace.once()
            except LOST as error:
                log.warning("the database cannot be reached: %s", error.orig)
            except Exception:  # what it had is swept
                log.exception("worker failed")
        return False

    def end(self) -> None:
        """Sign off."""
        self._ended.set()
        with self._lock:
            self._workplace.end()

    def _patrol(self) -> None:
        """Do what has been waiting too long, ticket or not."""
        while not self._ended.wait(PATROL_S):
            while not self._ended.is_set() and self._overdue() and self.once():
                pass

    def _overdue(self) -> bool:
        try:
            return overdue(self._services.db, self._services.clock())
        except LOST:
            return False

    def _end_with_parent(self) -> None:
        parent = os.getppid()
        while not self._ended.wait(1.0):
            if os.getppid() != parent:
                os._exit(1)


def _log_plainly(**_: Any) -> None:
    """Keep our own log, without two lines for every ticket."""
    for name in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)


def run_worker(settings: Settings, processes: int) -> int:
    """Work in `processes` processes until SIGTERM or SIGINT (what is being done is finished); return the exit code."""
    desks: list[Desk] = []  # one, in each process

    def open_desk(**_: Any) -> None:
        os.nice(19)
        desks.append(Desk(settings, current_process().index + 1))
        desks[0].begin()

    def close_desk(**_: Any) -> None:
        if desks:
            desks[0].end()

    def ticket() -> None:
        desks[0].once()

    warnings.simplefilter("ignore", CPendingDeprecationWarning)  # about what make_app sets on purpose
    app = make_app(settings)
    app.task(name=TICKET, shared=False)(ticket)
    signals.worker_process_init.connect(open_desk, weak=False)
    signals.worker_process_shutdown.connect(close_desk, weak=False)
    signals.setup_logging.connect(_log_plainly, weak=False)
    worker = app.Worker(
        hostname=f"simulator@{settings.node}", concurrency=processes, pool="prefork", optimization="fair", quiet=True,
        without_gossip=True, without_mingle=True, without_heartbeat=True,
    )
    try:
        worker.start()
    except WorkerShutdown as ended:
        return int(ended.code or 0)
    return int(worker.exitcode or 0)
