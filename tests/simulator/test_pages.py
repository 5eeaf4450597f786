"""Every page renders for those who may see it, under StrictUndefined, and refuses the others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from simulator import attempts, cells, marking, workers
from simulator.models import Exam, Marking
from tests import factories as f


@pytest.fixture
def world(db, services, clock):
    """One running and one closed attempt of s1 in two exams, a practice exam, and a future one."""
    with db.write() as session:
        mock = f.make_exam(session, clock(), title="模拟一", groups=["一班"])
        contest = f.make_exam(session, clock(), title="竞赛一", mode="contest", release="held")
        practice = f.make_exam(session, clock(), title="练习一", mode="practice", closes_at=None, attempts_allowed=None)
        f.make_exam(session, clock(), title="以后的", opens_at=clock() + timedelta(days=1), closes_at=clock() + timedelta(days=2))
        closed = f.make_attempt(session, clock(), exam=mock)
        for item in closed.tasks[:3]:
            attempts.save_draft(session, closed, item.position, 0, f.right_answer(services, session, item), clock())
        attempts.submit(session, closed, clock.forward(minutes=5), by="candidate")
        held = f.make_attempt(session, clock(), exam=contest)
        attempts.submit(session, held, clock.forward(minutes=5), by="candidate")
        running = f.make_attempt(session, clock(), exam=practice)
        ids = {"mock": mock.id, "contest": contest.id, "practice": practice.id, "closed": closed.id, "held": held.id,
               "running": running.id}
        workers.seen(session, "exam-pc:4711/1", clock(), backend="bwrap", problem="zygote：这里不行。", marked=7)
        workers.seen(session, "exam-pc:4712/2", clock(), problem="测试时没有沙箱。")
    marking.mark_quick(services.marker(), ids["closed"])
    return ids


STUDENT_PAGES = {
    "/": ["模拟一", "练习一", "以后的"], "/account": ["密码"], "/exams/{mock}": ["模拟一", "理论知识", "16"],
    "/attempts/{running}/1": ["判断题", "单选题", "多选题"], "/attempts/{running}/2": ["一题多类", "行数"],
    "/attempts/{running}/3": ["程序题", "data.csv", "在这里写"], "/attempts/{running}/hand-in": ["未答"],
    "/attempts/{closed}/result": ["评分点", "规定值", "实际值", "理由", "理论知识"],
    "/attempts/{closed}/result/sheet": ["评分点"], "/attempts/{held}/result": ["公布"], "/exams/{mock}/board": ["甲同学"],
    "/exams/{mock}/board/rows": ["甲同学"],
}
INSTRUCTOR_PAGES = {
    "/desk/": ["竞赛一"], "/desk/exams/new": ["小卷"], "/desk/exams/{mock}": ["甲同学", "乙同学"], "/desk/exams/{contest}": ["甲同学"],
    "/attempts/{held}/result": ["评分点"], "/exams/{contest}/board": ["甲同学"], "/catalog/": ["小卷", "程序题"],
    "/catalog/tasks/data/program": ["合计正确"],
}
ADMIN_PAGES = {"/admin/people": ["乙同学", "二班"], "/admin/system": ["测试时没有沙箱", "zygote：这里不行", "exam-pc:4711/1", "secret_key"]}


@pytest.mark.parametrize(
    ("who", "path", "words"),
    [
        (who, path, words) for who, pages in (("s1", STUDENT_PAGES), ("i1", INSTRUCTOR_PAGES), ("a1", ADMIN_PAGES))
        for path, words in pages.items()
    ],
)
def test_page_shows(log_in, world, who, path, words):
    answer = log_in(who).get(path.format(**world))
    assert answer.status_code == 200, answer.text
    for word in words:
        assert word in answer.text
    assert "EXPECTED-SECRET" not in answer.text


@pytest.mark.parametrize("path", [*INSTRUCTOR_PAGES, *ADMIN_PAGES])
def test_students_do_not_get_staff_pages(log_in, world, path):
    assert log_in("s2").get(path.format(**world)).status_code in (403, 404)


@pytest.mark.parametrize("path", list(ADMIN_PAGES))
def test_instructors_do_not_get_the_administrators_pages(log_in, world, path):
    assert log_in("i1").get(path).status_code == 403


def test_the_key_is_not_on_any_page_of_a_running_exam(log_in, world, db, services):
    client = log_in("s1")
    for screen in (1, 2, 3):
        text = client.get(f"/attempts/{world['running']}/{screen}").text
        assert "解析" not in text.replace("查看解析", "")
        assert "EXPECTED" not in text


def test_held_marks_are_not_shown_before_the_release(log_in, world, db):
    student = log_in("s1")
    assert student.get(f"/attempts/{world['held']}/result/sheet").status_code == 403
    assert student.get(f"/exams/{world['contest']}/board").status_code == 403
    assert log_in("i1").post(f"/desk/exams/{world['contest']}/release").status_code == 302
    assert student.get(f"/attempts/{world['held']}/result/sheet").status_code == 200
    assert student.get(f"/exams/{world['contest']}/board").status_code == 200


def test_what_waits_for_a_person_only_is_not_shown_as_being_marked(log_in, world, db):
    with db.read() as session:
        queued = list(session.scalars(select(Marking.id).where(Marking.state == "queued")))
    client = log_in("s1")
    for path in ("/", f"/attempts/{world['closed']}/result"):
        assert "评分中" in client.get(path).text or "正在评分" in client.get(path).text
        assert "等待人工复核</span>" not in client.get(path).text
    with db.write() as session:
        for marking_id in queued:
            session.get_one(Marking, marking_id).state = "error"
        cells.refresh(session, [world["closed"]])
    for path in ("/", f"/attempts/{world['closed']}/result"):
        assert "评分中" not in client.get(path).text
        assert "正在评分" not in client.get(path).text
        assert "等待人工复核</span>" in client.get(path).text


def test_health_needs_no_log_in(client):
    answer = client.get("/health")
    assert answer.json["ok"] is True


def test_pages_carry_a_strict_policy_and_are_not_cached(client):
    answer = client.get("/login")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_unknown_pages_answer_in_chinese(log_in):
    answer = log_in("s1").get("/nowhere")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text


def test_an_instructor_creates_an_exam_and_errors_stand_at_their_fields(log_in, world, db):
    client = log_in("i1")
    bad = client.post("/desk/exams/new", data={"title": "期中", "mode": "mock", "opens": "2026-03-03T09:00", "closes": "2026-03-03T08:00"})
    assert bad.status_code == 422
    assert "结束时间应晚于开始时间" in bad.text
    assert "请选择一份试卷" in bad.text
    assert "期中" in bad.text
    with db.read() as session:
        paper = session.scalars(select(Exam.paper_version_id)).first()
    good = {"title": "期中", "paper": paper, "mode": "mock", "opens": "2026-03-03T09:00", "closes": "2026-03-03T11:00", "group": "1"}
    assert client.post("/desk/exams/new", data=good).status_code == 302
    with db.read() as session:
        exam = session.scalars(select(Exam).where(Exam.title == "期中")).one()
        assert exam.opens_at.isoformat() == "2026-03-03T01:00:00+00:00"  # typed in Shanghai time


def test_extra_time_from_the_desk(log_in, world, db):
    client = log_in("i1")
    assert client.post(f"/desk/attempts/{world['running']}/extend", data={"minutes": "15"}).status_code == 302
    assert client.post(f"/desk/attempts/{world['running']}/extend", data={"minutes": "x"}).status_code == 422
    answer = log_in("s1").get(f"/attempts/{world['running']}/clock")
    assert answer.json["remaining_ms"] == 45 * 60 * 1000


def test_practice_shows_the_marks_of_one_task_at_once(log_in, world, db, services):
    client = log_in("s1")
    from simulator.models import Attempt

    with db.read() as session:
        item = session.get_one(Attempt, world["running"]).tasks[0]
        key = f.right_answer(services, session, item)
    client.put(f"/attempts/{world['running']}/drafts/1", json={"rev": 0, "response": key})
    answer = client.post(f"/attempts/{world['running']}/check/1")
    assert answer.status_code == 200, answer.text
    assert "解析" in answer.text
    assert client.get(f"/attempts/{world['running']}/1").status_code == 200


def test_the_board_opens_in_excel_and_defuses_formulas(log_in, world, db):
    with db.write() as session:
        f.user(session, "s1").name = "=HYPERLINK(1)"
    answer = log_in("i1").get(f"/exams/{world['mock']}/board.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert "'=HYPERLINK(1)" in answer.data.decode("utf-8-sig")


def test_a_form_without_script_saves_the_screen(log_in, world):
    client = log_in("s1")
    answer = client.post(f"/attempts/{world['running']}/2", data={"f-6-rows": "3", "f-6-note": "去重"})
    assert answer.status_code == 302
    assert 'value="3"' in client.get(f"/attempts/{world['running']}/2").text


def test_the_score_sheet_speaks_of_the_letters_that_the_candidate_saw(app, world, services):
    from simulator.models import Attempt
    from simulator.pages.exam import load_sheet, options_view
    from simulator.pages.result import sheet_view

    with services.db.read() as session, app.test_request_context():
        attempt = session.get_one(Attempt, world["closed"])
        tasks = sheet_view(session, services.tasks, attempt, services.clock())["modules"][0]["tasks"]
        assert tasks[0]["points"][0]["expected"] in ("正确", "错误")
        single = next(t for t in tasks if t["form"] == "single")
        task = services.tasks.get(session, attempt.tasks[single["position"] - 1].version)
        seen = {o["id"]: o["label"] for o in options_view(load_sheet(session, attempt), task, task.fields[0])}
        assert single["points"][0]["expected"] == seen["B"] == single["key_text"]
