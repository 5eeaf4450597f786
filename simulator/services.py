"""What the views and jobs share: settings, database, tasks, blobs, sandbox, clock, and a way to wake the markers."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import current_app

from grading.errors import SandboxError
from grading.sandbox import Check, open_sandbox, selftest
from grading.sandbox.contract import Sandbox
from simulator.blobs import BlobStore
from simulator.catalog import TaskCache
from simulator.config import Settings
from simulator.db import Database
from simulator.marking import Marker


def utc_now() -> datetime:
    """Return the current time: the only place where the program reads the clock for its rules."""
    return datetime.now(UTC)


class SandboxHolder:
    """Opens the sandbox on first use and remembers why it could not (asked again on `reset`)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None
        self._problem: str | None = None
        self._checks: list[Check] | None = None

    def get(self) -> Sandbox | None:
        """Return the sandbox, None if none works here."""
        with self._lock:
            if self._sandbox is None and self._problem is None:
                try:
                    self._sandbox, self._problem = open_sandbox(self._settings.runtimes), ""
                except SandboxError as error:
                    self._problem = str(error)
            return self._sandbox

    @property
    def problem(self) -> str:
        """Why there is no sandbox, "" if there is one."""
        self.get()
        return self._problem or ""

    def checks(self) -> list[Check]:
        """Return the attacks that the backend has withstood (tried once more, then remembered); [] without a backend."""
        sandbox = self.get()
        if sandbox is not None and self._checks is None:
            self._checks = list(selftest(sandbox))
        return self._checks or []

    def reset(self) -> None:
        """Forget the outcome and try again on the next use."""
        with self._lock:
            self._sandbox, self._problem, self._checks = None, None, None


class Services:
    """One per application, in `app.extensions["services"]`."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.db = Database(settings.database)
        self.blobs = BlobStore(settings.instance / "blobs")
        self.tasks = TaskCache(settings.instance / "cache" / "tasks")
        self.sandbox = SandboxHolder(settings)
        self.zone = ZoneInfo(settings.timezone)
        self.clock = clock
        # Set by `simulator serve`; without it the markings wait for a worker.
        self.notify: Callable[[], None] = lambda: None

    def marker(self) -> Marker:
        """Return what a marking worker of this process needs."""
        name = f"{socket.gethostname()}:{os.getpid()}"
        return Marker(self.db, self.tasks, self.blobs, self.sandbox.get, lambda: self.clock(), name)


def services() -> Services:
    """Return the running application's services."""
    found: Services = current_app.extensions["services"]
    return found
