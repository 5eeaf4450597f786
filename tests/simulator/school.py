"""A small school in which every secret is a word that stands nowhere else, so that a page that tells one can be caught by reading it.

Three exams: `open` (released, under names), `frozen` (a contest behind a freeze, under numbers) and `held` (marks not given out);
and practice. Each has a paper of its own. Of the candidates, s1 and s2 have handed in everywhere; s4, of their class, still sits
`frozen`; s3, of another class, still sits `held` and has handed in nothing.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from grading.library import load_library
from grading.sandbox.contract import RunResult
from simulator import appeals, attempts, candidates, catalog, credits, exams, marking, messages, notices, responses, seats
from simulator.jobs.worker import work_once
from simulator.models import (
    Appeal,
    Attempt,
    Candidate,
    Exam,
    Group,
    Marking,
    Notice,
    Redo,
    Remarking,
    TaskVersion,
    Trial,
    TrialFigure,
    User,
    Worker,
)
from simulator.remarks import shadow
from tests import factories as f
from tests.browser.tree import png
from tests.simulator.fake_sandbox import FakeSandbox

EXAMS = ("open", "frozen", "held", "practice")
CANDIDATES = ("s1", "s2", "s3", "s4")
FINISHED = ("s1", "s2")

SHEET = """\
title: 表格题 {name}
level: 3
minutes: 10
marks: 20
fields:
  - {{id: note, kind: text, label: 说明, rows: 4}}
  - {{id: paper, kind: file, label: 附件, accept: [.txt]}}
  - {{id: marks, kind: boxes, label: 标注, images: {{shot.png: [32, 32]}}, labels: {{car: 车}}}}
points:
  - {{id: M1, title: 说明, marks: 10, grader: blank, of: note, args: {{accept: [KEYWORD-{name}]}}}}
  - {{id: P1, title: 公开部分, marks: 10, grader: blank, of: note, args: {{accept: [KEYPUBLIC-{name}]}}, board: public}}
  - {{id: P2, title: HIDDENTITLE-{name}, marks: 10, grader: blank, of: note, args: {{accept: [HIDDENWORD-{name}]}}, board: private}}
"""

PROGRAM = """\
title: 程序题 {name}
level: 3
minutes: 10
marks: 4
fields:
  - {{id: program, kind: code, label: 程序, file: starter.py}}
runs:
  - {{id: try, runner: python, of: program, files: [given.csv], purpose: trial, produces: {{seen: {{variable: total, kind: number}}}}}}
  - {{id: main, runner: python, of: program, files: [given.csv], hidden: [HIDDENFILE-{name}.csv],
      produces: {{total: {{variable: total, kind: number}}}}}}
points:
  - {{id: M1, title: 合计正确, marks: 4, grader: number, of: total, args: {{equals: 6}}}}
"""

PAPER = """\
title: 试卷 {name}
level: 3
minutes: 60
marks: 27
pass: {{theory: 60, practical: 60}}
modules:
  - id: theory
    title: 理论知识
    part: theory
    minutes: 20
    layout: list
    slots:
      - {{draw: theory, standard: {name}, form: judge, count: 1, marks: 1}}
      - {{draw: theory, standard: {name}, form: single, count: 1, marks: 2}}
  - id: practical
    title: 操作技能
    part: practical
    minutes: 40
    slots:
      - {{task: data/{name}-sheet}}
      - {{task: data/{name}-program}}
"""

BANK = """\
section: "{chapter}.1"
title: 乙
items:
  - {{id: judge, kind: judge, stem: 一道判断题, key: true, explanation: WHYJUDGE-{name}, tags: [T3.{chapter}.1.1.01], difficulty: 2}}
  - {{id: single, kind: single, stem: 一道选择题, options: {{A: 甲项, B: 乙项, C: 丙项, D: 丁项}}, key: B, explanation: WHYSINGLE-{name},
      tags: [T3.{chapter}.1.1.02], difficulty: 2}}
"""



def write_tree(root: Path) -> Path:
    """Write a paper, two tasks, a bank and a standard for each exam below `root`; the practice is on the paper `open`."""
    for number, name in enumerate(("open", "frozen", "held"), 1):
        here = {"name": name, "chapter": number}
        files = {
            f"standard/{name}.yaml": f.STANDARD.replace('"1', f'"{number}'), f"theory/{number}.1/bank.yaml": BANK.format(**here),
            f"papers/{name}.yaml": PAPER.format(**here),
            f"data/{name}-sheet/task.yaml": SHEET.format(**here), f"data/{name}-sheet/statement.md": f"STATEMENT-{name}\n",
            f"data/{name}-sheet/key/rules.txt": f"KEYFILE-{name}\n",
            f"data/{name}-sheet/samples/wrong-SAMPLE-{name}/response.yaml": f"note: SAMPLETEXT-{name}\n",
            f"data/{name}-program/task.yaml": PROGRAM.format(**here), f"data/{name}-program/statement.md": "写一个程序。\n",
            f"data/{name}-program/files/given.csv": "a\n1\n", f"data/{name}-program/files/starter.py": "# 在这里写\n",
            f"data/{name}-program/key/HIDDENFILE-{name}.csv": f"a\nHIDDENDATA-{name}\n",
            f"data/{name}-program/key/truth.txt": f"KEYFILE-{name}\n",
        }
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8")
        (root / f"data/{name}-sheet/files").mkdir()
        (root / f"data/{name}-sheet/files/shot.png").write_bytes(png(32))
    return root


def played(job: Any, _observer: Any) -> RunResult:
    """Play a program that prints its hidden input."""
    told = b"".join(data for name, data in sorted(job.files.items()) if name.startswith("HIDDENFILE")).decode()
    return RunResult("runtime_error", exit_code=1, wall_s=0.1, stdout=f"printed {told}", stderr=f"failed {told}", message="程序出错。")


EARNED = {("s1", "open"): "1.07", ("s2", "open"): "2.19", ("s1", "frozen"): "3.31", ("s2", "frozen"): "4.43", ("s1", "held"): "5.57",
          ("s2", "held"): "6.61"}
"""What a person gave each for point M1: the marks of nothing else, so that a cell or a total that holds them is recognized."""


@dataclass(frozen=True)
class Secret:
    """A word that only some may read. kind : what it is of; owner : whose, "" for nobody's; exam : of which, "" for none."""

    text: str
    kind: str
    owner: str = ""
    exam: str = ""


class School:
    """The school in a database, with the ids of all that is in it and the list of its secrets."""

    def __init__(self, services: Any, clock: Any, tree: Path) -> None:
        self.services, self.db, self.clock, self.tree = services, services.db, clock, tree
        self.marker = replace(services.marker(), sandbox=lambda: FakeSandbox(played))
        self.exams: dict[str, int] = {}
        self.attempts: dict[tuple[str, str], int] = {}
        self.people: dict[str, int] = {}
        self.secrets: list[Secret] = []
        self._people()
        self._exams()
        self._sit()
        self._after()
        self._change_and_remark()
        self._list_secrets()

    def keep(self, text: str, kind: str, owner: str = "", exam: str = "") -> str:
        """Note a secret, and return it."""
        self.secrets.append(Secret(text, kind, owner, exam))
        return text

    # Who is there ----------------------------------------------------------------------------------------------------

    def _people(self) -> None:
        with self.db.write() as session:
            catalog.sync(session, load_library(self.tree), self.clock())
            for name, group in (("s1", "一班"), ("s2", "一班"), ("s3", "二班"), ("s4", "一班")):
                f.people_add(session, name, self.keep(f"NAME-{name}", "name", name), "student", group, self.clock())
            for name, role in (("t1", "teacher"), ("i1", "instructor"), ("a1", "admin")):
                f.people_add(session, name, f"STAFF-{name}", role, "", self.clock())
            self.people = {user.username: user.id for user in session.scalars(select(User))}
            self.usernames = {number: name for name, number in self.people.items()}

    def _exams(self) -> None:
        start = self.clock()
        with self.db.write() as session:
            papers = {paper.paper_id: paper for paper in catalog.latest_papers(session)}
            values: dict[str, dict[str, Any]] = {
                "open": {}, "frozen": {"mode": "contest", "freeze_at": start + timedelta(minutes=10), "blind": True},
                "held": {"release": "held"}, "practice": {"mode": "practice", "attempts_allowed": None},
            }
            for name in EXAMS:
                groups = ["一班", "二班"] if name == "held" else ["一班"]
                paper = papers["open" if name == "practice" else name]
                exam = f.make_exam(session, start, title=f"场次 {name}", paper=paper, groups=groups, **values[name])
                self.exams[name] = exam.id
                candidates.ensure(session, exam)
                for one in session.scalars(select(Candidate).where(Candidate.exam_id == exam.id)):
                    one.number = self.keep(f"K{self.usernames[one.user_id]}-{name}", "number", self.usernames[one.user_id], name)
            frozen = session.get_one(Exam, self.exams["frozen"])
            frozen.awards = {"rows": [{"name": "一等奖", "count": 1}]}

    # What they do ----------------------------------------------------------------------------------------------------

    def _sit(self) -> None:
        sitting = [(who, exam) for who in FINISHED for exam in EXAMS] + [("s4", "frozen"), ("s3", "held")]
        self.clock.forward(minutes=5)
        for who, exam in sitting:
            with self.db.write() as session:
                attempt = f.make_attempt(session, self.clock(), who, session.get_one(Exam, self.exams[exam]))
                self.attempts[who, exam] = attempt.id
                attempt.address = self.keep(f"ADDRESS-{who}-{exam}", "address", who, exam)
                seats.bind(attempt, seat(who))
                for position, response in self._answers(session, attempt, who, exam).items():
                    attempts.save_draft(session, attempt, position, 0, response, self.clock())
                if exam == "practice":
                    attempts.check(session, attempt, 3, self.clock())
                self._trial(session, attempt, who, exam)
        with self.db.write() as session:
            for name, exam_id in self.exams.items():
                exam = session.get_one(Exam, exam_id)
                messages.send(session, exam, self.keep(f"TOALL-{name}", "room", "", name), self.clock(), self.people["i1"])
                for who, sat in sitting:
                    if sat == name:
                        text = self.keep(f"MESSAGE-{who}-{name}", "message", who, name)
                        messages.send(session, exam, text, self.clock(), self.people["i1"], session.get_one(User, self.people[who]))
        self.clock.forward(minutes=10)
        for who in FINISHED:
            for exam in ("open", "frozen", "held"):
                with self.db.write() as session:
                    attempts.submit(session, session.get_one(Attempt, self.attempts[who, exam]), self.clock(), by="candidate")
        for attempt_id in self.attempts.values():
            marking.mark_quick(self.services.marker(), attempt_id)
        while work_once(self.marker):
            pass

    def _answers(self, session: Any, attempt: Attempt, who: str, exam: str) -> dict[int, dict[str, Any]]:
        """Wrong in the theory, so that the 错题本 has it; a text, a file and a program of one's own."""
        sheet = self.services.tasks.get(session, attempt.tasks[2].version)
        data = self.keep(f"FILE-{who}-{exam}", "answer", who, exam).encode()
        name = self.keep(f"UPLOAD-{who}-{exam}", "answer", who, exam) + ".txt"
        taken = responses.accept_upload(sheet.fields[1], name, data, self.services.blobs)
        upload = {key: taken[key] for key in ("blob", "name", "size")}
        return {
            1: {field_of(self.services, session, attempt, 0): ["F"]}, 2: {field_of(self.services, session, attempt, 1): ["C"]},
            3: {"note": self.keep(f"NOTE-{who}-{exam}", "answer", who, exam), "paper": upload},
            4: {"program": f"print('{self.keep(f'PROGRAM-{who}-{exam}', 'answer', who, exam)}')"},
        }

    def _trial(self, session: Any, attempt: Attempt, who: str, exam: str) -> None:
        trial = Trial(
            attempt_id=attempt.id, position=4, run_id="try", response={}, state="done", queued_at=self.clock(), done_at=self.clock(),
            stdout=self.keep(f"STDOUT-{who}-{exam}", "answer", who, exam), version=1,
            result={"status": "ok", "message": "", "products": []},
        )
        trial.figures = [TrialFigure(number=1, png=b"\x89PNG" + self.keep(f"FIGURE-{who}-{exam}", "answer", who, exam).encode())]
        session.add(trial)

    # What follows ----------------------------------------------------------------------------------------------------

    def _after(self) -> None:
        """Decisions, doubts, and what the candidates are told; of marks that are held they learn nothing."""
        self.clock.forward(minutes=1)
        for who, exam in EARNED:
            with self.db.write() as session:
                self._decide(session, session.get_one(Attempt, self.attempts[who, exam]), who, exam)
        with self.db.write() as session:
            running = session.get_one(Attempt, self.attempts["s4", "frozen"])
            found = credits.propose(session, running, self.clock() - timedelta(minutes=4), self.clock(), self.clock())
            found.note = self.keep("OUTAGE-s4", "credit", "s4", "frozen")
            exams.release(session, session.get_one(Exam, self.exams["open"]), self.clock(), self.people["i1"])
            session.add(Worker(name="w", host="h", started_at=self.clock(), seen_at=self.clock(), backend="zygote"))

    def _decide(self, session: Any, attempt: Attempt, who: str, exam: str) -> None:
        staff, cache, at = session.get_one(User, self.people["i1"]), self.services.tasks, self.clock()
        shared: dict[str, Any] = {"who": staff, "zone": self.services.zone}
        earned = self.keep(EARNED[who, exam], "marks", who, exam)
        appeals.decide(session, cache, attempt, 3, "M1", earned, self.keep(f"DECISION-{who}-{exam}", "appeal", who, exam), at, **shared)
        if exam == "held":
            return
        asked = appeals.ask(session, attempt, 3, "M1", self.keep(f"APPEAL-{who}-{exam}", "appeal", who, exam), at)
        appeals.answer(session, cache, asked.id, self.keep(f"ANSWER-{who}-{exam}", "appeal", who, exam), "", at, **shared)
        appeals.ask(session, attempt, 4, "M1", self.keep(f"DOUBT-{who}-{exam}", "appeal", who, exam), at)
        notices.tell(session, attempt, self.keep(f"NOTICE-{who}-{exam}", "notice", who, exam), at)
        if exam == "open":
            wrong = {field_of(self.services, session, attempt, 0): ["F"]}
            session.add(Redo(
                user_id=attempt.user_id, task_version_id=attempt.tasks[0].task_version_id, correct=False, at=at, response=wrong
            ))

    def _change_and_remark(self) -> None:
        """A teacher mends a key in each paper; the exams are marked again by it, and nobody has decided yet."""
        for name in ("open", "frozen", "held"):
            path = self.tree / f"data/{name}-sheet/task.yaml"
            path.write_text(path.read_text("utf-8").replace(f"[KEYPUBLIC-{name}]", f"[NEWKEY-{name}, NOTE-s1-{name}]"), "utf-8")
        with self.db.write() as session:
            catalog.sync(session, load_library(self.tree), self.clock())
        for name in ("open", "frozen", "held"):
            with self.db.write() as session:
                choices = shadow.choices(session, self.services.tasks, self.exams[name])
                held = [one.held.id for one, _ in choices if one.held.task_id.endswith("sheet")]
                note, exam = self.keep(f"REMARKNOTE-{name}", "remark", "", name), session.get_one(Exam, self.exams[name])
                shadow.start(session, self.services.tasks, exam, held, note, self.clock(), self.people["i1"])
        while work_once(self.marker):
            pass

    def _list_secrets(self) -> None:
        for name in ("open", "frozen", "held"):
            for word in ("KEYWORD", "KEYPUBLIC", "NEWKEY", "WHYJUDGE", "WHYSINGLE"):
                self.keep(f"{word}-{name}", "key", "", name)
            for word in ("HIDDENTITLE", "HIDDENWORD"):
                self.keep(f"{word}-{name}", "hidden", "", name)
            for word in ("HIDDENDATA", "HIDDENFILE"):
                self.keep(f"{word}-{name}", "input", "", name)
            for word in ("KEYFILE", "SAMPLE", "SAMPLETEXT"):
                self.keep(f"{word}-{name}", "never", "", name)
            self.keep(f"STATEMENT-{name}", "statement", "", name)
        with self.db.read() as session:
            for user in session.scalars(select(User)):
                self.keep(user.password_hash[-30:], "never")
            for attempt in session.scalars(select(Attempt)):
                self.keep(attempt.seat, "never")
        self.keep(str(self.services.settings.secret_key), "never")
        self.keep("SEAT-", "never")

    def ids(self) -> dict[str, list[Any]]:
        """Return every id of every kind, under the names that addresses use."""
        with self.db.read() as session:
            found: dict[str, list[Any]] = {
                name: sorted(session.scalars(select(model.id))) for name, model in {
                    "exam_id": Exam, "attempt_id": Attempt, "user_id": User, "group_id": Group, "marking_id": Marking, "appeal_id": Appeal,
                    "notice_id": Notice, "redo_id": Redo, "version_id": TaskVersion, "trial_id": Trial, "remarking_id": Remarking,
                }.items()
            }
            found["task_id"] = sorted(set(session.scalars(select(TaskVersion.task_id))))
        return found


def seat(who: str) -> str:
    """Return what the browser of one candidate has as its token."""
    return f"SEAT-{who}"


def field_of(services: Any, session: Any, attempt: Attempt, index: int) -> str:
    """Return the id of the one field of a theory item."""
    return str(services.tasks.get(session, attempt.tasks[index].version).fields[0].id)


def text_of(data: bytes, kind: str) -> str:
    """Return what can be read in an answer: a workbook's cells, else the bytes as they are."""
    if "spreadsheetml" not in kind:
        return data.decode("utf-8", "replace")
    from openpyxl import load_workbook

    cells = (cell for sheet in load_workbook(io.BytesIO(data)) for row in sheet.iter_rows(values_only=True) for cell in row)
    names = load_workbook(io.BytesIO(data)).sheetnames
    return "\n".join([*names, *(str(Decimal(str(cell))) if isinstance(cell, float) else str(cell) for cell in cells if cell is not None)])


def owner(session: Any, values: dict[str, Any]) -> int:
    """Return whose the thing is that an address names, 0 for nobody's and for what does not exist."""
    if "attempt_id" in values:
        attempt = session.get(Attempt, values["attempt_id"])
        trial = session.get(Trial, values["trial_id"]) if "trial_id" in values else None
        lost = attempt is None or ("trial_id" in values and (trial is None or trial.attempt_id != attempt.id))
        return 0 if lost else int(attempt.user_id)
    if "appeal_id" in values:
        appeal = session.get(Appeal, values["appeal_id"])
        return int(session.get_one(Attempt, appeal.attempt_id).user_id) if appeal else 0
    for name, model in (("notice_id", Notice), ("redo_id", Redo)):
        if name in values:
            found = session.get(model, values[name])
            return int(found.user_id) if found else 0
    return 0


def exam_of(session: Any, values: dict[str, Any]) -> int:
    """Return which exam an address is about, 0 for none."""
    if "exam_id" in values:
        return int(values["exam_id"])
    found: Any = None
    if "attempt_id" in values:
        found = session.get(Attempt, values["attempt_id"])
    if "appeal_id" in values and (appeal := session.get(Appeal, values["appeal_id"])):
        found = session.get_one(Attempt, appeal.attempt_id)
    if "remarking_id" in values:
        found = session.get(Remarking, values["remarking_id"])
    return found.exam_id if found else 0
