"""A metric task of two halves, from hand-in to release: result page, board, home page and export say the same."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import delete

from grading.library import load_library
from simulator import attempts, catalog, cells, create_app, marking, results, schema
from simulator.config import load_settings
from simulator.models import Exam, VerdictRow
from tests import factories as f

METRIC = """\
title: 指标题
level: 3
minutes: 10
marks: 10
fields:
  - {id: guess, kind: number, label: 预测}
points:
  - {id: P1, title: 公开指标, marks: 10, grader: number, of: guess, args: {equals: 1}, board: public}
  - {id: P2, title: 私有指标, marks: 10, grader: number, of: guess, args: {equals: 2}, board: private}
"""


@pytest.fixture
def split(tmp_path, clock):
    """An application whose paper has one metric task: s1 fitted the public half, s2 the private one."""
    tree = f.write_tree(tmp_path / "tasks")
    (tree / "data/metric").mkdir()
    (tree / "data/metric/task.yaml").write_text(METRIC, "utf-8")
    (tree / "data/metric/statement.md").write_text("预测一个数。\n", "utf-8")
    paper = f.PAPER.replace("marks: 16", "marks: 26") + "      - {task: data/metric}\n"
    (tree / "papers/small.yaml").write_text(paper, "utf-8")
    app = create_app(load_settings(tmp_path / "instance", tasks_dir=str(tree), login_rate=1000))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    services = app.extensions["services"]
    services.clock = clock
    schema.upgrade(services.db)
    with services.db.write() as session:
        catalog.sync(session, load_library(tree), clock())
        f.add_people(session, clock())
    with services.db.write() as session:
        exam = f.make_exam(session, clock(), mode="contest", freeze_at=clock.forward(hours=1))
        ids = []
        for username, guess in (("s1", "1"), ("s2", "2")):
            attempt = f.make_attempt(session, clock(), username, exam)
            attempts.save_draft(session, attempt, 8, 0, {"guess": guess}, clock())
            attempts.submit(session, attempt, clock(), by="candidate")
            ids.append(attempt.id)
    for attempt_id in ids:
        marking.mark_quick(services.marker(), attempt_id)
    yield app, ids
    services.db.engine.dispose()


def client(app, username):
    found = app.test_client()
    assert found.post("/login", data={"username": username, "password": f.PASSWORD}).status_code == 302
    return found


def totals_of(page):
    return dict(re.findall(r"([甲乙]同学).*?<b class=\"big\">([\d.]+)</b>", page[page.index("<tbody>"):], re.DOTALL))


def release(app):
    with app.extensions["services"].db.write() as session:
        session.get_one(Exam, 1).release = "released"


def test_cells_hold_both_halves(split):
    app, ids = split
    with app.extensions["services"].db.read() as session:
        found = {a: results.module_cells(session, [a], 2)[a][1] for a in ids}
        assert [(c.earned, c.public, c.marks) for c in found.values()] == [(0, 10, 20), (10, 0, 20)]
        assert cells.check(session) == []


def test_public_marks_until_the_release_then_private_ones(split):
    app, ids = split
    one, staff = client(app, "s1"), client(app, "i1")
    page = one.get("/exams/1/board").text
    assert totals_of(page) == {"甲同学": "10", "乙同学": "0"}
    assert "公布前按公开部分计分" in page
    sheet = one.get(f"/attempts/{ids[0]}/result").text
    assert "公开指标" in sheet
    assert "私有指标" not in sheet
    assert "10 <small>/ 26" in sheet
    assert "现在只按公开部分计分" in sheet
    assert re.search(r"10\s*/ 26", re.sub(r"<[^>]+>", " ", one.get("/").text))
    assert "10.00" in staff.get("/exams/1/board.csv").text  # both halves, each in a column

    assert totals_of(staff.get("/exams/1/board").text) == {"甲同学": "0", "乙同学": "10"}
    assert "私有指标" in staff.get(f"/attempts/{ids[0]}/result").text

    release(app)
    page = one.get("/exams/1/board").text
    assert totals_of(page) == {"甲同学": "0", "乙同学": "10"}
    assert "按非公开部分计分" in page
    sheet = one.get(f"/attempts/{ids[0]}/result").text
    assert "私有指标" in sheet
    assert "公开部分列在成绩单上，不计入总分" in sheet
    assert "0 <small>/ 26" in sheet


def test_the_workbook_names_the_public_columns(split):
    app, _ = split
    head = client(app, "t1").get("/exams/1/board.csv").data.decode("utf-8-sig").splitlines()[0]
    assert "操作技能（公开部分）" in head


def test_a_marking_in_progress_does_not_name_the_private_points(split, clock):
    app, ids = split
    with app.extensions["services"].db.write() as session:
        attempt = session.get_one(attempts.Attempt, ids[0])
        submission = results.submission(session, attempt, 8)
        for old in session.scalars(results.counting([submission.id])):
            marked = session.get_one(marking.Marking, old)
            session.execute(delete(VerdictRow).where(VerdictRow.marking_id == marked.id))
            marked.state = "queued"
    sheet = client(app, "s1").get(f"/attempts/{ids[0]}/result").text
    assert "公开指标" in sheet
    assert "私有指标" not in sheet
