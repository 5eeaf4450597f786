"""From a changed task folder to the applied re-marking, on the pages; and the words for what has changed."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from grading.loader import load_task
from simulator.models import Exam, Remarking, TaskVersion
from simulator.remarks import deciding, shadow
from simulator.remarks.changes import compare
from tests import factories as f
from tests.simulator.remark_world import World

D = Decimal
OLD, NEW = "args: {equals: 3}}\n  - {id: M2", "args: {equals: 4}}\n  - {id: M2"


@pytest.fixture
def world(services, clock, tree, tmp_path):
    made = World(services, clock, tree, tmp_path)
    services.settings = replace(services.settings, tasks_dir=str(made.tree))
    return made


def test_from_the_folder_to_the_board(world, log_in):
    world.sit("s1", rows="3")
    world.sit("s2", rows="4")
    staff = log_in("i1")
    where = f"/desk/exams/{world.exam}/remark"
    assert "没有新版本" in staff.get(where).text
    world.write(OLD, NEW)
    assert "1 道试题、1 份试卷有新版本（一题多类、小卷）" in log_in("t1").post("/catalog/read", follow_redirects=True).text
    page = staff.get(where).text
    assert "M1 的 equals：3 → 4" in page
    with world.db.read() as session:
        held = session.scalars(select(TaskVersion.id).where(TaskVersion.task_id == "data/sheet").order_by(TaskVersion.id)).first()
    started = staff.post(where, data={"task": [str(held)], "note": "答案写错了"})
    show = started.headers["Location"]
    page = staff.get(show).text
    assert 'hx-trigger="every 2s"' in page
    assert staff.post(f"{show}/apply").status_code == 409
    world.mark_all()
    assert staff.get(f"{show}/progress").headers["HX-Refresh"] == "true"
    page = staff.get(show).text
    assert all(text in page for text in ("2 / 2", "甲同学 s1", "乙同学 s2", "答案写错了", "应用重评"))
    rows = list(csv.reader(io.StringIO(staff.get(f"{show}/changes.csv").get_data().decode("utf-8-sig"))))
    assert rows[1][2:9] == ["一题多类", "M1 行数正确", "2.00", "0.00", "2.00", "正确", "不正确"]
    assert staff.post(f"{show}/apply").status_code == 302
    assert "已应用" in staff.get(show).text
    board = staff.get(f"/exams/{world.exam}/board").text
    assert board.index("乙同学") < board.index("甲同学")
    assert "总分" in log_in("s1").get("/").text
    sheet = log_in("s1").get("/attempts/1/result").text
    assert "按新版试题重评：M1 2 → 0" in sheet
    assert staff.post(f"{show}/undo").status_code == 302
    board = staff.get(f"/exams/{world.exam}/board").text
    assert board.index("甲同学") < board.index("乙同学")
    assert "已撤销" in staff.get("/attempts/1/result").text
    assert "按新版试题重评" not in log_in("s2").get("/attempts/2/result").text


def test_a_wrong_folder_changes_nothing(world, log_in):
    teacher = log_in("t1")
    world.write("marks: 6\nfields", "marks: 7\nfields")
    world.write("title: 程序题", "title: 程序题二", "data/program/task.yaml")
    answer = teacher.post("/catalog/read")
    assert answer.status_code == 422
    assert "data/sheet/task.yaml : marks: 评分点之和是 6" in answer.text
    assert str(world.tree) not in answer.text
    assert "程序题二" not in teacher.get("/catalog/").text
    world.write("marks: 7\nfields", "marks: 6\nfields")
    assert "程序题二" in teacher.post("/catalog/read", follow_redirects=True).text
    assert "没有改动" in teacher.post("/catalog/read", follow_redirects=True).text
    assert log_in("s1").post("/catalog/read").status_code == 403


def test_a_version_put_back_is_the_current_one_again(world, log_in):
    teacher = log_in("t1")
    world.write("title: 一题多类", "title: 改过的题")
    assert "改过的题" in teacher.post("/catalog/read", follow_redirects=True).text
    world.write("title: 改过的题", "title: 一题多类")
    teacher.post("/catalog/read")
    page = teacher.get("/catalog/").text
    assert "改过的题" not in page
    with world.db.write() as session:
        fresh = f.make_exam(session, world.clock())
        paper = session.get_one(Exam, world.exam).paper_version_id
        assert fresh.paper.id == paper


def test_a_theory_key_changes_the_shown_answer(world, log_in):
    world.sit("s1")
    with world.db.read() as session:
        item = session.scalars(select(TaskVersion).where(TaskVersion.form == "single")).first()
        assert item is not None
    world.edit("key: B", "key: C", "theory/1.1/bank.yaml")
    with world.db.read() as session:
        tasks = {one.held.task_id for one, _ in shadow.choices(session, world.services.tasks, world.exam)}
    assert len(tasks) == 2
    before = world.totals()[1]
    world.with_remarking(world.open(*tasks), deciding.apply)
    assert world.totals()[1] == before - 2
    sheet = log_in("s1").get("/attempts/1/result").text
    assert sheet.count("按新版试题重评：M1 1 → 0") == 2


def changed(tree, *edits, name="task.yaml", folder="data/sheet", marks=(6,)):
    old = load_task(Path(shutil.copytree(tree / folder, tree.parent / "old", dirs_exist_ok=True)), task_id=folder)
    path = tree / folder / name
    text = path.read_text("utf-8")
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, "utf-8")
    return compare(old, load_task(tree / folder, task_id=folder), map(D, marks))


@pytest.mark.parametrize("edits, line", [
    ([("title: 行数正确", "title: 行数")], "M1 改名：行数正确 → 行数"),
    ([("行数正确, marks: 2", "行数正确, marks: 1"), ("表有三行, marks: 2", "表有三行, marks: 3")], "M1 配分 2 → 1"),
    ([("grader: row_count, of: data, args: {equals: 3}", "grader: no_missing, of: data, args: {column: a}")],
     "M3 评分器 row_count → no_missing"),
    ([("{id: M3, title", "{id: M9, title")], "去掉评分点 M3 表有三行（2 分）"),
    ([("accept: [去重]", "accept: [去重, 删重]")], 'M2 的 accept：["去重"] → ["去重","删重"]'),
    ([("marks: 6", "marks: 12"), ("marks: 2", "marks: 4")], "试题自己的满分 6 → 12：试卷里这道题的配分不变，各评分点按比例折算"),
])
def test_changes_in_words(world, app, edits, line):
    with app.test_request_context("/"):
        found = changed(world.tree, *edits)
    assert line in [text.replace('", "', '","') for text in found.lines]
    assert not found.refusal


def test_what_cannot_be_marked_is_refused(world, app):
    with app.test_request_context("/"):
        grader = ("grader: number, of: rows, args: {equals: 3}", "grader: blank, of: rows, args: {accept: ['3']}")
        assert "作答项变了" in changed(world.tree, ("kind: number, label: 行数", "kind: text, label: 行数"), grader).refusal


def test_what_cannot_be_scaled_is_refused(world, app):
    with app.test_request_context("/"):
        found = changed(world.tree, ("marks: 6", "marks: 7"), ("行数正确, marks: 2", "行数正确, marks: 3"), marks=(6, 7))
        assert "不能按试卷的配分折算" in found.refusal


def test_what_candidates_saw_differently_is_a_warning(world, app):
    with app.test_request_context("/"):
        assert changed(world.tree, ("填写三项", "填写下面三项"), name="statement.md").warnings == ["题面有改动，考生当时看到的是旧题面"]
        assert "旧文件" in changed(world.tree, ("a\n1", "a\n9"), name="files/data.csv", folder="data/program", marks=()).warnings[0]
        assert changed(world.tree, ("EXPECTED", "OTHER"), name="key/secret.txt", folder="data/program", marks=()).lines == [
            "答案文件有改动：key/secret.txt"]
        assert "说明" in changed(world.tree, ("label: 行数", "label: 有几行")).warnings[0]


def test_a_changed_field_cannot_be_started(world, log_in):
    world.sit("s1")
    world.edit("{id: note, kind: text, label: 说明, rows: 4}", "{id: note, kind: text, label: 说明, rows: 9}")
    staff = log_in("i1")
    assert "作答项变了" in staff.get(f"/desk/exams/{world.exam}/remark").text
    assert staff.post(f"/desk/exams/{world.exam}/remark", data={"task": "x"}).status_code == 422
    with world.db.read() as session:
        assert session.scalars(select(Remarking)).all() == []
