"""A real server process on its own database, and direct access to that database for setting up and for looking."""

from __future__ import annotations

import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import attempts, catalog, serving
from simulator.config import ROOT, load_settings
from simulator.models import Attempt, Draft, Exam
from simulator.services import Services
from tests import factories

READY_S = 60
SANDBOX_S = 60  # the workers test theirs before they mark
STOP_S = 20


def now() -> datetime:
    return datetime.now(UTC)


def wait_until(what: Callable[[], Any], seconds: float, sentence: str) -> Any:
    """Return the first true value of `what()`; AssertionError with `sentence` after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        if value := what():
            return value
        assert time.monotonic() < until, sentence
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Hall:
    """The exam hall of a test: `simulator serve` in `folder`, with real SQLite, scheduler, pool and sandbox."""

    def __init__(self, folder: Path, tasks: Path, **settings: str) -> None:
        self.instance, self.log = folder / "instance", folder / "server.log"
        runtimes = os.environ.get("SIMULATOR_TEST_RUNTIMES") or str(ROOT / "instance" / "runtimes")
        self._settings = {"tasks_dir": str(tasks), "runtimes_dir": runtimes, "login_rate": "1000", **settings}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.services = Services(load_settings(self.instance, **self._settings))
        serving.prepare(self.services)
        self._process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)

    # The process -----------------------------------------------------------------------------------------------------

    def start(self, *options: str) -> Hall:
        """Start the server and wait until it answers."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("SIMULATOR_")}
        given = {f"SIMULATOR_{name.upper()}": value for name, value in self._settings.items()}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "simulator", "serve", "--port", str(self.port), *options], cwd=ROOT, stdout=log, stderr=log,
                env={**plain, **given, "SIMULATOR_INSTANCE": str(self.instance)},
            )
        wait_until(self._answers, READY_S, "the server does not answer")
        if "--web-only" not in options:  # without a sandbox only the tests that run programs fail
            until = time.monotonic() + SANDBOX_S
            while not self.health()["sandboxes"] and time.monotonic() < until:
                time.sleep(0.2)
        return self

    def health(self) -> dict[str, Any]:
        """Return what the server says of itself."""
        with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text("utf-8")
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return answer.status == 200
        except OSError:  # refused, or no answer yet
            return False

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        assert self._process is not None
        return self._process.returncode

    def web_pids(self) -> list[int]:
        """Return the processes that answer pages."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(child) for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]

    def memory_mb(self, name: str) -> float:
        """Return what the kernel says of the web processes' memory: name is VmRSS (now) or VmHWM (at most so far)."""
        return max(self._memory_mb(pid, name) for pid in self.web_pids())

    def _memory_mb(self, pid: int, name: str) -> float:
        found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        assert found is not None
        return int(found.group(1)) / 1024

    def kill(self) -> None:
        """End the server at once (SIGKILL), as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop the server as an operator does (SIGTERM); AssertionError if it does not end by itself."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop within {STOP_S} s") from None

    def close(self) -> None:
        self.stop()
        self.services.db.engine.dispose()

    # The database ----------------------------------------------------------------------------------------------------

    def person(self, role: str = "student", group: str = "") -> str:
        """Create somebody who logs in with `factories.PASSWORD`; return the user name."""
        username = f"{role}{next(self._names)}"
        with self.services.db.write() as session:
            factories.people_add(session, username, f"{username} 同学", role, group, now())
        return username

    def exam(self, **kwargs: Any) -> int:
        """Create an exam, open for two hours unless told otherwise, on the only paper or on `paper`; return its id."""
        with self.services.db.write() as session:
            if "paper" in kwargs:
                kwargs["paper"] = next(p for p in catalog.latest_papers(session) if p.paper_id == kwargs["paper"])
            values = {"title": f"模拟考试 {next(self._names)}", "opens_at": now() - timedelta(minutes=1), **kwargs}
            return factories.make_exam(session, now(), **values).id

    def attempt(self, username: str, exam_id: int) -> int:
        """Start an attempt; return its id."""
        with self.services.db.write() as session:
            return factories.make_attempt(session, now(), username, session.get_one(Exam, exam_id)).id

    def finish(self, attempt_id: int, answers: Callable[[Session, Attempt], dict[int, dict[str, Any]]]) -> None:
        """Store `answers(session, attempt)` as drafts and hand in; the server marks."""
        with self.services.db.write() as session:
            attempt = session.get_one(Attempt, attempt_id)
            for position, response in answers(session, attempt).items():
                attempts.save_draft(session, attempt, position, 0, response, now())
            session.flush()
            attempts.submit(session, attempt, now(), by="candidate", who=attempt.user_id)

    def look(self, attempt_id: int) -> Attempt:
        """Return the attempt as it is stored now."""
        with self.services.db.read() as session:
            attempt = session.get_one(Attempt, attempt_id)
            _ = attempt.exam.paper, attempt.tasks, attempt.user  # loaded before the session closes
            return attempt

    def attempt_of(self, username: str) -> int:
        """Return the id of the newest attempt of `username`."""
        with self.services.db.read() as session:
            user = factories.user(session, username)
            return session.scalars(select(Attempt.id).where(Attempt.user_id == user.id).order_by(Attempt.id.desc())).first()

    def draft(self, attempt_id: int, position: int) -> dict[str, Any]:
        """Return the response that the server holds for one task."""
        with self.services.db.read() as session:
            draft = session.get(Draft, (attempt_id, position))
            return draft.response if draft else {}

    def end_in(self, attempt_id: int, seconds: float) -> datetime:
        """Move the attempt's deadline to about `seconds` from now; return it."""
        with self.services.db.write() as session:
            attempt = session.get_one(Attempt, attempt_id)
            attempt.extra_s += round((now() + timedelta(seconds=seconds) - attempts.deadline(attempt)).total_seconds())
            return attempts.deadline(attempt)
