"""Boards over HTTP: who sees what while an exam runs, is frozen, is held, is revealed row by row, and is released."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, select

from simulator import attempts, boards, candidates, cells, marking, remarking, results
from simulator.jobs.worker import work_once
from simulator.models import Candidate, Event, Exam, Group, Marking, User
from simulator.standings import rank
from tests import factories as f

NAMES = {"s1": "甲同学", "s2": "乙同学", "s3": "丙同学"}


def sit(session, services, exam, username, right, clock):
    """Hand in with `right` of the five theory items answered rightly (the last is worth two marks)."""
    attempt = f.make_attempt(session, exam.opens_at, username, exam)
    for item in attempt.tasks[:right]:
        attempts.save_draft(session, attempt, item.position, 0, f.right_answer(services, session, item), clock())
    attempts.submit(session, attempt, clock(), by="candidate")
    return attempt.id


@pytest.fixture
def world(db, services, clock):
    """s1 hands in before the freeze with 2 marks; s2 with 3 and s3 with 6 after it. Everything is marked."""
    with db.write() as session:
        for name, division in (("一班", "学生组"), ("二班", "职工组")):
            session.scalars(select(Group).where(Group.name == name)).one().division = division
        exam = f.make_exam(session, clock(), mode="contest", groups=["一班", "二班"], freeze_at=clock() + timedelta(minutes=15))
        exam.awards = {"rows": [{"name": "一等奖", "count": 1}]}
        session.flush()
        clock.forward(minutes=10)
        ids = {"s1": sit(session, services, exam, "s1", 2, clock)}
        clock.forward(minutes=10)
        ids |= {name: sit(session, services, exam, name, right, clock) for name, right in (("s2", 3), ("s3", 5))}
        exam_id = exam.id
    for attempt_id in ids.values():
        marking.mark_quick(services.marker(), attempt_id)
    while work_once(replace(services.marker(), sandbox=lambda: None)):
        pass  # blank programs need no sandbox
    return {"exam": exam_id, **ids}


@pytest.fixture
def change(db, world):
    def change(**values):
        with db.write() as session:
            exam = session.get_one(Exam, world["exam"])
            for name, value in values.items():
                setattr(exam, name, value)
            if values.get("blind"):
                candidates.ensure(session, exam)

    return change


def rows(html):
    """Return name or number → [rank, total, cells…] of a board."""
    found = {}
    for line in re.findall(r"<tr[^>]*><td class=\"rank.*?</tr>", html, re.DOTALL):
        texts = [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[dh].*?</t[dh]>", line, re.DOTALL)]
        found[texts[1].split()[0]] = [texts[0], *texts[2:]]
    return found


def board(client, world, path=""):
    answer = client.get(f"/exams/{world['exam']}/board{path}")
    assert answer.status_code == 200, answer.text
    return rows(answer.text)


def test_before_the_freeze_everybody_sees_everything(log_in, world, change, clock):
    change(freeze_at=clock() + timedelta(minutes=5))
    shown = board(log_in("s1"), world)
    assert [(name, row[0], row[1]) for name, row in shown.items()] == [("丙同学", "1", "6"), ("乙同学", "2", "3"), ("甲同学", "3", "2")]
    assert shown["丙同学"][2] == "6 /6"


def test_frozen_marks_of_others_are_hidden_and_the_own_row_is_live(log_in, world):
    shown = board(log_in("s2"), world)
    assert shown["甲同学"][:3] == ["1", "2", "2 /6"]
    assert shown["丙同学"] == ["2", "0 待揭晓", "封榜", "封榜", "—", "—"]
    assert shown["乙同学"][1:3] == ["3", "3 /6"]  # own
    assert shown["乙同学"][0] == "2"  # the rank is that of the frozen board
    other = board(log_in("s1"), world)
    assert other["乙同学"][1:4] == ["0 待揭晓", "封榜", "封榜"]
    page = log_in("s1").get(f"/exams/{world['exam']}/board").text
    assert "已封榜" in page
    assert "一等奖" not in page


PATHS = ["", "/rows", "?as=staff", "?as=named", "/rows?as=staff&v=0", "?division=职工组", "/projector", "/projector/rows", ".csv", ".xlsx"]


@pytest.mark.parametrize("path", PATHS)
def test_no_route_tells_a_candidate_a_frozen_mark(log_in, world, path):
    answer = log_in("s1").get(f"/exams/{world['exam']}/board{path}")
    if answer.status_code == 200:
        assert rows(answer.text).get("丙同学", ["", "0 待揭晓"])[1] == "0 待揭晓"
        assert "<b class=\"big\">6</b>" not in answer.text
        assert "6<small>/6" not in answer.text
    else:
        assert answer.status_code == 403
    assert (answer.status_code == 403) == path.startswith(("/projector", "."))


def test_staff_see_all_and_may_look_at_what_candidates_see(log_in, world):
    assert board(log_in("i1"), world)["丙同学"][:3] == ["1", "6", "6 /6"]
    assert board(log_in("i1"), world, "?as=public")["丙同学"][1] == "0 待揭晓"
    assert board(log_in("i1"), world, "/projector")["丙同学"][1] == "0 待揭晓"


def test_a_held_board_is_refused_to_candidates_and_hides_everything_on_the_wall(log_in, world, change):
    change(release="held", freeze_at=None)
    for path in ("", "/rows", "?division=学生组", "/projector"):
        assert log_in("s1").get(f"/exams/{world['exam']}/board{path}").status_code == 403
    shown = board(log_in("i1"), world, "/projector")
    assert {row[1] for row in shown.values()} == {"0 待揭晓"}
    assert "封榜" in log_in("i1").get(f"/exams/{world['exam']}/board/projector").text
    assert board(log_in("i1"), world)["丙同学"][1] == "6"


def test_a_held_board_with_a_freeze_shows_the_wall_what_was_before_it(log_in, world, change):
    change(release="held")
    assert log_in("s1").get(f"/exams/{world['exam']}/board").status_code == 403
    assert board(log_in("i1"), world, "/projector")["甲同学"][1] == "2"
    assert board(log_in("i1"), world, "/projector")["丙同学"][1] == "0 待揭晓"


def reveal(client, world, act, step):
    return client.post(f"/desk/exams/{world['exam']}/reveal/{act}", data={"step": str(step)})


def test_staged_release_from_the_bottom_with_undo_and_an_end(log_in, world, db):
    staff, student = log_in("i1"), log_in("s1")
    assert "已揭晓 0 / 2" in staff.get(f"/desk/exams/{world['exam']}/reveal").text
    assert reveal(staff, world, "next", 0).status_code == 302
    shown = board(student, world)
    assert (shown["丙同学"][1], shown["乙同学"][1]) == ("6", "0 待揭晓")  # tied on the frozen board: the lower of the two first
    assert reveal(staff, world, "next", 0).status_code == 302  # a key pressed twice opens one row
    assert board(student, world) == shown
    reveal(staff, world, "next", 1)
    assert {name: row[1] for name, row in board(student, world).items()} == {"丙同学": "6", "乙同学": "3", "甲同学": "2"}
    assert reveal(staff, world, "next", 2).status_code == 409
    reveal(staff, world, "undo", 2)
    assert board(student, world) == shown
    assert "刚揭晓" in staff.get(f"/exams/{world['exam']}/board/projector").text
    reveal(staff, world, "finish", 1)
    assert board(student, world)["乙同学"][:2] == ["2", "3"]
    assert board(student, world)["丙同学"][-1] == "一等奖"
    assert reveal(staff, world, "undo", 1).status_code == 409
    with db.read() as session:
        logged = [e.what for e in session.scalars(select(Event).where(Event.exam_id == world["exam"]).order_by(Event.id))]
    assert logged[-4:] == ["exam.board-revealed", "exam.board-revealed", "exam.board-undone", "exam.released"]


def test_nothing_is_revealed_while_somebody_sits(log_in, world, db, clock):
    with db.write() as session:
        f.people_add(session, "s4", "丁同学", "student", "一班", clock())
        f.make_attempt(session, clock(), "s4", session.get_one(Exam, world["exam"]))
    answer = reveal(log_in("i1"), world, "next", 0)
    assert answer.status_code == 409
    assert "还有人在作答" in answer.text


@pytest.mark.parametrize("username", ["s1", "t1"])
def test_only_instructors_set_and_reveal(log_in, world, username):
    client, desk = log_in(username), f"/desk/exams/{world['exam']}"
    for path in ("/board-settings", "/reveal"):
        assert client.get(desk + path).status_code == 403
    for path in ("/board-settings", "/board-link", "/reveal/next", "/reveal/undo", "/reveal/finish"):
        assert client.post(desk + path, data={"step": "0"}).status_code == 403


def test_candidates_stand_under_numbers_until_the_release(log_in, world, change, db):
    change(blind=True)
    with db.read() as session:
        codes = dict(iter(session.execute(
            select(User.username, Candidate.number).join(User, User.id == Candidate.user_id).where(Candidate.exam_id == world["exam"])
        )))
    for username, path in (("s1", ""), ("i1", ""), ("t1", "?as=named"), ("i1", "/projector"), ("i1", ".csv")):
        answer = log_in(username).get(f"/exams/{world['exam']}/board{path}")
        page = answer.data.decode("utf-8-sig")
        page = page[page.index("<h1>"):] if "<h1>" in page else page
        assert not [name for name in (*NAMES.values(), "s2", "s3", "一班", "二班") if name in page], (username, path)
        assert all(code in page for code in codes.values())
    assert "丙同学" in log_in("a1").get(f"/exams/{world['exam']}/board").text
    assert "丙同学" in log_in("a1").get(f"/exams/{world['exam']}/board.csv").data.decode("utf-8-sig")
    change(release="released")
    assert board(log_in("s1"), world).keys() == set(NAMES.values())
    assert codes["s3"] in log_in("s1").get(f"/exams/{world['exam']}/board").text


def test_the_desk_of_a_blind_exam_has_names_without_marks_and_numbers(log_in, world, change, db):
    change(blind=True)
    with db.read() as session:
        codes = list(session.scalars(select(Candidate.number).where(Candidate.exam_id == world["exam"])))
        third = f.user(session, "s3").id
    desk, staff = f"/desk/exams/{world['exam']}", log_in("i1")
    pages = {path: staff.get(desk + path).text for path in ("", "/monitor", "/monitor/rows", f"/candidates/{third}")}
    for page in pages.values():
        assert "丙同学" in page
        assert not [code for code in codes if f"{code} ·" in page or f">{code}<" in page]
        assert "/result" not in page
    assert "<b>6</b>" not in pages[""]
    assert "同学" not in staff.get(f"{desk}/monitor/rows?q={codes[0]}").text  # nobody is found by a number
    change(release="released")
    assert "<b>6</b>" in staff.get(desk).text
    assert "/result" in staff.get(f"{desk}/candidates/{third}").text
    assert f"{codes[0]} ·" in staff.get(f"{desk}/monitor").text


def test_divisions_rank_apart_and_have_awards_of_their_own(log_in, world, change):
    change(release="released")
    client = log_in("s1")

    def ranked(path=""):
        return [(name, row[0], row[-1]) for name, row in board(client, world, path).items()]

    assert ranked("?division=学生组") == [("乙同学", "1", "一等奖"), ("甲同学", "2", "—")]
    assert ranked("?division=职工组") == [("丙同学", "1", "一等奖")]
    assert ranked() == [("丙同学", "1", "一等奖"), ("乙同学", "2", "一等奖"), ("甲同学", "3", "—")]
    page = client.get(f"/exams/{world['exam']}/board").text
    assert "占用下一等的名额" in page
    assert board(client, world, "?division=没有") == {}


def test_an_unchanged_board_costs_two_rows_and_no_content(log_in, world, db, services, clock):
    client = log_in("s1")

    def address():
        return re.search(r'hx-get="([^"]+)"', client.get(f"/exams/{world['exam']}/board").text)[1].replace("&amp;", "&")

    seen = address()
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda c, cur, statement, *rest: statements.append(statement))
    assert client.get(seen).status_code == 204
    assert not [s for s in statements if "FROM cell" in s or "FROM verdict" in s or "FROM marking" in s]
    with db.write() as session:
        cells.refresh(session, [world["s1"]])
    assert client.get(seen).status_code == 200
    seen = address()
    with db.write() as session:
        session.get_one(Exam, world["exam"]).revealed = 1
    assert client.get(seen).status_code == 200
    assert client.get(address()).status_code == 204


def test_the_freeze_passes_without_anybody_doing_anything(log_in, world, change, clock):
    change(freeze_at=clock() + timedelta(minutes=5))
    client = log_in("s1")
    seen = re.search(r'hx-get="([^"]+)"', client.get(f"/exams/{world['exam']}/board").text)[1].replace("&amp;", "&")
    assert client.get(seen).status_code == 204
    clock.forward(minutes=6)
    assert "已封榜" in client.get(seen).text


def test_a_link_opens_the_wall_of_one_exam_for_a_day(app, log_in, world, clock, db):
    page = log_in("i1").post(f"/desk/exams/{world['exam']}/board-link").text
    address = re.search(r'value="(http[^"]+token=[^"]+)"', page)[1].replace("&amp;", "&")
    stranger = app.test_client()
    assert rows(stranger.get(address).text)["丙同学"][1] == "0 待揭晓"
    more = re.search(r'hx-get="([^"]+)"', stranger.get(address).text)[1].replace("&amp;", "&")
    assert stranger.get(more).status_code == 204
    with db.write() as session:
        other = f.make_exam(session, clock(), mode="contest", title="另一场").id
    assert stranger.get(address.replace(f"/exams/{world['exam']}/", f"/exams/{other}/")).status_code == 403
    for token in ("", "x", address.partition("token=")[2] + "x"):
        assert stranger.get(f"/exams/{world['exam']}/board/projector?token={token}").status_code == 403
    assert stranger.get(f"/exams/{world['exam']}/board").status_code == 302
    clock.forward(hours=25)
    assert stranger.get(address).status_code == 403


def test_the_workbook_has_values_only_and_every_detail(log_in, world, db):
    with db.write() as session:
        f.user(session, "s3").name = "=1+1\x01"
    answer = log_in("t1").get(f"/exams/{world['exam']}/board.xlsx")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    head = [cell.value for cell in sheet[1]]
    first = dict(zip(head, sheet[2], strict=True))
    assert first["姓名"].data_type == "s"
    assert first["姓名"].value == "=1+1\N{REPLACEMENT CHARACTER}"
    expected = {
        "名次": 1, "组内名次": 1, "组别": "职工组", "账号": "s3", "总分": 6, "满分": 16, "未评完的题": 0,
        "奖项": "一等奖", "封榜后交卷": "是",
    }
    assert {name: first[name].value for name in expected} == expected
    assert not [cell for line in sheet.iter_rows() for cell in line if cell.data_type == "f"]
    text = log_in("t1").get(f"/exams/{world['exam']}/board.csv").data.decode("utf-8-sig")
    assert "'=1+1" in text
    assert len(text.splitlines()) == 4


def test_settings_are_checked_kept_and_logged(log_in, world, db, clock):
    client, path = log_in("i1"), f"/desk/exams/{world['exam']}/board-settings"
    wrong = client.post(path, data={"freeze": "2027-01-01T00:00", "awards": "一等奖 10%\n随便写", "blind": "1"})
    assert wrong.status_code == 422
    assert "封榜时间应在" in wrong.text
    assert "随便写" in wrong.text
    assert client.post(path, data={"freeze": "明天", "awards": ""}).status_code == 422
    assert client.post(path, data={"freeze": "2026-03-02T10:30", "awards": "一等奖 10%\n优胜奖 3 人", "blind": "1"}).status_code == 302
    with db.read() as session:
        exam = session.get_one(Exam, world["exam"])
        assert (exam.blind, exam.freeze_at.isoformat()) == (True, "2026-03-02T02:30:00+00:00")
        assert exam.awards == {"rows": [{"name": "一等奖", "percent": "10"}, {"name": "优胜奖", "count": 3}]}
        assert session.scalars(select(Event).order_by(Event.id.desc())).first().what == "exam.board-set"
    page = client.get(path).text
    assert 'value="2026-03-02T10:30"' in page
    assert "优胜奖 3\n" in page or "优胜奖 3</textarea>" in page
    assert client.post(path, data={"freeze": "", "awards": ""}).status_code == 302
    with db.read() as session:
        exam = session.get_one(Exam, world["exam"])
        assert (exam.blind, exam.freeze_at, exam.awards) == (False, None, {"rows": []})


def fresh(session, exam):
    """The board computed from the verdicts, without any cache."""
    found = results.entries(session, exam)
    derived = results.derive(session, [e.attempt_id for e in found])
    entries = [replace(e, cells=tuple(derived[e.attempt_id][n] for n in range(2))) for e in found]
    return rank(entries, ("practical", "practical_time"))


def test_the_board_is_that_of_a_fresh_computation_after_retry_and_strict_rerun(log_in, world, db, services, clock):
    def same():
        with db.read() as session:
            exam = session.get_one(Exam, world["exam"])
            assert boards.everything(session, exam).standings == fresh(session, exam)
            assert cells.check(session) == []

    same()
    staff = log_in("i1")
    with db.read() as session:
        first = session.scalars(select(Marking.id).where(Marking.state == "done").order_by(Marking.id)).first()
    assert staff.post(f"/desk/markings/{first}/strict").status_code == 302
    same()
    with db.write() as session:
        again = session.scalars(select(Marking).where(Marking.asked_by.is_not(None))).one()
        attempt_id = again.submission.attempt_id
    marking.mark_quick(services.marker(), attempt_id)
    same()
    with db.write() as session:
        newest = session.scalars(select(Marking).order_by(Marking.id.desc())).first()
        newest.state = "error"
        cells.refresh(session, [newest.submission.attempt_id])
        newest_id = newest.id
    same()
    with db.write() as session:
        remarking.retry(session, newest_id, clock(), 1)
    same()
    marking.mark_quick(services.marker(), attempt_id)
    same()


def test_the_same_marks_stand_on_the_home_page_the_desk_the_board_and_the_export(log_in, world):
    home, sheet = log_in("s2").get("/").text, log_in("s2").get(f"/attempts/{world['s2']}/result").text
    desk, export = log_in("i1").get(f"/desk/exams/{world['exam']}").text, log_in("i1").get(f"/exams/{world['exam']}/board.csv").text
    assert re.search(r"<b>3</b> / 16|3 / 16", re.sub(r"\s+", " ", home))
    assert "3 <small>/ 16" in sheet
    assert "<b>3</b> / 16" in desk
    assert ",3.00,16.00," in export
    assert board(log_in("s2"), world)["乙同学"][1] == "3"
