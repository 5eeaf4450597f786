"""Real worker and scheduler processes of a test, on the database of a hall whose server is not started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from simulator import attempts, workers
from simulator.config import ROOT
from simulator.models import Attempt, Marking, Submission, VerdictRow
from tests.browser import tree
from tests.browser.hall import Hall, now, wait_until

READY_S = 60


class Site(Hall):
    """A hall that starts single processes: `run("worker")`, `run("scheduler")`. `close()` ends them all."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, tree.write_tree(folder / "tasks"), **settings)
        self.processes: list[subprocess.Popen[bytes]] = []

    def environment(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("SIMULATOR_")}
        given = {f"SIMULATOR_{name.upper()}": value for name, value in self._settings.items()}
        return {**plain, **given, "SIMULATOR_INSTANCE": str(self.instance)}

    def run(self, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start `simulator …`."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "simulator", *command], cwd=ROOT, stdout=log, stderr=log, env=self.environment(), **options
            )
        self.processes.append(process)
        return process

    def worker(self, *options: str) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it says which sandbox it has."""
        process = self.run("worker", *options)
        wait_until(lambda: any(f":{process.pid}/" in name for name in self.ready()), READY_S, "the worker is not ready")
        return process

    def ready(self) -> list[str]:
        """Return the names of the workers that are alive and have a sandbox."""
        with self.services.db.read() as session:
            return [row.name for row in workers.alive(session, now()) if row.backend]

    def hand_in(self, program: str, count: int = 1) -> list[int]:
        """Let `count` candidates hand in `program` and nothing else; return their attempts. Theory is marked by the workers too."""
        ids = []
        for _ in range(count):
            ids.append(self.attempt(self.person(), self.exam()))
            self.finish(ids[-1], lambda session, attempt: {7: {"program": program}})
        self.services.notify()
        return ids

    def marking(self, attempt_id: int, position: int = 7) -> Marking:
        """Return the only marking of one task of an attempt, with its verdicts."""
        with self.services.db.read() as session:
            query = select(Marking).join(Submission).where(Submission.attempt_id == attempt_id, Submission.position == position)
            found = session.scalars(query).one()
            _ = found.verdicts
            return found

    def leased_to(self, attempt_id: int) -> int | None:
        """Return the process that marks the program of an attempt now."""
        current = self.marking(attempt_id)
        return int(current.leased_by.partition(":")[2].partition("/")[0]) if current.state == "leased" else None

    def marked(self, attempt_id: int) -> bool:
        with self.services.db.read() as session:
            query = select(func.count()).select_from(Marking).join(Submission)
            return session.scalar(query.where(Submission.attempt_id == attempt_id, Marking.state != "done")) == 0

    def check_once(self, attempt_id: int) -> None:
        """Every task has one marking, done, and one row for each of its points."""
        with self.services.db.read() as session:
            attempt = session.get_one(Attempt, attempt_id)
            states = session.scalars(select(Marking.state).join(Submission).where(Submission.attempt_id == attempt_id)).all()
            assert states == ["done"] * len(attempt.tasks)
            rows = session.scalar(
                select(func.count()).select_from(VerdictRow).join(Marking).join(Submission).where(Submission.attempt_id == attempt_id)
            )
            points = sum(len(self.services.tasks.get(session, item.version).points) for item in attempt.tasks)
            assert rows == points

    def expire(self, attempt_id: int) -> None:
        """Move the deadline of a running attempt well into the past."""
        with self.services.db.write() as session:
            attempt = session.get_one(Attempt, attempt_id)
            attempt.extra_s -= int((attempts.deadline(attempt) - now()).total_seconds()) + 600

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()
        super().close()
