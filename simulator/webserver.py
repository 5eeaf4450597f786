"""The web server: granian's processes, each with the application behind a `Bridge`."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from simulator import create_app
from simulator.bridge import MIB, Bridge
from simulator.config import ConfigError, Settings
from simulator.jobs.pool import cores
from simulator.jobs.process import log_to_stderr

log = logging.getLogger(__name__)

# An open browser keeps up to six idle connections; each costs a few KB and a file descriptor.
CONNECTIONS = 4096
IDLE_MS = 60_000
STOP_S = 10
# So many times in a row, each within so many seconds: what fails then is not chance, and an operator must see it.
FAILURES, SETTLED_S = 3, 60.0


def processes(settings: Settings) -> int:
    """Return how many web processes run: by setting, else one, on machines with four cores or more two.

    One process takes about 450 saves a second, and 2,000 candidates send some 300 saves and signs of life. On two cores a second one
    would take the time from marking; with four it keeps pages quick while a whole class hands in.
    """
    return settings.web_workers or (2 if cores() >= 4 else 1)


def run(settings: Settings, load: Callable[[Settings], Bridge] | None = None) -> None:
    """Serve pages until SIGINT or SIGTERM; running requests are answered.

    Granian replaces a process that dies, but gives up (SystemExit) if the next one dies within seconds. An exam needs its pages
    all the same: it is started again, unless that keeps happening.

    load : what makes the application in each web process, if it is not ours (the bench serves another one to compare).
    """
    # Forked children would inherit the locks of this process's threads, and their database connections.
    multiprocessing.set_start_method("spawn", force=True)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    failures = 0
    log.info("serving on http://%s:%s", settings.host, settings.port)
    while True:
        server, started = _server(settings), time.monotonic()
        try:
            server.serve(target_loader=partial(_load, settings, load or application), wrap_loader=False)
            return
        except SystemExit:
            failures = failures + 1 if time.monotonic() - started < SETTLED_S else 1
            if failures == FAILURES or server.interrupt_signal:
                raise
        for number, handler in handlers.items():  # a signal in this moment must not go to the server that has ended
            signal.signal(number, handler)
        log.error("web processes died within seconds of each other; they are started again")


def _server(settings: Settings) -> Any:  # granian's type is one of several, chosen when it is imported
    return Granian(
        "simulator", address=settings.host, port=settings.port, interface=Interfaces.ASGINL, workers=processes(settings),
        websockets=False, http=HTTPModes.http1, http1_settings=HTTP1Settings(header_read_timeout=IDLE_MS),
        backlog=CONNECTIONS, backpressure=_connections(), log_level=LogLevels.warning, respawn_failed_workers=True,
        workers_kill_timeout=STOP_S,
    )


def application(settings: Settings) -> Bridge:
    """Return our application as the server wants it."""
    return Bridge(create_app(settings).wsgi_app, settings.threads, (settings.max_request_mb + 1) * MIB)


def _load(settings: Settings, load: Callable[[Settings], Bridge]) -> Bridge:
    """Return the application of one web process; runs in it."""
    atexit.register(os._exit, 0)  # the server's own threads do not survive the interpreter's way of ending
    os.setpgrp()  # Ctrl+C is for the serving process; it tells this one
    log_to_stderr()
    _connections()
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    return load(settings)


def _end_with_parent() -> None:
    """End this process when the serving process is gone, however it went: nobody else would stop it or free the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _connections() -> int:
    """Allow as many open files as the system lets us have; return how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 512 if hard == resource.RLIM_INFINITY else min(CONNECTIONS + 512, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(wanted - 512, 64)


def check_port(host: str, port: int) -> None:
    """ConfigError if another program has this port: granian's sockets would share it, and each would get some of the requests."""
    try:
        family, kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"不能在 {host}:{port} 上提供服务：{_why(error)}。请停掉占用它的程序，或用 --host、--port 换一个。"
        ) from None


def _why(error: OSError | OverflowError) -> str:
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno is not None:
        return {98: "端口已被占用", 13: "没有权限使用这个端口", 99: "这台机器没有这个地址"}.get(error.errno, os.strerror(error.errno))
    return "地址或端口不对"
