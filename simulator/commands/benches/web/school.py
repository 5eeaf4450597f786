"""The school that the web bench asks about: everybody sits a contest, and has sat one that is marked. Rows are made, not played."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask, session as cookie
from flask_login import login_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from grading.loader import load_task
from grading.response import load_response
from simulator import attempts, catalog, cells, create_app, people, serving
from simulator.auth import LoggedIn
from simulator.config import Settings
from simulator.models import Attempt, AttemptTask, Draft, Exam, Marking, Submission, TaskVersion, User, VerdictRow
from simulator.services import Services

PAPER, PROGRAM_PAPER, PROGRAM = "contest-mini", "level3-mini", "data/retail-orders"
PASSWORD = "bench-2026-bench"  # noqa: S105  of accounts that live as long as the bench
CLIENT = "bench"
ANSWER = "".join(f"- id: day_{n}\n  alias: 回家开灯 {n}\n  trigger: []\n" for n in range(33))
"""About 1.5 kB, as a candidate's answer grows to."""


@dataclass(frozen=True)
class Pass:
    """What a browser sends to be somebody: the session cookie and the token of forms."""

    cookie: str
    token: str


@dataclass(frozen=True)
class School:
    """What was made. sitting, done : ids of the attempts that run, and of those that are marked, in the order of `passes`; position :
    of the task that is autosaved, field : its first field; staff : an instructor."""

    passes: Sequence[Pass]
    staff: Pass
    sitting: Sequence[int]
    done: Sequence[int]
    done_exam: int
    position: int
    field: str
    theory_screen: int


def build(settings: Settings, students: int, markings: int) -> School:
    """Fill an empty database. markings : program answers that wait for a worker."""
    app = create_app(settings)
    services: Services = app.extensions["services"]
    serving.prepare(services)
    now = services.clock()
    with services.db.write() as session:
        users = _people(session, students, now)
        papers = {paper.paper_id: paper for paper in catalog.latest_papers(session)}
        common: dict[str, Any] = {"mode": "contest", "attempts_allowed": 1, "release": "auto", "seed": 7, "created_at": now}
        soon, yesterday = now - timedelta(minutes=5), now - timedelta(days=1)
        running = Exam(title="正在进行", paper=papers[PAPER], opens_at=soon, closes_at=now + timedelta(hours=3), **common)
        past = Exam(title="已结束", paper=papers[PAPER], opens_at=yesterday, closes_at=now - timedelta(hours=20), **common)
        programs = Exam(title="程序", paper=papers[PROGRAM_PAPER], opens_at=yesterday, closes_at=now + timedelta(days=1), **common)
        session.add_all([running, past, programs])
        session.flush()
        sitting = _sit(session, running, users, now)
        done = _sit(session, past, users, now - timedelta(days=1), closed=now - timedelta(hours=23))
        _mark(session, done, now)
        _queue(session, programs, users[:markings], services.settings.tasks, now)
        cells.fill(session)
        model = session.get_one(Attempt, sitting[0])
        item = next(item for item in model.tasks if item.version.task_id.startswith("home/"))
        _draft(session, model, sitting, item, now)
        field = services.tasks.get(session, item.version).fields[0].id
        session.flush()
        passes = [_pass(app, user) for user in session.scalars(select(User).where(User.id.in_(users)).order_by(User.id))]
        staff = _pass(app, session.scalars(select(User).where(User.username == "proctor")).one())
        found = School(passes, staff, sitting, done, past.id, item.position, field, 1)
    services.db.engine.dispose()
    return found


def _people(session: Session, students: int, now: datetime) -> list[int]:
    secret = people.hash_password(PASSWORD)
    group = people.get_group(session, "测速班").id
    row = {"role": "student", "password_hash": secret, "active": True, "group_id": group, "created_at": now, "session_epoch": 0,
           "must_change": False}
    session.execute(insert(User), [{**row, "username": f"b{n:05}", "name": f"考生{n:05}"} for n in range(students)])
    session.add(User(username="proctor", name="监考", role="instructor", password_hash=secret, created_at=now))
    session.flush()
    return list(session.scalars(select(User.id).where(User.role == "student").order_by(User.id)))


def _sit(session: Session, exam: Exam, users: Sequence[int], started: datetime, *, closed: datetime | None = None) -> list[int]:
    """Start one attempt by the rules and give everybody else the same: a contest sets everybody the same items."""
    first = attempts.start(session, exam, session.get_one(User, users[0]), exam.opens_at)
    first.started_at = started
    tasks = [(item.position, item.module, item.task_version_id or item.version.id, item.marks) for item in first.tasks]
    row = {"exam_id": exam.id, "number": 1, "seed": first.seed, "started_at": started, "state": "running"}
    session.flush()
    session.execute(insert(Attempt), [{**row, "user_id": user} for user in users[1:]])
    mine = list(session.scalars(select(Attempt.id).where(Attempt.exam_id == exam.id).order_by(Attempt.user_id)))
    _bulk(session, AttemptTask, (
        {"attempt_id": attempt, "position": position, "module": module, "task_version_id": version, "marks": marks}
        for attempt in mine if attempt != first.id for position, module, version, marks in tasks
    ))
    if closed is not None:
        for attempt in session.scalars(select(Attempt).where(Attempt.id.in_(mine))):
            attempt.state, attempt.ended_at, attempt.closed_by = "closed", closed, "candidate"
    return mine


def _draft(session: Session, model: Attempt, sitting: Sequence[int], item: AttemptTask, now: datetime) -> None:
    """Give everybody a first draft of the saved task and an answer to every theory item."""
    theory = [other.position for other in model.tasks if other.version.form]
    _bulk(session, Draft, (
        {"attempt_id": attempt, "position": position, "rev": 1, "response": {"answer": ["A"]}, "saved_at": now}
        for attempt in sitting for position in theory
    ))
    _bulk(session, Draft, ({"attempt_id": a, "position": item.position, "rev": 1, "response": {}, "saved_at": now} for a in sitting))


def _mark(session: Session, done: Sequence[int], now: datetime) -> None:
    """Hand in and mark every task of the closed attempts: three scoring points for a practical task, one for an item."""
    model = session.get_one(Attempt, done[0])
    tasks = [(item.position, item.task_version_id, item.marks, 1 if item.version.form else 3) for item in model.tasks]
    base = {"kind": "hand-in", "response": {}, "submitted_at": now}
    _bulk(session, Submission, (
        {**base, "attempt_id": attempt, "position": position, "task_version_id": version}
        for attempt in done for position, version, _, _ in tasks
    ))
    query = select(Submission.id, Submission.position).where(Submission.attempt_id.in_(done)).order_by(Submission.id)
    handed = session.execute(query).all()
    state = {"state": "done", "queued_at": now, "done_at": now, "tries": 1}
    _bulk(session, Marking, ({**state, "submission_id": submission} for submission, _ in handed))
    marked = {row.submission_id: row.id for row in session.execute(select(Marking.submission_id, Marking.id))}
    points = {position: (marks, count) for position, _, marks, count in tasks}
    _bulk(session, VerdictRow, (
        verdict for submission, position in handed for verdict in _verdicts(marked[submission], *points[position])
    ))


def _verdicts(marking: int, marks: Decimal, count: int) -> Iterator[dict[str, Any]]:
    whole = (marks / count).quantize(Decimal("0.01"))
    for ordinal in range(count):
        earned = whole if (marking * 7 + ordinal * 3) % 5 else Decimal("0.00")
        yield {
            "marking_id": marking, "ordinal": ordinal, "point_id": f"M{ordinal + 1}", "title": "评分点", "marks": whole, "earned": earned,
            "status": "correct" if earned else "incorrect", "expected": "", "found": "", "reason": "", "cause": "",
        }


def _queue(session: Session, exam: Exam, users: Sequence[int], tasks: Path, now: datetime) -> None:
    """Queue real program answers, so that workers have something to do."""
    mine = _sit(session, exam, users, now - timedelta(minutes=30), closed=now)
    version = session.scalars(select(TaskVersion).where(TaskVersion.task_id == PROGRAM)).one()
    response = dict(load_response(load_task(tasks / PROGRAM), tasks / PROGRAM / "samples" / "full"))
    [position] = {item.position for item in session.get_one(Attempt, mine[0]).tasks if item.task_version_id == version.id}
    base = {"position": position, "task_version_id": version.id, "kind": "hand-in", "response": response, "submitted_at": now}
    _bulk(session, Submission, ({**base, "attempt_id": attempt} for attempt in mine))
    ids = session.scalars(select(Submission.id).where(Submission.attempt_id.in_(mine)))
    _bulk(session, Marking, ({"submission_id": submission, "state": "queued", "queued_at": now, "turn": 1} for submission in ids))


def _bulk(session: Session, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    rest = iter(rows)
    while part := list(islice(rest, 5000)):
        session.execute(insert(table), part)


def _pass(app: Flask, user: User) -> Pass:
    """Log `user` in without the log-in page: it is measured apart, and hashing 2,000 passwords takes minutes."""
    with app.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}, headers={"User-Agent": CLIENT}):
        login_user(LoggedIn(user))
        token = generate_csrf()
        signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        return Pass(signer.dumps(dict(cookie)), token)


def body(rev: int, field: str, number: int) -> bytes:
    """Return the body of an autosave that changes something."""
    return json.dumps({"rev": rev, "response": {field: f"{ANSWER}# {number}"}}).encode()
