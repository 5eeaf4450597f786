"""The demo school: people, one open mock exam, practice, and a finished contest whose board comes from really marking
sample responses. Everything is seeded except the passwords, which are random and kept in instance/demo/accounts.json."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.drawing import seeded
from grading.library import Library, load_library
from grading.model import Task, Upload
from grading.response import load_response
from simulator import attempts, catalog, people
from simulator.config import Settings
from simulator.jobs.pool import cores
from simulator.jobs.worker import Shift
from simulator.models import Attempt, Exam, Group, User
from simulator.services import Services

log = logging.getLogger(__name__)

SEED = 20251209
CLASSES = ("人工智能 2401 班", "人工智能 2402 班")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = ("子涵", "雨桐", "浩然", "思远", "嘉怡", "俊杰", "诗琪", "明轩", "欣妍", "博文", "雅静", "天宇", "梦瑶", "志强", "晓彤", "泽宇")
PER_CLASS = 8
STAFF = (("teacher", "陈老师", "teacher"), ("proctor", "林监考", "instructor"), ("admin", "系统管理员", "admin"))


def demo_accounts(settings: Settings) -> list[dict[str, str]]:
    """Return the demo accounts for the log-in page, [] outside the demo school."""
    path = settings.instance / "accounts.json"
    return json.loads(path.read_text("utf-8"))[:5] if settings.demo and path.is_file() else []


def build(services: Services) -> bool:
    """Fill an empty database with the demo school; False if it is there already."""
    with services.db.read() as session:
        if session.scalar(select(User.id).limit(1)) is not None:
            return False
    library, now = load_library(services.settings.tasks), services.clock()
    with services.db.write() as session:
        accounts = _people(session, now)
        contest = _exams(session, now)
        for number, student in enumerate(_students(session)):
            _sit(session, services, library, contest, student, number)
    _save_accounts(services.settings.instance / "accounts.json", accounts)
    _mark_all(services)
    return True


def _mark_all(services: Services) -> None:
    """Mark everything that is queued, with one thread per core: the work is in the sandbox, which is closed afterwards."""
    if services.sandbox.get() is None:
        log.warning("%s", services.sandbox.problem)

    def work(number: int) -> None:
        shift = Shift(services.marker(number))
        shift.able = services.sandbox.get() is not None  # without a sandbox the programs wait for a worker
        while shift.once():
            pass

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(work, range(cores())))
    services.sandbox.close()


def _save_accounts(path: Path, accounts: list[dict[str, str]]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(accounts, file, ensure_ascii=False, indent=1)


def _people(session: Session, now: datetime) -> list[dict[str, str]]:
    accounts: list[dict[str, str]] = []
    for number, (username, name, group) in enumerate(_roll()):
        made = people.create(session, username, name, "student", group, now, who=None, must_change=False)
        if number in (0, PER_CLASS):
            accounts.append({"username": made.username, "password": made.password, "role": "student", "name": name})
    for username, name, role in STAFF:
        made = people.create(session, username, name, role, "", now, who=None, must_change=False)
        accounts.append({"username": username, "password": made.password, "role": role, "name": name})
    return accounts


def _roll() -> Iterator[tuple[str, str, str]]:
    random = seeded(SEED, "names")
    given = random.sample(GIVEN, len(GIVEN))
    for number in range(PER_CLASS * len(CLASSES)):
        group, place = divmod(number, PER_CLASS)
        yield f"s{2401 + group}{place + 1:02}", random.choice(SURNAMES) + given[number], CLASSES[group]


def _exams(session: Session, now: datetime) -> Exam:
    """Create the exams and return the finished contest."""
    papers = {paper.paper_id: paper for paper in catalog.latest_papers(session)}
    proctor = session.scalars(select(User.id).where(User.username == "proctor")).one()
    groups = list(session.scalars(select(Group).order_by(Group.name)))
    mini, drill = papers["level3-mini"], papers["level3-theory-drill"]
    contest_mini, contest_full = papers["contest-mini"], papers["contest-full"]
    common: dict[str, Any] = {"created_by": proctor, "created_at": now, "groups": groups}
    contest = Exam(
        title="校内选拔赛（已结束）", paper=contest_mini, mode="contest", opens_at=now - timedelta(days=2),
        closes_at=now - timedelta(days=2) + timedelta(hours=3), attempts_allowed=1, release="released", seed=SEED, **common,
    )
    session.add_all([
        contest,
        Exam(
            title="三级模拟考试", paper=mini, mode="mock", opens_at=now - timedelta(minutes=10), closes_at=now + timedelta(days=30),
            attempts_allowed=None, release="auto", seed=SEED + 1, notice="这是演示用的模拟考试，可以反复参加。", **common,
        ),
        Exam(
            title="竞赛模拟：五个模块各一题", paper=contest_mini, mode="mock", opens_at=now - timedelta(minutes=10),
            closes_at=now + timedelta(days=30), attempts_allowed=None, release="auto", seed=SEED + 4,
            notice="六个模块共 60 分钟；评完马上看得到成绩单。", **common,
        ),
        Exam(
            title="竞赛全卷练习（270 分钟）", paper=contest_full, mode="practice", opens_at=now - timedelta(days=1), closes_at=None,
            attempts_allowed=None, release="auto", seed=SEED + 5, **common,
        ),
        Exam(
            title="理论小练（20 题）", paper=drill, mode="practice", opens_at=now - timedelta(days=1), closes_at=None,
            attempts_allowed=None, release="auto", seed=SEED + 2, **common,
        ),
        Exam(
            title="三级全卷练习", paper=mini, mode="practice", opens_at=now - timedelta(days=1), closes_at=None,
            attempts_allowed=None, release="auto", seed=SEED + 3, **common,
        ),
    ])
    session.flush()
    return contest


def _students(session: Session) -> list[User]:
    return list(session.scalars(select(User).where(User.role == "student").order_by(User.username)))


def _sit(session: Session, services: Services, library: Library, exam: Exam, student: User, number: int) -> None:
    """Let one student sit the contest in the past: seeded answers to theory, sample responses to the practical tasks."""
    random = seeded(SEED, "sit", number)
    skill = 0.45 + 0.5 * random.random()
    start = exam.opens_at + timedelta(seconds=random.randrange(300))
    attempt = attempts.start(session, exam, student, start)
    for item in attempt.tasks:
        task = library.tasks[item.version.task_id]
        response = _theory(task, skill, random) if task.form else _sample(task, skill, random, services)
        if response:
            attempts.save_draft(session, attempt, item.position, 0, response, start + timedelta(minutes=item.position))
    _hand_in(session, attempt, start + timedelta(minutes=40 + random.randrange(18), seconds=random.randrange(60)))


def _hand_in(session: Session, attempt: Attempt, end: datetime) -> None:
    session.flush()
    attempts.submit(session, attempt, end, by="candidate", who=attempt.user_id)


def _theory(task: Task, skill: float, random: Any) -> dict[str, Any]:
    if random.random() < 0.02:
        return {}
    key = list(task.bound[task.points[0].id]["key"])
    options = list(getattr(task.fields[0], "options", {})) or ["T", "F"]
    if random.random() < skill:
        return {task.fields[0].id: sorted(key)}
    wrong = [option for option in options if option not in key] or options[:1]
    return {task.fields[0].id: [random.choice(wrong)]}


def _stored(upload: Upload, services: Services) -> dict[str, Any]:
    return {"blob": services.blobs.put(upload.data), "name": upload.name, "size": len(upload.data)}


def _sample(task: Task, skill: float, random: Any, services: Services) -> dict[str, Any]:
    assert task.root is not None
    names = sorted(path.name for path in (task.root / "samples").iterdir() if path.is_dir())
    name = "full" if random.random() < skill - 0.35 else random.choice(names)
    response: dict[str, Any] = {}
    for field_id, value in load_response(task, task.root / "samples" / name).items():
        if isinstance(value, list) and any(isinstance(item, Upload) for item in value):
            response[field_id] = [_stored(item, services) for item in value]
        else:
            response[field_id] = _stored(value, services) if isinstance(value, Upload) else value
    return {field_id: value for field_id, value in response.items() if value is not None}
