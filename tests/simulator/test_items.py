"""Item analysis at the desk: of first attempts only, with what a person should look at."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from grading.itemanalysis import ItemStatistics
from simulator import attempts, itemreport, marking
from simulator.itemreport import Option, Row
from simulator.models import Exam
from simulator.pages.items import warnings
from tests import factories as f


@pytest.fixture
def sat(db, services, clock):
    """A contest (the same items for all): s1 has all theory right, s2 half, s3 nothing; s1 sat twice. Returns its id."""
    with db.write() as session:
        exam = f.make_exam(session, clock(), mode="contest", attempts_allowed=2)
        for username, right in (("s1", 5), ("s2", 2), ("s3", 0), ("s1", 0)):
            attempt = f.make_attempt(session, clock(), username, exam)
            for item in attempt.tasks[:right]:
                attempts.save_draft(session, attempt, item.position, 0, f.right_answer(services, session, item), clock())
            attempts.save_draft(session, attempt, 6, 0, {"rows": "3" if right else "4"}, clock())
            attempts.submit(session, attempt, clock(), by="candidate")
            session.flush()
        exam_id, made = exam.id, list(session.query(attempts.Attempt))
    for attempt in made:
        marking.mark_quick(services.marker(), attempt.id)
    return exam_id


def analysed(db, services, exam_id):
    with db.read() as session:
        return itemreport.report(session, services.tasks, session.get_one(Exam, exam_id))


def test_only_first_attempts_count(db, services, sat):
    found = analysed(db, services, sat)
    assert found.candidates == 3
    assert {row.figures.n for row in found.points if row.key[0].startswith("theory")} == {3}


def test_theory_items_are_named_by_their_stem_and_have_their_options(db, services, sat):
    row = next(row for row in analysed(db, services, sat).points if len(row.options) == 4)
    assert "道题的题干" in row.title
    assert row.figures.random_guess_score == 0.25
    assert sum(option.right for option in row.options) == 1
    right = next(option for option in row.options if option.right)
    assert (right.upper, right.lower) == (1, 0)


def test_points_tasks_and_codes(db, services, sat):
    found = analysed(db, services, sat)
    sheet = [row for row in found.points if row.key[0] == "data/sheet"]
    assert sum((row.marks for row in sheet), Decimal(0)) == next(row.marks for row in found.tasks if row.key == ("data/sheet",))
    rows = next(row for row in sheet if row.figures.facility not in (0, None))
    assert rows.figures.facility == pytest.approx(2 / 3)
    assert all(row.key[0].startswith("T3.") for row in found.codes)
    assert next(row for row in sheet if row is not rows).blank == 1.0


def test_the_page_shows_it_to_instructors_only(sat, log_in):
    page = log_in("i1").get(f"/desk/exams/{sat}/items")
    assert page.status_code == 200
    assert "不到 10 人" in page.text
    assert "按评分点" in page.text
    for username in ("s1", "t1"):
        assert log_in(username).get(f"/desk/exams/{sat}/items").status_code == 403


def test_before_anybody_has_handed_in_the_page_says_so(db, clock, log_in):
    with db.write() as session:
        exam = f.make_exam(session, clock()).id
    assert "还没有评完的首次作答" in log_in("i1").get(f"/desk/exams/{exam}/items").text


FIGURES = ItemStatistics("x", 30, 0.6, 0.4, 0.25, 0.1, 0.1, 0.4, 0.5)
GOOD = Row(("t", "M1"), "题", Decimal(1), FIGURES, 0.0, 0.0)


@pytest.mark.parametrize(("changes", "words"), [
    ({"discrimination_index": -0.1}, "区分度为负"), ({"discrimination_index": 0.05}, "区分度低"), ({"facility": 0.97}, "太容易"),
    ({"facility": 0.1}, "太难"), ({"discrimination_index": None}, ""), ({}, ""),
])
def test_warnings_of_figures(app, changes, words):
    with app.test_request_context():
        found = warnings(replace(GOOD, figures=replace(FIGURES, **changes)))
    assert len(found) == bool(words)
    assert all(words in warning for warning in found)


def test_warnings_of_options_blanks_and_faults(app):
    options = (Option("A", True, 20, 5, 5), Option("B", False, 10, 6, 2), Option("C", False, 0, 0, 0))
    with app.test_request_context():
        found = warnings(replace(GOOD, options=options, blank=0.5, errors=0.1))
        assert [word in " ".join(found) for word in ("选项 C 没有人选", "选项 B 高分组", "空白多", "评分异常")] == [True] * 4
        assert warnings(replace(GOOD, figures=replace(FIGURES, n=9, discrimination_index=-1))) == []
