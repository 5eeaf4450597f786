"""A worker or the scheduler as a process of its own: low priority, signals, and an end with its parent."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from simulator import workers
from simulator.db import LOST
from simulator.jobs.pool import Pool
from simulator.jobs.scheduler import Scheduler
from simulator.jobs.worker import Workplace
from simulator.services import Services

log = logging.getLogger(__name__)

FINISH_S = 10.0  # what a worker that has to end may still take for its current work


def process_exists(pid: int) -> bool:
    """Return whether this machine has a process `pid`."""
    return Path(f"/proc/{pid}").exists()


def free_lost(services: Services) -> None:
    """Give back what processes of this machine that are gone had (nobody need wait for the end of their leases), and forget them."""
    try:
        with services.db.write() as session:
            workers.expire_leases(session, services.settings.node, process_exists, services.clock())
            workers.forget_ended(session, services.settings.node, process_exists)
    except LOST as error:
        log.warning("the database cannot be reached: %s", error.orig)


def log_to_stderr() -> None:
    """Log as `simulator serve` does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)


def run_worker(services: Services, number: int, of: int, *, child: bool) -> None:
    """Work until SIGTERM or SIGINT; the current marking is finished if that takes not too long, else given back.

    child : of a pool; it ends when the pool's process does (end of standard input), and leaves SIGINT to that.
    """
    os.nice(19)
    workplace = Workplace(services, number, of)
    ending = threading.Event()

    def end() -> None:
        if not ending.is_set():
            ending.set()
            workplace.stop()
            threading.Thread(target=_end_at_last, args=(workplace,), daemon=True).start()

    _on_signals(end, child=child)
    log.info("worker %s of %s: process %s", number, of, os.getpid())
    free_lost(services)
    workplace.work()


def _end_at_last(workplace: Workplace) -> None:
    threading.Event().wait(FINISH_S)
    log.warning("the current marking takes too long, it is given back")
    workplace.abandon()
    os._exit(0)


def _on_signals(end: Callable[[], None], *, child: bool) -> None:
    def handle(_number: int, _frame: FrameType | None) -> None:
        end()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, signal.SIG_IGN if child else handle)
    if child:
        threading.Thread(target=_end_with_parent, args=(end,), daemon=True).start()


def _end_with_parent(end: Callable[[], None]) -> None:
    while os.read(0, 1024):
        pass
    end()


def run_pool(services: Services) -> None:
    """Run all workers of this machine until SIGTERM or SIGINT."""
    ended = threading.Event()
    _on_signals(ended.set, child=False)
    free_lost(services)
    pool = Pool(services.settings, services.settings.markers, died=lambda: free_lost(services))
    pool.start()
    ended.wait()
    pool.stop()


def run_scheduler(services: Services) -> None:
    """Close what has expired and sweep what was lost, as the only one of all machines, until SIGTERM or SIGINT."""
    ended = threading.Event()
    _on_signals(ended.set, child=False)
    scheduler = Scheduler(services.db, lambda: services.clock(), services.notify, services.name)
    scheduler.start()
    log.info("scheduler: process %s", os.getpid())
    ended.wait()
    scheduler.stop()
