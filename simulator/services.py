"""What the views and jobs share: settings, database, tasks, blobs, sandbox, clock, and a way to wake the markers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import current_app

from grading.errors import SandboxError
from grading.sandbox import ADVICE, BACKENDS, Check, try_backend
from grading.sandbox.contract import Sandbox
from simulator.blobs import open_store
from simulator.catalog import TaskCache
from simulator.config import Settings
from simulator.db import Database
from simulator.endpoint import endpoint_of
from simulator.jobs.notify import make_notify
from simulator.marking import Marker
from simulator.metrics import networks

STRICT = "bwrap"  # starts a fresh interpreter for every run


def utc_now() -> datetime:
    """Return the current time: the only place where the program reads the clock for its rules."""
    return datetime.now(UTC)


class SandboxHolder:
    """Opens the best sandbox on first use and remembers why it is not a better one, or none (asked again after `close`).

    Only workers use it: a process that answers pages runs no programs.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None
        self._strict: Sandbox | None = None
        self._problem: str | None = None
        self._checks: list[Check] = []
        self._why_not: dict[str, str] = {}

    def get(self) -> Sandbox | None:
        """Return the first backend that withstands its self-test (a few seconds), None if none does."""
        with self._lock:
            if self._sandbox is None and self._problem is None:
                self._sandbox = next((s for name in BACKENDS if (s := self._open(name)) is not None), None)
                reasons = "；".join(f"{name}：{reason}" for name, reason in self._why_not.items())
                self._problem = "" if self._sandbox else f"{ADVICE}（{reasons}）"
            return self._sandbox

    def strict(self) -> Sandbox | None:
        """Return the backend for strict re-runs; SandboxError if it does not work here."""
        best = self.get()
        if best is None or best.name == STRICT:
            return best
        with self._lock:
            self._strict = self._strict or self._open(STRICT)
            if self._strict is None:
                raise SandboxError(f"严格复评用的沙箱 {STRICT} 不可用：{self._why_not[STRICT]}")
            return self._strict

    def _open(self, name: str) -> Sandbox | None:
        sandbox, report = try_backend(name, self._settings.runtimes)
        if sandbox is None:
            self._why_not[name] = report.reason
        else:
            self._checks = list(report.checks)
        return sandbox

    @property
    def problem(self) -> str:
        """Why there is no sandbox, "" if there is one."""
        self.get()
        return self._problem or ""

    @property
    def why_not(self) -> dict[str, str]:
        """Backend → why it is not the one that runs; those that were not needed are not there."""
        self.get()
        return dict(self._why_not)

    def checks(self) -> list[Check]:
        """Return the attacks that the backend has withstood; [] without a backend."""
        return list(self._checks) if self.get() is not None else []

    def close(self) -> None:
        """Stop whatever the backends keep running; on the next use all is tried again."""
        with self._lock:
            for sandbox in (self._sandbox, self._strict):
                if sandbox is not None:
                    sandbox.close()
            self._sandbox = self._strict = self._problem = None
            self._checks, self._why_not = [], {}


class Services:
    """One per application, in `app.extensions["services"]`."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.db = Database(settings.database)
        self.blobs = open_store(
            settings.blobs_url or settings.instance / "blobs", settings.instance / "cache" / "blobs", settings.blobs_cache_mb
        )
        self.tasks = TaskCache(settings.instance / "cache" / "tasks")
        self.sandbox = SandboxHolder(settings)
        self.endpoint = endpoint_of(settings)
        self.metrics_from = networks(settings.metrics_from)
        self.zone = ZoneInfo(settings.timezone)
        self.clock = clock
        # Called after something was queued and committed.
        self.notify: Callable[[], None] = make_notify(settings)

    @property
    def model(self) -> str:
        """Name of the language model that is connected for practice, "" for none."""
        return self.endpoint.model if self.endpoint else ""

    @property
    def name(self) -> str:
        """Name of this process among those that share the database."""
        return f"{self.settings.node}:{os.getpid()}"

    def marker(self, number: int | None = None) -> Marker:
        """Return what marks in this process, as worker `number` if it is one: that is in its name."""
        name = self.name if number is None else f"{self.name}/{number}"
        return Marker(self.db, self.tasks, self.blobs, self.sandbox.get, self.sandbox.strict, lambda: self.clock(), name)


def services() -> Services:
    """Return the running application's services."""
    found: Services = current_app.extensions["services"]
    return found
