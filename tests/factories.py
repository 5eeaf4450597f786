"""Small worlds for tests: a task tree, people, exams. A test names only what matters to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import attempts, catalog, people
from simulator.models import Attempt, Exam, Group, User

PASSWORD = "correct horse"
_HASH = people.hash_password(PASSWORD)

STANDARD = """\
occupation: 人工智能训练师
code: 4-04-05-05
level: 3
edition: 2021
source: 测试用
theory:
  - code: "1"
    name: 甲
    weight: 100
    sections:
      - code: "1.1"
        name: 乙
        weight: 100
        items: [{code: "1.1.1", name: 丙, weight: 100, points: 20}]
"""

SHEET = """\
title: 一题多类
level: 3
minutes: 10
marks: 6
fields:
  - {id: rows, kind: number, label: 行数}
  - {id: note, kind: text, label: 说明, rows: 4}
  - {id: data, kind: table, label: 清洗后的表}
points:
  - {id: M1, title: 行数正确, marks: 2, grader: number, of: rows, args: {equals: 3}}
  - {id: M2, title: 写出去重, marks: 2, grader: blank, of: note, args: {accept: [去重]}}
  - {id: M3, title: 表有三行, marks: 2, grader: row_count, of: data, args: {equals: 3}}
"""

PROGRAM = """\
title: 程序题
level: 3
minutes: 10
marks: 4
fields:
  - {id: program, kind: code, label: 程序, file: starter.py}
runs:
  - id: main
    runner: python
    of: program
    files: [data.csv]
    limits: {wall_s: 10, memory_mb: 512}
    produces:
      total: {variable: total, kind: number}
      out: {file: out.csv, kind: table}
points:
  - {id: M1, title: 合计正确, marks: 2, grader: number, of: total, args: {equals: 6}}
  - {id: M2, title: 写出三行, marks: 2, grader: row_count, of: out, args: {equals: 3}}
"""

PAPER = """\
title: 小卷
level: 3
minutes: 30
marks: 16
pass: {theory: 60, practical: 60}
modules:
  - id: theory
    title: 理论知识
    part: theory
    minutes: 10
    layout: list
    slots:
      - {draw: theory, standard: mini, form: judge, count: 2, marks: 1}
      - {draw: theory, standard: mini, form: single, count: 2, marks: 1}
      - {draw: theory, standard: mini, form: multiple, count: 1, marks: 2}
  - id: practical
    title: 操作技能
    part: practical
    minutes: 20
    slots:
      - {task: data/sheet}
      - {task: data/program}
"""


def write_tree(root: Path) -> Path:
    """Write the tree below `root` and return it."""
    files = {
        "standard/mini.yaml": STANDARD, "papers/small.yaml": PAPER, "theory/1.1/bank.yaml": _bank(),
        "data/sheet/task.yaml": SHEET, "data/sheet/statement.md": "填写三项，**公式** $a^2$。\n",
        "data/program/task.yaml": PROGRAM, "data/program/statement.md": "写一个程序。\n",
        "data/program/files/data.csv": "a\n1\n2\n3\n", "data/program/files/starter.py": "# 在这里写\n",
        "data/program/key/secret.txt": "EXPECTED-SECRET\n", "data/program/samples/full/response.yaml": "{}\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def _bank() -> str:
    lines = ['section: "1.1"', "title: 乙", "items:"]
    number = 0
    for kind, count in (("judge", 3), ("single", 4), ("multiple", 2)):
        for n in range(count):
            number += 1
            key = {"judge": "true" if n % 2 else "false", "single": "B", "multiple": "[A, C]"}[kind]
            options = {"judge": "", "single": "\n    options: {A: 甲项, B: 乙项, C: 丙项, D: 丁项}",
                       "multiple": "\n    options: {A: 甲项, B: 乙项, C: 丙项, D: 丁项, E: 戊项}"}[kind]
            lines.append(
                f"  - id: {kind}-{n}\n    kind: {kind}\n    stem: 第 {number} 道题的题干{options}\n    key: {key}\n"
                f"    explanation: 第 {number} 道题的解析\n    tags: [T3.1.1.1.{number:02}]\n    difficulty: 2"
            )
    return "\n".join(lines) + "\n"


def people_rows() -> list[tuple[str, str, str, str]]:
    return [
        ("s1", "甲同学", "student", "一班"), ("s2", "乙同学", "student", "一班"), ("s3", "丙同学", "student", "二班"),
        ("t1", "教师", "teacher", ""), ("i1", "监考", "instructor", ""), ("a1", "管理员", "admin", ""),
    ]


def people_add(session: Session, username: str, name: str, role: str, group: str, now: datetime) -> User:
    user = User(
        username=username, name=name, role=role, password_hash=_HASH, created_at=now,
        group=people.get_group(session, group) if group else None,
    )
    session.add(user)
    session.flush()
    return user


def add_people(session: Session, now: datetime) -> None:
    """Create three students in two classes and one of each staff role, all with PASSWORD."""
    for row in people_rows():
        people_add(session, *row, now)


def user(session: Session, username: str = "s1") -> User:
    return session.scalars(select(User).where(User.username == username)).one()


def make_exam(session: Session, now: datetime, **kwargs) -> Exam:
    """Create an exam on the small paper; open from now for two hours unless told otherwise."""
    groups = [session.scalars(select(Group).where(Group.name == name)).one() for name in kwargs.pop("groups", [])]
    values = {
        "title": "模拟一", "mode": "mock", "opens_at": now, "closes_at": now + timedelta(hours=2), "attempts_allowed": 1,
        "release": "auto", "seed": 7, "created_at": now, "paper": catalog.latest_papers(session)[0], "groups": groups,
    }
    exam = Exam(**{**values, **kwargs})
    session.add(exam)
    session.flush()
    return exam


def make_attempt(session: Session, now: datetime, username: str = "s1", exam: Exam | None = None, **kwargs) -> Attempt:
    """Start an attempt of `username` in `exam` (a new one by default)."""
    exam = exam or make_exam(session, now, **kwargs)
    attempt = attempts.start(session, exam, user(session, username), now)
    session.flush()
    return attempt


def right_answer(services, session: Session, item) -> dict:
    """Return the key of a drawn theory item."""
    task = services.tasks.get(session, item.version)
    return {task.fields[0].id: list(task.bound[task.points[0].id]["key"])}
