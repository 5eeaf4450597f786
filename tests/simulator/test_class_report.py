"""Class report: numbers of the best attempts, who may see it, blind exams, the workbook."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import pytest

from simulator import candidates, cells, classreport
from simulator.models import Cell, Exam, Group
from tests import factories as f
from tests.simulator.report_world import make, sit


@pytest.fixture
def sat(db, services, clock):
    """A contest: s1 has all 5 theory items right, s2 two, s3 (another class) none. Returns its id."""
    exam = make(db, clock, mode="contest")
    for username, right in (("s1", 5), ("s2", 2), ("s3", 0)):
        sit(db, services, clock, exam, username, right, rows="3" if right else "4")
    return exam


def found(db, services, exam_id, group=""):
    with db.read() as session:
        chosen = session.query(Group).filter_by(name=group).one() if group else None
        return classreport.report(session, services.tasks, session.get_one(Exam, exam_id), chosen)


def test_figures(db, services, sat):
    report = found(db, services, sat)
    assert [entry.total for entry in report.rows] == [Decimal(8), Decimal(4), Decimal(0)]
    assert (report.total.n, report.total.mean, report.total.median) == (3, 4.0, 4.0)
    assert report.tenths == [1, 0, 1, 0, 0, 1, 0, 0, 0, 0]
    assert [(part.part, part.passed, part.of) for part in report.parts] == [("theory", 1, 3), ("practical", 0, 3)]
    assert report.passed == 0
    assert report.modules[0].mean == pytest.approx(8 / 3)


def test_weak_places_and_causes(db, services, sat):
    report = found(db, services, sat)
    [code] = [weak for weak in report.codes if weak.form]
    assert code.place.code == "T3.1.1.1"
    assert (code.figure.right, code.figure.n, code.candidates) == (7, 15, 3)
    assert [w.figure.share for w in report.points] == sorted(w.figure.share for w in report.points)
    lost = {loss.cause: loss.marks for loss in report.losses}
    assert lost["blank"] == Decimal(12)  # two points of the sheet, three candidates
    assert lost["wrong"] == Decimal(18) - Decimal(8) + Decimal(2)


def test_one_class(db, services, sat):
    assert [entry.number for entry in found(db, services, sat, "一班").rows] == ["s1", "s2"]
    assert found(db, services, sat, "二班").total.n == 1


def test_what_is_not_marked_yet_counts_for_nothing(db, services, clock, sat):
    with db.write() as session:
        from simulator.models import Marking
        last = session.query(Marking).order_by(Marking.id.desc()).first()
        last.state = "queued"
        cells.refresh(session, [last.submission.attempt_id])
    report = found(db, services, sat)
    assert (len(report.rows), len(report.settled), report.total.n) == (3, 2, 2)


def test_instructors_only(sat, log_in):
    page = log_in("i1").get(f"/desk/exams/{sat}/report")
    assert page.status_code == 200
    assert page.text.count('class="chart__bar"') == 10
    for path in ("report", "report.xlsx", "sheets", "sheets.xlsx"):
        for username in ("s1", "t1"):
            assert log_in(username).get(f"/desk/exams/{sat}/{path}").status_code == 403
        assert log_in("i1").get(f"/desk/exams/{sat}/{path}?group=99").status_code == 404


def test_before_anybody_has_handed_in(db, clock, log_in):
    exam = make(db, clock)
    client = log_in("i1")
    assert "还没有人交卷" in client.get(f"/desk/exams/{exam}/report").text
    assert client.get(f"/desk/exams/{exam}/sheets").status_code == 404


def test_the_workbook_has_the_numbers(sat, log_in):
    answer = log_in("i1").get(f"/desk/exams/{sat}/report.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["概览", "考生", "薄弱代码", "薄弱评分点", "失分原因"]
    rows = list(book["考生"].values)
    assert rows[1][1:3] == ("甲同学", "一班")
    assert [row[-3] for row in rows[1:]] == [8, 4, 0]
    assert list(book["概览"].values)[2][:4] == ("总分", 16, 3, 4)


@pytest.fixture
def blind(db, sat):
    with db.write() as session:
        exam = session.get_one(Exam, sat)
        exam.blind, exam.release = True, "held"
        for number, username in (("8001", "s1"), ("4002", "s2"), ("6003", "s3")):
            candidates.get(session, exam, f.user(session, username).id).number = number
    return sat


def test_a_blind_exam_shows_numbers_only_until_its_release(db, blind, log_in):
    client = log_in("i1")
    for path in ("report", "sheets"):
        page = client.get(f"/desk/exams/{blind}/{path}").text
        assert "甲同学" not in page
        assert ">s1" not in page
        assert page.index("4002") < page.index("6003") < page.index("8001")
    for path in ("report.xlsx", "sheets.xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(client.get(f"/desk/exams/{blind}/{path}").data))
        text = str([list(sheet.values) for sheet in book]) + str(book.sheetnames)
        assert "8001" in text
        assert "甲同学" not in text
    with db.write() as session:
        session.get_one(Exam, blind).release = "released"
    assert "甲同学" in client.get(f"/desk/exams/{blind}/report").text


def test_who_has_only_handed_in_a_module_is_not_in_it_yet(db, services, clock, sat, log_in):
    with db.write() as session:
        running = f.make_attempt(session, clock(), "t1", session.get_one(Exam, sat))
        for row in session.query(Cell).filter_by(attempt_id=running.id):
            session.delete(row)
        session.add(Cell(attempt_id=running.id, module=0, earned=Decimal(6), public=Decimal(6), marks=Decimal(6), submitted_at=clock()))
    assert len(found(db, services, sat).rows) == 3
    assert log_in("i1").get(f"/desk/exams/{sat}/sheets").text.count('<article class="scoresheet"') == 3
