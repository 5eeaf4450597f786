"""Messages reach those they are meant for, and nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from simulator import messages
from simulator.errors import Refused
from simulator.models import Event, Exam
from tests import factories as f


@pytest.fixture
def world(db, clock):
    """s1 and s2 sit one exam, s3 another."""
    with db.write() as session:
        exam, other = f.make_exam(session, clock()), f.make_exam(session, clock(), title="另一场")
        attempts = {name: f.make_attempt(session, clock(), name, exam).id for name in ("s1", "s2")}
        attempts["s3"] = f.make_attempt(session, clock(), "s3", other).id
        return {"exam": exam.id, **attempts, "user": f.user(session, "s2").id}


def told(client, world, name):
    answer = client.get(f"/attempts/{world[name]}/messages")
    return [(one["text"], one["mine"]) for one in answer.json["messages"]]


def test_to_all_and_to_one(log_in, world):
    staff, path = log_in("i1"), f"/desk/exams/{world['exam']}/message"
    assert staff.post(path, data={"text": " 还有十分钟。 "}).status_code == 302
    assert staff.post(path, data={"text": "请坐好。", "user": world["user"]}).status_code == 302
    assert told(log_in("s1"), world, "s1") == [("还有十分钟。", False)]
    assert told(log_in("s2"), world, "s2") == [("请坐好。", True), ("还有十分钟。", False)]
    assert told(log_in("s3"), world, "s3") == []


def test_the_clock_names_the_newest(log_in, world, db, clock):
    student = log_in("s1")
    first = student.get(f"/attempts/{world['s1']}/clock").json
    assert first["notice_id"] == 0
    with db.write() as session:
        sent = messages.send(session, session.get_one(Exam, world["exam"]), "甲", clock(), f.user(session, "i1").id)
        session.flush()
        messages.send(session, session.get_one(Exam, world["exam"]), "给乙", clock(), f.user(session, "i1").id, f.user(session, "s2"))
        newest = sent.id
    found = student.get(f"/attempts/{world['s1']}/clock").json
    assert found["notice_id"] == newest


def test_nobody_reads_the_messages_of_another(log_in, world):
    assert log_in("s1").get(f"/attempts/{world['s2']}/messages").status_code == 404


@pytest.mark.parametrize("text", ["", "  \n", "长" * 501])
def test_length_is_bounded(db, world, clock, text):
    with db.write() as session, pytest.raises(Refused, match="1 到 500 字"):
        messages.send(session, session.get_one(Exam, world["exam"]), text, clock(), 1)


def test_it_is_in_the_log(log_in, world, db):
    log_in("i1").post(f"/desk/exams/{world['exam']}/message", data={"text": "坐好。"})
    with db.read() as session:
        event = session.scalars(select(Event).where(Event.what == "exam.message")).one()
        assert (event.exam_id, event.detail["text"], event.who) == (world["exam"], "坐好。", f.user(session, "i1").id)
    assert "发消息" in log_in("a1").get("/admin/events?area=exam").text


def test_text_is_text(log_in, world):
    log_in("i1").post(f"/desk/exams/{world['exam']}/message", data={"text": "<script>alert(1)</script>", "user": world["user"]})
    page = log_in("i1").get(f"/desk/exams/{world['exam']}/candidates/{world['user']}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
