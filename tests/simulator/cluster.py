"""A cluster for tests: machines that share a database, a store of uploads and perhaps a broker, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, select, text

from simulator import attempts, serving, workers
from simulator.config import ROOT, load_settings
from simulator.models import Attempt, Marking, Submission, VerdictRow
from simulator.services import Services
from tests import factories
from tests.browser import tree

READY_S, STOP_S = 90, 30
PICTURE, PROGRAM = 8, 7


def wait_until(what: Callable[[], Any], seconds: float, sentence: str) -> Any:
    """Return the first true value of `what()`; AssertionError with `sentence` after `seconds`."""
    until = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < until, sentence
        time.sleep(0.2)
    return value


class Cluster:
    """One database, one store of uploads, one queue at `broker` (none: workers ask the database)."""

    def __init__(self, folder: Path, broker: str = "") -> None:
        self.folder = folder
        self.server = os.environ["SIMULATOR_TEST_POSTGRESQL"]
        self.name = f"simulator_{uuid.uuid4().hex[:12]}"
        self._admin("CREATE DATABASE")
        self.broker, self.queue = broker, f"test-{self.name}"
        runtimes = os.environ.get("SIMULATOR_TEST_RUNTIMES") or str(ROOT / "instance" / "runtimes")
        self.settings = {
            "database_url": f"{self.server.rpartition('/')[0]}/{self.name}", "blobs_url": f"file://{folder}/share",
            "broker_url": broker, "broker_queue": self.queue, "markers": "2", "runtimes_dir": runtimes,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.services = self.open("web", tasks_dir=str(tree.write_tree(folder / "tasks")))
        serving.prepare(self.services)
        self.services.notify()

    def open(self, node: str, **more: str) -> Services:
        """Return services as machine `node` has them."""
        return Services(load_settings(self.folder / node / "instance", node_name=node, **{**self.settings, **more}))

    def _admin(self, what: str) -> None:
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"{what} {self.name}" + (" WITH (FORCE)" if what.startswith("DROP") else "")))
        engine.dispose()

    # Machines --------------------------------------------------------------------------------------------------------

    def start(self, command: str, node: str, **more: str) -> subprocess.Popen[bytes]:
        """Start `simulator <command>` on machine `node`: in an empty folder, with an instance of its own."""
        folder = self.folder / node
        folder.mkdir(exist_ok=True)
        plain = {name: value for name, value in os.environ.items() if not name.startswith("SIMULATOR_")}
        given = {**self.settings, "node_name": node, "instance": str(folder / "instance"), **more}
        environment = {**plain, **{f"SIMULATOR_{name.upper()}": value for name, value in given.items()}, "PYTHONPATH": str(ROOT)}
        program = [sys.executable, "-m", "simulator", *command.split()]
        with self.log(node).open("ab") as log:
            process = subprocess.Popen(program, cwd=folder, env=environment, stdout=log, stderr=log)
        self.processes[f"{command} {node}"] = process
        return process

    def log(self, node: str) -> Path:
        return self.folder / f"{node}.log"

    def wait_for_workers(self, count: int) -> None:
        """Wait until `count` workers with a sandbox are alive."""
        def able() -> bool:
            dead = {name: process.returncode for name, process in self.processes.items() if process.poll() is not None}
            assert not dead, f"{dead}\n" + "\n".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))
            with self.services.db.read() as session:
                return workers.summary(session, datetime.now(UTC)).able >= count
        wait_until(able, READY_S, "the workers do not come up")

    def close(self) -> None:
        """Stop all machines and remove the database."""
        for process in self.processes.values():
            process.terminate()
        try:
            for name, process in self.processes.items():
                assert process.wait(STOP_S) is not None, name
        finally:
            for process in self.processes.values():
                process.kill()
                process.wait()
            self.services.db.engine.dispose()
            self._admin("DROP DATABASE")

    # Candidates ------------------------------------------------------------------------------------------------------

    def hand_in(self, candidates: int, program: str = tree.PROGRAM) -> list[int]:
        """Let so many candidates sit one exam and hand in a program and a picture; return their attempts."""
        now, services, made = datetime.now(UTC), self.services, []
        with services.db.write() as session:
            names = [f"c{uuid.uuid4().hex[:8]}" for _ in range(candidates)]
            for name in names:
                factories.people_add(session, name, "考生", "student", "一班", now)
            exam = factories.make_exam(session, now - timedelta(minutes=1))
            for number, name in enumerate(names):
                attempt = factories.make_attempt(session, now, name, exam)
                picture = tree.png() + str(number).encode()
                answers = {
                    PROGRAM: {"program": program},
                    PICTURE: {"picture": {"blob": services.blobs.put(picture), "name": "a.png", "size": len(picture)}, "origin": "自己"},
                }
                for position, response in answers.items():
                    attempts.save_draft(session, attempt, position, 0, response, now)
                session.flush()
                attempts.submit(session, attempt, now, by="candidate", who=attempt.user_id)
                made.append(attempt.id)
        services.notify()
        return made

    def states(self, attempt_ids: list[int]) -> list[str]:
        """Return the state of every marking."""
        query = select(Marking.state).join(Submission).where(Submission.attempt_id.in_(attempt_ids)).order_by(Marking.id)
        with self.services.db.read() as session:
            return list(session.scalars(query))

    def all_marked(self, attempt_ids: list[int]) -> bool:
        return set(self.states(attempt_ids)) == {"done"}

    def check_marked_once(self, attempt_ids: list[int], earned: int = 6) -> None:
        """One marking per submission, one verdict per point, and what such a candidate earns."""
        with self.services.db.read() as session:
            for attempt_id in attempt_ids:
                positions = session.scalars(select(Submission.position).where(Submission.attempt_id == attempt_id)).all()
                assert sorted(positions) == list(range(1, 9))
                markings = session.scalars(select(Marking).join(Submission).where(Submission.attempt_id == attempt_id)).all()
                assert [marking.state for marking in markings] == ["done"] * 8
                rows = select(VerdictRow).join(Marking).join(Submission).where(Submission.attempt_id == attempt_id)
                verdicts = session.scalars(rows).all()
                assert len(verdicts) == len({(v.marking_id, v.point_id) for v in verdicts}) == 12
                assert sum(v.earned for v in verdicts) == earned, [(v.point_id, v.earned, v.reason) for v in verdicts]

    def marked_by(self) -> dict[str, int]:
        """Return machine → how many programs and files its workers have marked."""
        with self.services.db.read() as session:
            rows = session.execute(select(Marking.leased_by, func.count()).where(Marking.state == "done").group_by(Marking.leased_by))
            found: dict[str, int] = {}
            for name, count in rows:
                node = name.partition(":")[0]
                found[node] = found.get(node, 0) + count
            return found

    def attempt(self, attempt_id: int) -> Attempt:
        with self.services.db.read() as session:
            return session.get_one(Attempt, attempt_id)
