"""The throw-away school: one paper, one exam, as many candidates as hand-ins, and what each of them answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from grading import totals
from grading.engine import grade
from grading.model import Response, Task, Upload
from grading.sandbox.contract import Sandbox
from simulator import catalog, findings, people, serving
from simulator.drawing import draw_paper, grader_defaults
from simulator.models import Exam, User
from simulator.services import Services

TASKS = Path(__file__).parent / "tasks"
PASSWORD = "a word for everybody"  # noqa: S105  of a school that lives for minutes
INSTRUCTOR = "instructor"
SEED = 7
ROWS = 1000
AT_ONCE = 4
# How often each sample program is handed in; the slow ones are few, or marking would take longer than the check may.
PROGRAMS = {
    "full": 55, "wrong-total": 15, "wrong-crash": 9, "wrong-no-file": 7, "full-late": 5, "blank": 3, "wrong-exit": 2,
    "wrong-memory": 2, "wrong-endless": 2,
}

Sign = tuple[str, str, str, str, str, str, str]
"""One verdict as it is compared: point, status, marks, expected, found, reason, cause."""

Expected = Mapping[int, tuple[Sign, ...]]
"""Position → verdicts."""


@dataclass(frozen=True)
class School:
    """What was set up. tasks : position on the paper → task, with the marks that the paper gives it."""

    exam_id: int
    tasks: Mapping[int, Task]
    defaults: Mapping[str, Mapping[str, Any]]


def username(number: int) -> str:
    """Return the account of candidate `number`."""
    return f"c{number:04}"


def found(services: Services, candidates: int) -> School:
    """Set up the school in an empty database."""
    serving.prepare(services)
    now, word = services.clock(), people.hash_password(PASSWORD)
    with services.db.write() as session:
        roles = {INSTRUCTOR: "instructor", **{username(n): "student" for n in range(candidates)}}
        session.add_all([User(username=u, name=u, role=role, password_hash=word, created_at=now) for u, role in roles.items()])
        [paper] = catalog.latest_papers(session)
        exam = Exam(  # a contest: the same items for everybody
            title="检查", paper=paper, mode="contest", opens_at=now - timedelta(hours=1), closes_at=now + timedelta(hours=5),
            attempts_allowed=1, release="auto", seed=SEED, created_at=now,
        )
        session.add(exam)
        session.flush()
        exam_id = exam.id
    with services.db.read() as session:
        items = draw_paper(session, session.get_one(Exam, exam_id).paper, SEED)
        tasks = {item.position: totals.with_marks(services.tasks.get(session, item.version), item.marks) for item in items}
        return School(exam_id, tasks, grader_defaults(catalog.paper_spec(session.get_one(Exam, exam_id).paper)))


def answers(tasks: Mapping[int, Task], number: int, seed: int) -> dict[int, Response]:
    """Return position → what candidate `number` answers: always the same, and nobody else's."""
    random = Random(f"{seed}/{number}")
    make = {"data/program": _program, "data/sheet": _sheet}
    return {position: make.get(task.id, _choice)(number, random) for position, task in tasks.items()}


def _choice(_number: int, random: Random) -> Response:
    return {"answer": [random.choice("ABBBC")]}


def _program(number: int, random: Random) -> Response:
    [sample] = random.choices(list(PROGRAMS), list(PROGRAMS.values()))
    if sample == "blank":
        return {}
    text = (TASKS / "data/program/samples" / sample / "program.py").read_text("utf-8")
    return {"program": text.replace("NUMBER = 0", f"NUMBER = {number}")}


def _sheet(number: int, random: Random) -> Response:
    rows = ROWS + random.choice([0, 0, number])
    lines = [f"{row},{random.getrandbits(64):016x}" for row in range(rows)]
    table = "\n".join(["row,text", *lines, ""]).encode()
    return {"count": str(rows), "note": random.choice(["去重", f"第 {number} 份"]), "data": Upload(f"{number}.csv", table)}


def stored(response: Response) -> dict[str, Any]:
    """Return `response` as the database must hold it."""
    return {
        field: {"blob": hashlib.sha256(value.data).hexdigest(), "name": value.name, "size": len(value.data)}
        if isinstance(value, Upload) else value for field, value in response.items()
    }


def undisturbed(school: School, sittings: Mapping[int, Mapping[int, Response]], sandbox: Sandbox) -> dict[int, Expected]:
    """Return candidate → the verdicts that their answers earn when nothing is disturbed: marked here, quietly."""
    def mark(responses: Mapping[int, Response]) -> Expected:
        return {position: _signs(school, position, response, sandbox) for position, response in responses.items()}

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(sittings, pool.map(mark, sittings.values()), strict=True))


def _signs(school: School, position: int, response: Response, sandbox: Sandbox) -> tuple[Sign, ...]:
    verdicts = grade(school.tasks[position], response, sandbox=sandbox, defaults=school.defaults).verdicts
    return tuple(
        (v.id, v.status, str(v.earned), findings.text(v.expected), findings.text(v.found), findings.text(v.reason), v.cause)
        for v in verdicts
    )
