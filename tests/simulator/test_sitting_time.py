"""Time in the database: modules with clocks of their own, pauses, extensions, outages, seats; papers that pick tasks by unit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from sqlalchemy import select

from grading.errors import TaskError
from grading.library import load_library
from grading.paper import PaperSpec, UnitSlot
from grading.picking import pick, short
from simulator import attempts, catalog, clocks, credits, modules, pausing, presence, proctoring, seats
from simulator.errors import Refused
from simulator.jobs import scheduler
from simulator.models import Attempt, AttemptTask, Candidate, Credit, Event, Marking, PaperVersion, Submission
from simulator.phases import GRACE
from simulator.proctoring import Scope
from tests import factories as f


@pytest.fixture
def session(db):
    with db.write() as session:
        yield session


def paper(session, **changes) -> PaperVersion:
    """Store the small paper with other rules."""
    old = catalog.latest_papers(session)[0]
    spec = {**old.spec, "paper": {**old.spec["paper"], **changes}}
    PaperSpec.model_validate(spec["paper"])
    digest = sha256(repr(sorted(changes.items())).encode()).hexdigest()
    found = PaperVersion(hash=digest, paper_id="other", title="零", spec=spec, created_at=old.created_at)
    session.add(found)
    session.flush()
    return found


def sit(session, time, username="s1", **changes) -> Attempt:
    exam = f.make_exam(session, time(), paper=paper(session, **changes), closes_at=time() + timedelta(hours=5))
    attempt = f.make_attempt(session, time(), username, exam=exam)
    session.refresh(attempt)
    return attempt


def open_positions(attempt, now) -> list[int]:
    found = []
    for item in attempt.tasks:
        try:
            clocks.check_open(attempt, now, item.position)
            found.append(item.position)
        except Refused:
            pass
    return found


LINEAR = {"clock": "module", "order": "linear", "breaks": 2}
FREE = {"clock": "module", "order": "free"}


def test_linear_modules_are_sat_one_after_the_other(session, clock):
    attempt = sit(session, clock, **LINEAR)  # 10 and 20 minutes
    assert open_positions(attempt, clock()) == [1, 2, 3, 4, 5]
    with pytest.raises(Refused, match="现在不能进入"):
        modules.enter(session, attempt, 1, clock())
    attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock())
    assert not modules.leave(session, attempt, 0, clock.forward(minutes=3))
    assert open_positions(attempt, clock()) == []
    session.flush()
    handed = session.scalars(select(Submission).order_by(Submission.position)).all()
    assert [(s.position, s.submitted_at) for s in handed] == [(n, clock()) for n in range(1, 6)]
    assert handed[0].response == {"answer": ["T"]}
    with pytest.raises(Refused, match="现在不能进入"):
        modules.enter(session, attempt, 0, clock())
    modules.enter(session, attempt, 1, clock.forward(minutes=1))
    assert open_positions(attempt, clock()) == [6, 7]
    assert modules.leave(session, attempt, 1, clock.forward(minutes=5))
    assert (attempt.state, attempt.closed_by, attempt.ended_at) == ("closed", "candidate", clock())
    session.flush()
    assert len(session.scalars(select(Marking.id)).all()) == 7


def test_free_modules_are_sat_in_any_order_but_one_at_a_time(session, clock):
    attempt = sit(session, clock, **FREE)
    assert clocks.between_modules(attempt)
    modules.enter(session, attempt, 1, clock())
    modules.enter(session, attempt, 1, clock())  # again: nothing
    with pytest.raises(Refused, match="现在不能进入"):
        modules.enter(session, attempt, 0, clock())
    modules.leave(session, attempt, 1, clock())
    assert modules.may_enter(attempt, 0)


def test_the_scheduler_closes_a_module_as_of_its_own_deadline_whenever_it_looks(db, clock):
    with db.write() as session:
        attempt = sit(session, clock, **LINEAR)
        attempts.save_draft(session, attempt, 2, 0, {"answer": ["F"]}, clock())
        attempt_id, end = attempt.id, clock() + timedelta(minutes=10)
    assert scheduler.run_due(db, end + GRACE - timedelta(seconds=1)) == 0
    assert scheduler.run_due(db, end + timedelta(minutes=1)) == 1
    assert scheduler.run_due(db, end + timedelta(minutes=1)) == 0
    with db.read() as session:
        attempt = session.get_one(Attempt, attempt_id)
        assert (attempt.state, attempt.modules[0].left_at) == ("running", end)
    assert scheduler.run_due(db, clock() + timedelta(minutes=32) + GRACE) == 1  # nobody entered the second module
    with db.read() as session:
        attempt = session.get_one(Attempt, attempt_id)
        assert (attempt.state, attempt.ended_at) == ("closed", clock() + timedelta(minutes=32))
        found = {s.position: s.submitted_at for s in session.scalars(select(Submission))}
        assert found == {**dict.fromkeys(range(1, 6), end), **dict.fromkeys((6, 7), attempt.ended_at)}


def test_a_credit_moves_the_open_module_and_the_whole(session, clock):
    attempt = sit(session, clock, **LINEAR)
    before = attempts.deadline(attempt)
    credits.grant(session, [attempt], 300, clock(), who=f.user(session, "i1").id)
    assert attempts.deadline(attempt) == before + timedelta(minutes=5)
    assert open_positions(attempt, clock.forward(minutes=14)) == [1, 2, 3, 4, 5]


def test_while_it_is_paused_nothing_is_taken_and_the_time_comes_back(session, clock):
    attempt, who = sit(session, clock), f.user(session, "i1").id
    before = attempts.deadline(attempt)
    pausing.pause(session, attempt, clock.forward(minutes=5), who, "停电")
    with pytest.raises(Refused, match="暂停") as refusal:
        attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock.forward(minutes=50))
    assert refusal.value.status == 423
    session.flush()
    assert attempts.expired(session, clock()) == []
    pausing.resume(session, attempt, clock(), who)
    pausing.resume(session, attempt, clock(), who)
    assert attempts.deadline(attempt) == before + timedelta(minutes=50)
    assert attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock()).rev == 1
    [credit] = session.scalars(select(Credit))
    assert (credit.kind, credit.state, credit.seconds) == ("pause", "granted", 3000)
    assert attempt.extra_s == 3000
    pausing.pause(session, attempt, clock(), who)
    assert attempts.submit(session, attempt, clock.forward(minutes=9), by="instructor", who=who)
    assert attempt.ended_at == clock() - timedelta(minutes=9)
    with pytest.raises(Refused, match="已经结束"):
        pausing.pause(session, attempt, clock(), who)


def test_an_exam_is_extended_for_all_or_one_class_that_sit_now(session, clock):
    exam, who = f.make_exam(session, clock()), f.user(session, "i1").id
    one, two, three = (f.make_attempt(session, clock(), name, exam=exam) for name in ("s1", "s2", "s3"))
    attempts.submit(session, two, clock(), by="candidate")
    assert proctoring.extend(session, exam, Scope(group_id=f.user(session, "s3").group_id), 10, clock(), who=who, note="网络") == 1
    assert proctoring.extend(session, exam, Scope(), 1, clock(), who=who) == 2
    assert [a.extra_s for a in (one, two, three)] == [60, 0, 660]
    assert sum(c.seconds for c in session.scalars(select(Credit))) == 720


def test_a_candidate_may_have_more_time_and_a_later_window(session, clock):
    exam = f.make_exam(session, clock(), late_s=600, start_rule="fixed")
    session.add(Candidate(exam_id=exam.id, user_id=f.user(session, "s1").id, number="1", percent=150, extra_s=60, delay_s=1200))
    session.flush()
    assert "还没有开放" in attempts.why_not_start(session, exam, f.user(session, "s1"), clock.forward(minutes=11))
    assert "10 分钟内" in attempts.why_not_start(session, exam, f.user(session, "s2"), clock())
    attempt = f.make_attempt(session, clock.forward(minutes=14), "s1", exam=exam)
    assert attempts.deadline(attempt) == exam.opens_at + timedelta(minutes=20 + 45 + 1)


def test_overtime_costs_marks_and_ends(session, clock):
    attempt = sit(session, clock, overtime="minus-1-per-minute-up-to-5")
    end = attempts.deadline(attempt)
    clock.now = end + timedelta(minutes=1, seconds=30)
    attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock())
    attempts.submit(session, attempt, clock(), by="candidate")
    assert (attempt.ended_at, attempt.closed_by, attempts.penalty(attempt)) == (clock(), "candidate", Decimal(2))
    other = sit(session, clock, "s2", overtime="minus-1-per-minute-up-to-5", title="再")
    assert attempts.submit(session, other, attempts.deadline(other) + timedelta(hours=1), by="deadline")
    assert attempts.penalty(other) == 0


def test_signs_of_life_measure_gaps_and_the_time_of_a_task(session, clock):
    attempt = f.make_attempt(session, clock())
    assert presence.heard(session, attempt, clock(), "10.0.0.1", 3)
    assert not presence.heard(session, attempt, clock.forward(seconds=3), "10.0.0.1", 3)
    assert presence.heard(session, attempt, clock.forward(seconds=9), "10.0.0.1", 3)
    assert session.get_one(AttemptTask, (attempt.id, 3)).seconds == 12
    assert presence.heard(session, attempt, clock.forward(seconds=120), "10.0.0.2", 3)
    session.flush()
    [gap] = session.scalars(select(Credit))
    assert (gap.state, gap.kind, gap.seconds, attempt.extra_s) == ("proposed", "outage", 108, 0)
    assert session.get_one(AttemptTask, (attempt.id, 3)).seconds == 12
    assert [e.detail for e in session.scalars(select(Event).where(Event.what == "attempt.moved"))] == [
        {"before": "10.0.0.1", "address": "10.0.0.2"}
    ]
    credits.decide(session, gap, True, clock(), who=1, seconds=100)
    assert attempt.extra_s == 100
    with pytest.raises(Refused, match="已经处理"):
        credits.decide(session, gap, False, clock(), who=1)


def test_the_clock_is_a_sign_of_life_and_tells_the_state(client, log_in, db, clock):
    with db.write() as session:
        attempt = f.make_attempt(session, clock())
        attempt_id, who = attempt.id, f.user(session, "i1").id
    student = log_in("s1")
    assert student.post(f"/attempts/{attempt_id}/clock", json={"position": 1}).json["state"] == "running"
    with db.write() as session:
        attempt = session.get_one(Attempt, attempt_id)
        assert attempt.seen_at == clock()
        pausing.pause(session, attempt, clock(), who)
    assert student.post(f"/attempts/{attempt_id}/clock", json={}).json["state"] == "paused"
    assert student.put(f"/attempts/{attempt_id}/drafts/1", json={"rev": 0, "response": {"answer": ["T"]}}).status_code == 423


def test_an_exam_stays_in_the_browser_that_began_it(log_in, db, clock, services):
    with db.write() as session:
        exam_id = f.make_exam(session, clock()).id
        who = f.user(session, "i1").id
    one, two = log_in("s1"), log_in("s1")
    assert one.post(f"/exams/{exam_id}/start").status_code == 302
    with db.read() as session:
        attempt_id = session.scalars(select(Attempt.id).where(Attempt.exam_id == exam_id)).one()
    assert one.get(f"/attempts/{attempt_id}/1").status_code == 200
    page = two.get(f"/attempts/{attempt_id}/1")
    assert (page.status_code, "接续码" in page.text) == (423, True)
    save = {"rev": 0, "response": {"answer": ["T"]}}
    assert two.put(f"/attempts/{attempt_id}/drafts/1", json=save).json["elsewhere"]
    with db.write() as session:
        code = seats.new_code(session, session.get_one(Attempt, attempt_id), clock(), who)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert two.post(f"/attempts/{attempt_id}/seat", data={"code": wrong}).status_code == 422
    assert log_in("s2").post(f"/attempts/{attempt_id}/seat", data={"code": code}).status_code == 404
    assert two.post(f"/attempts/{attempt_id}/seat", data={"code": f" {code} "}).status_code == 303
    assert two.get(f"/attempts/{attempt_id}/1").status_code == 200
    assert one.put(f"/attempts/{attempt_id}/drafts/1", json=save).status_code == 423
    assert one.post(f"/attempts/{attempt_id}/seat", data={"code": code}).status_code == 422  # used up
    with db.write() as session:
        attempt = session.get_one(Attempt, attempt_id)
        code = seats.new_code(session, attempt, clock(), who)
        with pytest.raises(Refused, match="过期"):
            seats.use_code(session, attempt, code, clock.forward(minutes=10))
        assert {e.what for e in session.scalars(select(Event))} >= {"attempt.code-made", "attempt.code-refused", "attempt.taken-over"}


def test_pages_of_modules_with_their_own_clocks(log_in, db, clock):
    with db.write() as session:
        exam = f.make_exam(session, clock(), paper=paper(session, **FREE), mode="practice")
        attempt_id = f.make_attempt(session, clock(), exam=exam).id
    student = log_in("s1")
    assert student.get(f"/attempts/{attempt_id}/1").headers["Location"].endswith("/modules/")
    assert student.get(f"/attempts/{attempt_id}/hand-in").status_code == 302
    page = student.get(f"/attempts/{attempt_id}/modules/").text
    assert page.count("未开始") == 2
    assert student.post(f"/attempts/{attempt_id}/modules/1/enter").headers["Location"].endswith(f"/attempts/{attempt_id}/2")
    screen = student.get(f"/attempts/{attempt_id}/2").text
    assert "交本模块" in screen
    assert "判断题" not in screen
    assert f"/attempts/{attempt_id}/1" not in screen  # no way into the module that is not open
    assert student.get(f"/attempts/{attempt_id}/clock?module=1").json["remaining_ms"] == 20 * 60 * 1000
    assert student.put(f"/attempts/{attempt_id}/drafts/1", json={"rev": 0, "response": {"answer": ["T"]}}).status_code == 410
    assert student.get(f"/attempts/{attempt_id}/hand-in").status_code == 200
    assert student.post(f"/attempts/{attempt_id}/modules/1/leave").headers["Location"].endswith("/modules/")
    assert student.get(f"/attempts/{attempt_id}/clock?module=1").json["state"] == "left"
    student.post(f"/attempts/{attempt_id}/modules/0/enter")
    assert student.post(f"/attempts/{attempt_id}/modules/0/leave").headers["Location"].endswith("/result")


TAGS = {"a": ("P1",), "b": ("P1", "P2"), "c": ("P2",), "d": ("P3",)}


def test_tasks_are_picked_by_unit_with_a_seed_and_never_twice():
    one, both = UnitSlot(pick="one", units=("P1", "P3"), marks=Decimal(5)), UnitSlot(pick="all", units=("P1", "P2"), marks=Decimal(5))
    assert {tuple(pick(one, TAGS, seed=seed, used=set())) for seed in range(40)} == {("a",), ("b",), ("d",)}
    assert pick(one, TAGS, seed=7, used=set()) == pick(one, TAGS, seed=7, used=set())
    for seed in range(40):
        used: set[str] = set()
        first, second = pick(both, {**TAGS, "e": ("P1",), "f": ("P2",)}, seed=seed, used=used)
        assert used == {first, second}
        assert first != second
    with pytest.raises(TaskError, match="P3"):
        pick(UnitSlot(pick="all", units=("P3",), marks=Decimal(5)), TAGS, seed=1, used={"d"})


def test_a_paper_that_might_find_no_task_is_refused():
    both = UnitSlot(pick="all", units=("P1", "P2"), marks=Decimal(5))
    assert short([both], [], TAGS) == ""
    assert short([both], ["a"], TAGS) == "P1"
    assert short([both, both], [], TAGS) == "P1"
    assert short([UnitSlot(pick="one", units=("P3",), marks=Decimal(5))], ["d"], TAGS) == "P3"


UNITS = """\
title: 三级实操
minutes: 30
marks: 10
modules:
  - id: m
    title: 实操
    part: practical
    minutes: 30
    slots:
      - {pick: one, units: [P3.1.1, P3.1.2], marks: 6}
      - {pick: all, units: [P3.2.1], marks: 4}
"""
PRACTICAL = """
practical:
  - {code: P3.1.1, name: 甲, minutes: 30, marks: 6, rule: pick-one, group: P3.1}
  - {code: P3.1.2, name: 乙, minutes: 30, marks: 6, rule: pick-one, group: P3.1}
  - {code: P3.2.1, name: 丙, minutes: 20, marks: 4, rule: pick-all, group: P3.2}
"""


@pytest.fixture
def unit_tree(tmp_path):
    """The small tree, with two sheets for the picked unit and the program for the other."""
    root = f.write_tree(tmp_path / "tasks")
    (root / "standard/mini.yaml").write_text(f.STANDARD + PRACTICAL, "utf-8")
    (root / "papers/small.yaml").unlink()
    (root / "papers/units.yaml").write_text(UNITS, "utf-8")
    for name, unit in (("sheet", "P3.1.1"), ("sheet2", "P3.1.2")):
        folder = root / "data" / name
        folder.mkdir(exist_ok=True)
        (folder / "task.yaml").write_text(f.SHEET.replace("level: 3", f"level: 3\ntags: [{unit}]"), "utf-8")
        (folder / "statement.md").write_text("填写。\n", "utf-8")
    path = root / "data/program/task.yaml"
    path.write_text(path.read_text("utf-8").replace("level: 3", "level: 3\ntags: [P3.2.1]"), "utf-8")
    return root


def test_a_paper_by_units_is_stored_with_all_it_may_draw(db, clock, unit_tree):
    with db.write() as session:
        catalog.sync(session, load_library(unit_tree), clock())
        version = next(p for p in catalog.latest_papers(session) if p.paper_id == "units")
        assert set(version.spec["tasks"]) == {"data/sheet", "data/sheet2", "data/program"}
        assert (catalog.module_sizes(catalog.paper_spec(version)), catalog.module_marks(session, version)) == ([2], [Decimal(10)])
        exam = f.make_exam(session, clock(), paper=version, attempts_allowed=40)
        drawn = set()
        for _ in range(12):
            attempt = f.make_attempt(session, clock(), exam=exam)
            drawn.add(tuple(item.version.task_id for item in attempt.tasks))
            assert [item.marks for item in attempt.tasks] == [Decimal(6), Decimal(4)]
            attempts.submit(session, attempt, clock(), by="candidate")
        assert drawn == {("data/sheet", "data/program"), ("data/sheet2", "data/program")}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("P3.1.2]", "P3.9.9]", "P3.9.9 没有实操题"), ("marks: 6}", "marks: 7.01}", "0.01 的整数倍"), ("pick: one", "pick: some", "pick"),
        ("minutes: 30\nmarks", "minutes: 30\norder: linear\nmarks", "clock: module"),
        ("minutes: 30\nmarks", "minutes: 30\nbreaks: 3\nmarks", "clock: module"),
        ("minutes: 30\nmarks", "minutes: 30\nclock: module\novertime: minus-1-per-minute-up-to-5\nmarks", "hard"),
    ],
)
def test_a_wrong_paper_says_where(unit_tree, old, new, message):
    path = unit_tree / "papers/units.yaml"
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(TaskError) as error:
        load_library(unit_tree)
    assert message in str(error.value)
    assert "units.yaml" in str(error.value)


def test_a_second_log_in_is_told_and_noted(log_in, app, db, clock):
    with db.write() as session:
        exam_id = f.make_exam(session, clock()).id
    one = log_in("s1")
    one.post(f"/exams/{exam_id}/start")
    two = app.test_client()
    page = two.post("/login", data={"username": "s1", "password": f.PASSWORD}, follow_redirects=True).text
    assert "正在另一台电脑" in page
    assert "正在另一台电脑" not in one.post("/login", data={"username": "s1", "password": f.PASSWORD}, follow_redirects=True).text
    with db.read() as session:
        assert len(session.scalars(select(Event).where(Event.what == "attempt.second-login")).all()) == 1
