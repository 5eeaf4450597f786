"""Reports tell what somebody may see: released results of their own, and no contest that others still sit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulator import reports
from simulator.models import Attempt, AttemptTask, Exam
from tests import factories as f
from tests.simulator.report_world import make, sit


def told(db, clock, username="s1"):
    with db.read() as session:
        return [attempt.exam_id for attempt in reports.attempts_of(session, f.user(session, username), clock())]


@pytest.mark.parametrize(("mode", "release", "hours", "seen"), [
    ("practice", "held", 0, True), ("mock", "auto", 0, True), ("mock", "held", 0, False), ("mock", "released", 0, True),
    ("contest", "auto", 0, False), ("contest", "auto", 2, True), ("contest", "held", 2, False), ("contest", "released", 1, False),
])
def test_what_is_told(db, services, clock, mode, release, hours, seen):
    exam = make(db, clock, mode=mode, release=release)
    sit(db, services, clock, exam, "s1", 2)
    clock.forward(hours=hours)
    assert told(db, clock) == [exam] * seen


def test_a_running_attempt_is_not_told(db, clock):
    with db.write() as session:
        f.make_attempt(session, clock())
    assert told(db, clock) == []


def answers(db, services, clock, username="s1"):
    with db.read() as session:
        own = reports.attempts_of(session, f.user(session, username), clock())
        return reports.answers(session, services.tasks, own)


def test_answers_are_the_settled_points_with_their_codes(db, services, clock):
    sit(db, services, clock, make(db, clock), "s1", 2)
    found = answers(db, services, clock)
    theory = [a for a in found if a.form]
    assert len(theory) == 5
    assert sum(a.status == "correct" for a in theory) == 2
    assert {place.code for a in theory for place in a.places} == {"T3.1.1.1"}
    assert [(a.point, a.status) for a in found if a.task_id == "data/sheet"] == [("M1", "correct"), ("M2", "blank"), ("M3", "blank")]


def test_first_answers_only(db, services, clock):
    exam = make(db, clock, mode="practice", attempts_allowed=None)
    first = sit(db, services, clock, exam, "s1", 0)
    clock.forward(hours=1)
    sit(db, services, clock, exam, "s1", 5)
    found = answers(db, services, clock)
    kept = reports.first_only(found)
    sheet = [a for a in kept if a.task_id == "data/sheet"]
    assert {a.attempt_id for a in sheet} == {first}
    assert len([a for a in found if a.task_id == "data/sheet"]) == 2 * len(sheet)
    assert len({(a.task_id, a.point) for a in kept}) == len(kept)


def test_the_ability_page_keeps_untested_apart_and_others_out(db, services, clock, log_in):
    sit(db, services, clock, make(db, clock), "s1", 2)
    page = log_in("s1").get("/me/ability")
    assert page.status_code == 200
    assert "2 / 5 题" in page.text
    assert "12–77%" in page.text  # Wilson for 2 of 5
    assert "薄弱" in page.text
    assert "还没有可以统计的成绩" in log_in("s2").get("/me/ability").text
    with db.read() as session:
        s1, t1 = f.user(session, "s1").id, f.user(session, "t1").id
    assert log_in("s2").get(f"/people/{s1}/ability").status_code == 403
    staff = log_in("t1").get(f"/people/{s1}/ability")
    assert "甲同学" in staff.text
    assert "练这一块" not in staff.text
    assert log_in("t1").get(f"/people/{t1}/ability").status_code == 404
    assert log_in("t1").get("/people/9999/progress").status_code == 404


def test_the_ability_page_filters_and_survives_nonsense(db, services, clock, log_in):
    sit(db, services, clock, make(db, clock), "s1", 2)
    client = log_in("s1")
    assert "还没有可以统计的成绩" in client.get("/me/ability?mode=contest").text
    assert "还没有可以统计的成绩" in client.get("/me/ability?until=2026-03-01").text
    assert "2 / 5 题" in client.get("/me/ability?since=2026-03-02&until=2026-03-02&answers=first").text
    assert "2 / 5 题" in client.get("/me/ability?mode=%00&since=x&until=9999-99-99").text


def test_held_results_do_not_reach_the_report(db, services, clock, log_in):
    exam = make(db, clock, release="held")
    attempt = sit(db, services, clock, exam, "s1", 2)
    for client in (log_in("s1"),):
        assert "还没有可以统计的成绩" in client.get("/me/ability").text
        assert "还没有可以比较的成绩" in client.get("/me/progress").text
        assert "还没有错题" in client.get("/me/mistakes").text
    with db.read() as session:
        s1 = f.user(session, "s1").id
    assert "还没有可以统计的成绩" in log_in("t1").get(f"/people/{s1}/ability").text
    assert log_in("s1").get(f"/attempts/{attempt}/sheet").status_code == 403
    with db.write() as session:
        session.get_one(Exam, exam).release = "released"
    assert "2 / 5 题" in log_in("s1").get("/me/ability").text


def test_progress_compares_the_attempts_at_one_paper(db, services, clock, log_in):
    exam = make(db, clock, mode="practice", attempts_allowed=None)
    for right in (1, 5):
        sit(db, services, clock, exam, "s1", right)
        clock.forward(hours=1)
    page = log_in("s1").get("/me/progress").text
    assert "2 次" in page
    assert page.count('class="chart__dot"') == 2
    assert "<b>8</b> / 16" in page  # 6 of theory, 2 of the sheet
    assert "0:05:00" in page


def test_time_per_task_is_shown_and_0_is_a_dash(db, services, clock, log_in):
    attempt = sit(db, services, clock, make(db, clock), "s1", 2)
    assert "用时 — · 建议 10 分钟" in log_in("s1").get(f"/attempts/{attempt}/result").text
    with db.write() as session:
        session.get_one(AttemptTask, (attempt, 6)).seconds = 754
    page = log_in("s1").get(f"/attempts/{attempt}/result").text
    assert "用时 0:12:34 · 建议 10 分钟 · 超出建议" in page
    assert "0:12:34" in log_in("s1").get("/me/ability").text


def test_only_ended_attempts_count_by_time(db, services, clock):
    with db.write() as session:
        exam = f.make_exam(session, clock(), mode="contest", closes_at=clock() + timedelta(hours=1))
        exam_id = exam.id
    attempt = sit(db, services, clock, exam_id, "s1", 1)
    assert told(db, clock) == []
    clock.forward(hours=1)
    assert told(db, clock) == [exam_id]
    with db.read() as session:
        assert session.get_one(Attempt, attempt).state == "closed"
