"""An exam that has been marked, and a teacher who changes its tasks: what the tests of re-marking start from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from grading.library import load_library
from grading.sandbox.contract import RunResult
from simulator import attempts, catalog, marking, results
from simulator.jobs.worker import work_once
from simulator.models import Attempt, Exam, Marking, Remarking, TaskVersion, User
from simulator.remarks import shadow
from tests import factories as f
from tests.simulator.fake_sandbox import FakeSandbox

SHEET = "data/sheet"


def failing(_job: Any, _observer: Any) -> RunResult:
    """Play a program that does nothing: the point is which version marks, not the run."""
    return RunResult("runtime_error", wall_s=0.1, message="程序出错。")


class World:
    """A tree of its own, an exam, and short words for what people do."""

    def __init__(self, services: Any, clock: Any, tree: Path, folder: Path) -> None:
        self.services, self.db, self.clock = services, services.db, clock
        self.tree = Path(shutil.copytree(tree, folder / "tasks"))
        self.marker = replace(services.marker(), sandbox=lambda: FakeSandbox(failing))
        self.sync()
        with self.db.write() as session:
            self.exam = f.make_exam(session, clock()).id

    # What people do --------------------------------------------------------------------------------------------------

    def start(self, username: str = "s1") -> int:
        with self.db.write() as session:
            return f.make_attempt(session, self.clock(), username, session.get_one(Exam, self.exam)).id

    def hand_in(self, attempt_id: int, *, rows: str = "3", note: str = "去重", theory: bool = True) -> int:
        with self.db.write() as session:
            attempt = session.get_one(Attempt, attempt_id)
            for item in attempt.tasks[:5] if theory else ():
                attempts.save_draft(session, attempt, item.position, 0, f.right_answer(self.services, session, item), self.clock())
            attempts.save_draft(session, attempt, 6, 0, {"rows": rows, "note": note}, self.clock())
            attempts.save_draft(session, attempt, 7, 0, {"program": "total = 6"}, self.clock())
            attempts.submit(session, attempt, self.clock(), by="candidate")
            return attempt.id

    def sit(self, username: str = "s1", **answers: Any) -> int:
        """Sit the exam, and have it marked."""
        attempt_id = self.hand_in(self.start(username), **answers)
        self.mark_all()
        return attempt_id

    def mark_all(self) -> int:
        done = 0
        while work_once(self.marker):
            done += 1
        return done

    def edit(self, old: str, new: str, name: str = "data/sheet/task.yaml") -> None:
        """Change a file of the tree, and read the tree again."""
        self.write(old, new, name)
        self.sync()

    def write(self, old: str, new: str, name: str = "data/sheet/task.yaml") -> None:
        """Change a file of the tree."""
        path = self.tree / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def sync(self) -> None:
        with self.db.write() as session:
            catalog.sync(session, load_library(self.tree), self.clock())

    def open(self, *tasks: str, mark: bool = True) -> int:
        """Open a re-marking of the tasks (by default the sheet), and let it be marked."""
        with self.db.write() as session:
            found = shadow.choices(session, self.services.tasks, self.exam)
            held = [one.held.id for one, _ in found if one.held.task_id in (tasks or (SHEET,))]
            opened = shadow.start(session, self.services.tasks, session.get_one(Exam, self.exam), held, "", self.clock(), self.staff().id)
            opened_id = opened.id
        if mark:
            self.mark_all()
        return opened_id

    def with_remarking(self, remarking_id: int, what: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return `what(session, remarking, now, who, …)` in a transaction of its own."""
        with self.db.write() as session:
            return what(session, session.get_one(Remarking, remarking_id), self.clock(), self.staff().id, *args, **kwargs)

    # What can be seen ------------------------------------------------------------------------------------------------

    def staff(self) -> User:
        with self.db.read() as session:
            return f.user(session, "i1")

    def totals(self) -> dict[int, Decimal]:
        """Return attempt id → total, computed afresh from the verdicts."""
        with self.db.read() as session:
            return {entry.attempt_id: entry.total for entry in results.entries(session, session.get_one(Exam, self.exam))}

    def everything(self) -> list[tuple[Any, ...]]:
        """Return all that boards, sheets and exports are derived from."""
        with self.db.read() as session:
            closed = list(session.scalars(select(Attempt.id).where(Attempt.state == "closed")))
            counts = results.counting(results.latest_submissions(closed))
            rows = session.scalars(select(Marking).where(Marking.id.in_(counts)).order_by(Marking.submission_id))
            return [(m.id, m.state, [(v.point_id, v.status, v.earned, v.reason) for v in m.verdicts]) for m in rows]

    def afresh(self) -> dict[int, Decimal]:
        """Return attempt id → total by marking every submission anew with the version that counts, in memory."""
        with self.db.read() as session:
            found: dict[int, Decimal] = {}
            for attempt in session.scalars(select(Attempt).where(Attempt.exam_id == self.exam, Attempt.state == "closed")):
                found[attempt.id] = sum((self._anew(session, o) for o in results.outcomes(session, attempt)), Decimal("0.00"))
            return found

    def _anew(self, session: Any, outcome: Any) -> Decimal:
        version = session.get_one(TaskVersion, outcome.marking.task_version_id or outcome.submission.task_version_id)
        task = marking.totals.with_marks(self.services.tasks.get(session, version), outcome.item.marks)
        response = marking.to_response(task, outcome.submission.response, self.services.blobs)
        return marking.totals.total(marking.grade(task, response, sandbox=FakeSandbox(failing)).verdicts)
