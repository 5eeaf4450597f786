"""Questions about scoring points, decisions of people, notices, and who may see them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from simulator import appeals, results
from simulator.errors import Refused
from simulator.models import Appeal, Attempt, Candidate, Event, Exam, Marking, Notice
from simulator.remarks import deciding
from tests.simulator.remark_world import World

D = Decimal


@pytest.fixture
def world(services, clock, tree, tmp_path):
    return World(services, clock, tree, tmp_path)


@pytest.fixture
def sat(world):
    """An attempt whose second point of the sheet earned nothing."""
    return world.sit("s1", note="不知道")


def ask(world, attempt_id, point="M2", text="我写的意思一样，请看看。", position=6):
    with world.db.write() as session:
        return appeals.ask(session, session.get_one(Attempt, attempt_id), position, point, text, world.clock()).id


def answer(world, appeal_id, text="看过了。", earned=""):
    with world.db.write() as session:
        at, zone = world.clock.forward(minutes=1), world.services.zone
        appeals.answer(session, world.services.tasks, appeal_id, text, earned, at, who=world.staff(), zone=zone)


def state(world, appeal_id):
    with world.db.read() as session:
        return session.get_one(Appeal, appeal_id).state


def logged(world):
    with world.db.read() as session:
        return list(session.scalars(select(Event.what).where(Event.what.startswith("appeal.")).order_by(Event.id)))


def test_an_answer_reaches_the_candidate(world, sat):
    appeal = ask(world, sat)
    before = world.totals()
    answer(world, appeal)
    assert state(world, appeal) == "answered"
    assert world.totals() == before
    with world.db.read() as session:
        assert [n.text for n in session.scalars(select(Notice))] == ["《模拟一》“一题多类”M2 的疑问已答复。"]
    assert logged(world) == ["appeal.asked", "appeal.answered"]
    with pytest.raises(Refused, match="处理过"):
        answer(world, appeal)


def test_an_override_changes_the_board_at_once_and_keeps_the_old_marking(world, sat):
    before = world.totals()[sat]
    with world.db.read() as session:
        old = results.outcomes(session, session.get_one(Attempt, sat))[5].marking
        before_rest = {v.point_id: (v.status, v.earned, v.reason) for v in old.verdicts if v.point_id != "M2"}
    appeal = ask(world, sat)
    answer(world, appeal, "同意你的写法。", "1.5")
    assert world.totals()[sat] == before + D("1.5")
    with world.db.read() as session:
        new = results.outcomes(session, session.get_one(Attempt, sat))[5].marking
        verdict = next(v for v in new.verdicts if v.point_id == "M2")
        assert (new.origin, verdict.status, verdict.earned) == ("override", "partial", D("1.5"))
        assert verdict.reason == "人工改判：同意你的写法。（监考，2026-03-02 09:01）"
        rest = {v.point_id: (v.status, v.earned, v.reason) for v in new.verdicts if v.point_id != "M2"}
        assert rest == before_rest
        assert session.get_one(Marking, old.id).counts
        assert session.get_one(Appeal, appeal).marking_id == new.id
        assert session.scalars(select(Notice.text)).one().endswith("得分 0 → 1.5。")


@pytest.mark.parametrize("earned", ["2.01", "-1", "1.005", "NaN", "一分", "1e9", "Infinity"])
def test_marks_out_of_range_are_refused_and_nothing_is_lost(world, sat, earned):
    appeal, before = ask(world, sat), world.everything()
    with pytest.raises(Refused, match="0 和 2 之间"):
        answer(world, appeal, earned=earned)
    assert (state(world, appeal), world.everything()) == ("open", before)


def test_only_what_makes_sense_can_be_asked(world, sat):
    with pytest.raises(Refused, match="5 到 500 字"):
        ask(world, sat, text="短")
    with pytest.raises(Refused, match="不存在"):
        ask(world, sat, point="M9")
    with pytest.raises(Refused, match="不存在"):
        ask(world, sat, position=99)
    appeal = ask(world, sat)
    with pytest.raises(Refused, match="等待答复"):
        ask(world, sat)
    answer(world, appeal)
    with pytest.raises(Refused, match="答复过"):
        ask(world, sat)
    world.edit("title: 行数正确, marks: 2, grader: number, of: rows, args: {equals: 3}",
               "title: 行数正确, marks: 2, grader: number, of: rows, args: {equals: 4}")
    opened = world.open()
    world.clock.forward(minutes=1)
    world.with_remarking(opened, deciding.apply)
    with world.db.write() as session:  # marked after the answer
        tried = session.scalars(select(Marking).where(Marking.remarking_id == opened)).one()
        tried.done_at = world.clock()
    ask(world, sat)


def test_not_before_the_release(world, sat):
    with world.db.write() as session:
        session.get_one(Exam, world.exam).release = "held"
    with pytest.raises(Refused, match="还没有公布"):
        ask(world, sat)


def test_ten_open_ones_are_enough(world, sat, monkeypatch):
    monkeypatch.setattr(appeals, "MOST_OPEN", 2)
    first = ask(world, sat)
    ask(world, sat, "M1")
    with pytest.raises(Refused, match="最多 2 条"):
        ask(world, sat, "M3")
    with world.db.write() as session:
        owner = session.get_one(Attempt, sat).user_id
        appeals.withdraw(session, first, world.clock(), owner)
    ask(world, sat, "M3")
    ask_again = pytest.raises(Refused, match="最多 2 条")
    with ask_again:
        ask(world, sat)


def test_statistics_have_no_names(world, sat):
    world.sit("s2")
    with world.db.read() as session:
        assert appeals.others(session, session.get_one(Attempt, sat), 6, "M2") == {D(2): 1, D(0): 1}


def test_a_failed_marking_can_be_decided_point_by_point(world, sat):
    """What our program could not mark, a person can."""
    with world.db.write() as session:
        marking = results.outcomes(session, session.get_one(Attempt, sat))[6].marking
        marking.state = "error"
        for verdict in list(marking.verdicts):
            session.delete(verdict)
    for point, expected in (("M1", "error"), ("M2", "done")):
        with world.db.write() as session:
            appeals.decide(
                session, world.services.tasks, session.get_one(Attempt, sat), 7, point, "2", "手工核对", world.clock(), who=world.staff(),
                zone=world.services.zone,
            )
        with world.db.read() as session:
            assert results.outcomes(session, session.get_one(Attempt, sat))[6].marking.state == expected
    assert world.totals()[sat] == D("6") + D("2") + D("4")


# The pages ----------------------------------------------------------------------------------------------------------


def test_a_candidate_asks_and_withdraws_on_the_pages(world, sat, log_in):
    mine = log_in("s1")
    page = mine.get(f"/attempts/{sat}/result").text
    where = f"/attempts/{sat}/appeals/new?position=6&amp;point=M2"
    assert where in page
    where = where.replace("&amp;", "&")
    assert "写出去重" in mine.get(where).text
    refused = mine.post(where, data={"text": "短"})
    assert (refused.status_code, "短</textarea>" in refused.text, "5 到 500" in refused.text) == (422, True, True)
    assert mine.post(where, data={"text": "我写的意思一样。<b>"}).status_code == 302
    assert "我写的意思一样。&lt;b&gt;" in mine.get(f"/attempts/{sat}/result").text
    with world.db.read() as session:
        appeal = session.scalars(select(Appeal.id)).one()
    assert mine.post(f"/appeals/{appeal}/withdraw").status_code == 302
    assert state(world, appeal) == "withdrawn"


def test_candidates_see_and_do_nothing_of_others(world, sat, log_in):
    appeal, other = ask(world, sat), log_in("s2")
    where = f"/attempts/{sat}/appeals/new?position=6&point=M2"
    assert other.get(where).status_code == 404
    assert other.post(where, data={"text": "我来替他问问。"}).status_code == 404
    assert other.post(f"/appeals/{appeal}/withdraw").status_code == 404
    for path in ("/desk/appeals", f"/desk/appeals/{appeal}", f"/desk/attempts/{sat}/decide?position=6&point=M2",
                 f"/desk/exams/{world.exam}/remark"):
        assert other.get(path).status_code == 403
        assert log_in("t1").get(path).status_code == 403, "a teacher writes tasks and does not decide marks"
    for path in (f"/desk/appeals/{appeal}", f"/desk/attempts/{sat}/decide?position=6&point=M2", f"/desk/exams/{world.exam}/remark"):
        assert other.post(path, data={"text": "满分", "earned": "2"}).status_code == 403
    answer(world, appeal)
    with world.db.read() as session:
        notice = session.scalars(select(Notice.id)).one()
    assert other.post(f"/notices/{notice}/read").status_code == 404
    assert "疑问已答复" not in other.get("/").text


def test_a_notice_stands_on_the_home_page_until_read(world, sat, log_in):
    answer(world, ask(world, sat))
    mine = log_in("s1")
    assert "疑问已答复" in mine.get("/").text
    with world.db.read() as session:
        notice = session.scalars(select(Notice.id)).one()
    assert mine.post(f"/notices/{notice}/read").headers["Location"] == f"/attempts/{sat}/result"
    assert "疑问已答复" not in mine.get("/").text


def test_staff_answer_on_the_pages(world, sat, log_in):
    appeal, staff = ask(world, sat), log_in("i1")
    assert "处理" in staff.get("/desk/appeals").text
    page = staff.get(f"/desk/appeals/{appeal}").text
    assert all(text in page for text in ("我写的意思一样", "写出去重", "1 份，平均 0.00"))
    refused = staff.post(f"/desk/appeals/{appeal}", data={"text": "好的", "earned": "9"})
    assert (refused.status_code, "好的</textarea>" in refused.text, "0 和 2 之间" in refused.text) == (422, True, True)
    assert staff.post(f"/desk/appeals/{appeal}", data={"text": "同意", "earned": "2"}).status_code == 302
    assert state(world, appeal) == "overridden"
    sheet = log_in("s1").get(f"/attempts/{sat}/result").text
    assert "人工改判：M2 0 → 2" in sheet.replace("，得分", "")
    assert "人工改判：同意（监考" in sheet


def test_staff_decide_without_an_appeal(world, sat, log_in):
    staff = log_in("i1")
    where = f"/desk/attempts/{sat}/decide?position=6&point=M2"
    assert where.replace("&", "&amp;") in staff.get(f"/attempts/{sat}/result").text
    assert staff.get(where).status_code == 200
    assert staff.post(where, data={"text": "", "earned": "2"}).status_code == 422
    before = world.totals()[sat]
    assert staff.post(where, data={"text": "原件正确", "earned": "2"}).status_code == 302
    assert world.totals()[sat] == before + 2
    assert staff.get(f"/desk/attempts/{sat}/decide?position=6&point=M77").status_code == 404


def test_blind_until_the_release(world, sat, log_in):
    with world.db.write() as session:
        exam = session.get_one(Exam, world.exam)
        exam.blind, exam.release = True, "held"
        session.get_one(Candidate, (exam.id, session.get_one(Attempt, sat).user_id)).number = "017"
    staff = log_in("i1")
    where = f"/desk/attempts/{sat}/decide?position=6&point=M2"
    page = staff.get(where).text
    assert "017 号考生" in page
    assert "甲同学" not in page
    sheet = staff.get(f"/attempts/{sat}/result").text
    assert "甲同学" not in sheet
    with world.db.write() as session:
        session.get_one(Exam, world.exam).release = "released"
    assert "甲同学" in staff.get(where).text


def test_the_log_has_a_phrase_for_everything(world, sat, log_in):
    from simulator.pages.events import WORDS

    answer(world, ask(world, sat), earned="1")
    world.edit("title: 行数正确", "title: 行数")
    world.with_remarking(world.open(), deciding.apply)
    with world.db.read() as session:
        assert set(session.scalars(select(Event.what))) <= WORDS.keys()
