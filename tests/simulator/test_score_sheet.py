"""The official score sheet: its layout, its sums, what may not be seen, and the workbook."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest

from simulator.models import Exam
from simulator.pages import score_sheet
from simulator.pages.workbook import add_sheet, new_book, put, saved
from tests.simulator.report_world import make, sit


@pytest.fixture
def sat(db, services, clock):
    """A released mock exam that s1 sat: 2 of 5 theory items, the first point of the sheet. Returns (exam id, attempt id)."""
    exam = make(db, clock)
    return exam, sit(db, services, clock, exam, "s1", 2)


def test_the_page_has_the_official_columns_head_and_signatures(sat, log_in):
    page = log_in("s1").get(f"/attempts/{sat[1]}/sheet").text
    for text in ("细则编号", "配分", "评分细则描述", "规定或标称值", "结果或实际值", "得分", "合计", "考评员", "审核",
                 "人工智能训练师 4-04-05-05", "三级/高级工", "甲同学", "2026-03-02 09:05 CST"):
        assert text in page, text
    assert "答对 2 题" in page or "答对 1 题" in page
    assert "scoresheet.css" in page


def test_theory_item_by_item_has_what_the_candidate_saw(sat, log_in):
    client = log_in("s1")
    short, long = (client.get(f"/attempts/{sat[1]}/sheet{query}").text for query in ("", "?theory=items"))
    assert "道题的题干" not in short
    assert long.count("道题的题干") == 5


def test_the_sums_are_those_of_the_result(sat, log_in):
    answer = log_in("s1").get(f"/attempts/{sat[1]}/sheet.xlsx")
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    [sheet] = book.worksheets
    assert re.fullmatch(r"\d{4} 甲同学", sheet.title)
    rows = list(sheet.values)
    assert rows[4] == ("细则编号", "配分", "评分细则描述", "规定或标称值", "结果或实际值", "得分")
    sums = [row for row in rows if row[0] == "合计"]
    assert [row[1] for row in sums] == [6, 6, 4]
    assert [row[5] for row in sums][:2] == [2, 2]
    [total] = [row for row in rows if row[0] == "总分"]
    assert (total[1], total[5]) == (16, 4)
    m1 = next(row for row in rows if row[0] == "M1")
    assert m1[1:4] == (2, "行数正确", "3")
    assert m1[5] == 2


def test_the_workbook_prints_on_a4_with_its_head_on_every_page(sat, log_in):
    book = openpyxl.load_workbook(io.BytesIO(log_in("s1").get(f"/attempts/{sat[1]}/sheet.xlsx").data))
    [sheet] = book.worksheets
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "portrait")
    assert sheet.print_title_rows == "$1:$5"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (1, 0, True)
    assert sheet["C8"].alignment.wrap_text
    assert sheet.column_dimensions["C"].width == 40


def test_what_is_held_or_runs_or_belongs_to_others_is_refused(db, sat, clock, log_in):
    exam, attempt = sat
    paths = [f"/attempts/{attempt}/{name}" for name in ("sheet", "sheet.xlsx")]
    assert [log_in("s2").get(path).status_code for path in paths] == [404, 404]
    assert [log_in("t1").get(path).status_code for path in paths] == [200, 200]
    with db.write() as session:
        session.get_one(Exam, exam).release = "held"
    assert [log_in("s1").get(path).status_code for path in paths] == [403, 403]
    assert [log_in("t1").get(path).status_code for path in paths] == [200, 200]
    with db.write() as session:
        from tests import factories as f
        running = f.make_attempt(session, clock(), "s2", session.get_one(Exam, exam)).id
    assert log_in("s2").get(f"/attempts/{running}/sheet").status_code == 409


def test_all_sheets_of_a_class(db, services, clock, sat, log_in):
    exam, _ = sat
    sit(db, services, clock, exam, "s2", 5)
    client = log_in("i1")
    page = client.get(f"/desk/exams/{exam}/sheets").text
    assert page.count('<article class="scoresheet"') == 2
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/desk/exams/{exam}/sheets.xlsx").data))
    assert [name.split()[1] for name in book.sheetnames] == ["甲同学", "乙同学"]


def test_too_many_sheets_are_refused_with_what_to_do(db, services, clock, sat, log_in, monkeypatch):
    sit(db, services, clock, sat[0], "s3", 5)
    monkeypatch.setattr(score_sheet, "MOST", 1)
    client = log_in("i1")
    page = client.get(f"/desk/exams/{sat[0]}/sheets.xlsx")
    assert page.status_code == 413
    assert "一次最多 1 份评分表，这里有 2 份" in page.text
    assert "先选一个班级" in page.text


def test_a_workbook_takes_any_text_as_text():
    book = new_book()
    for title in ("甲/乙", "甲/乙", "x" * 60, "'"):
        put(add_sheet(book, title, [10]), 1, ["=1+1", "\x07坏", "好" * 40_000, None])
    read = openpyxl.load_workbook(io.BytesIO(saved(book)))
    assert len({name.casefold() for name in read.sheetnames}) == 4
    assert max(map(len, read.sheetnames)) <= 31
    cells = next(iter(read)).cell
    assert (cells(1, 1).value, cells(1, 1).data_type) == ("=1+1", "s")
    assert cells(1, 2).value == "坏"
    assert len(cells(1, 3).value) == 32_000


@pytest.mark.parametrize(("half", "ids"), [("", ["M1"]), ("public", ["M1", "M2"]), ("final", ["M1", "M3"])])
def test_of_a_metric_task_only_the_half_that_counts_stands_there(half, ids):
    point = {"marks": 1, "title": "", "expected": "", "found": "", "status": "correct", "earned": 1}
    points = [{**point, "id": name, "board": board} for name, board in (("M1", ""), ("M2", "public"), ("M3", "private"))]
    shown = [p for p in points if half or not p["board"]]
    assert [row["id"] for row in score_sheet._points({"points": shown}, half)] == ids
