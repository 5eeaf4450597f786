"""The event log: in words, filtered, page by page, and as a file for Excel; for administrators only."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from simulator import credits, eventlog, events
from simulator.eventlog import Filter
from simulator.pages.events import WORDS
from tests import factories as f
from tests.test_i18n import i18n


@pytest.fixture
def happened(db, clock):
    """Two candidates start, one gets more time a day later; returns the exam's id."""
    with db.write() as session:
        exam = f.make_exam(session, clock(), title="=期中考试")
        first = f.make_attempt(session, clock(), "s1", exam)
        f.make_attempt(session, clock(), "s2", exam)
        credits.grant(session, [first], 600, clock.forward(days=1), who=f.user(session, "i1").id)
        return exam.id


def found(db, **wanted):
    with db.read() as session:
        return [(e.event.what, e.who, e.candidate) for e in eventlog.find(session, Filter(**wanted))]


def test_newest_first_with_names(db, happened):
    assert found(db, exam_id=happened) == [
        ("attempt.extended", "监考 (i1)", "甲同学 (s1)"), ("attempt.started", "乙同学 (s2)", "乙同学 (s2)"),
        ("attempt.started", "甲同学 (s1)", "甲同学 (s1)"),
    ]


@pytest.mark.parametrize(("wanted", "count"), [
    ({"area": "attempt"}, 3), ({"area": "att"}, 0), ({"person": "乙同学"}, 1), ({"person": "i1"}, 1), ({"person": "s1"}, 2),
    ({"person": "%"}, 0), ({"exam_id": 999}, 0),
])
def test_filters(db, happened, wanted, count):
    assert len([what for what, _, _ in found(db, **wanted) if what.startswith("attempt.")]) == count


def test_days(db, happened, clock):
    assert [what for what, _, _ in found(db, since=clock() - timedelta(hours=1))] == ["attempt.extended"]
    assert "attempt.extended" not in [what for what, _, _ in found(db, until=clock() - timedelta(hours=1))]


def test_page_by_page(db, clock, log_in, monkeypatch):
    monkeypatch.setattr("simulator.pages.events.PAGE", 3)
    monkeypatch.setattr(eventlog.find, "__kwdefaults__", {"before": None, "limit": 3})
    with db.write() as session:
        for number in range(5):
            events.record(session, "exam.created", clock(), number=number)
    admin = log_in("a1")
    page = admin.get("/admin/events?area=exam").text
    assert "number: 4" in page
    assert "number: 1" not in page
    more = page.partition("更早的")[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    rest = admin.get(more).text
    assert "number: 1" in rest
    assert "number: 2" not in rest
    assert "更早的" not in rest


def test_the_export_opens_in_excel_and_runs_nothing(happened, log_in):
    with log_in("a1").get(f"/admin/events/export.csv?exam={happened}&area=attempt") as answer:
        assert answer.data.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["事件"] for row in rows] == ["加时", "开始作答", "开始作答"]
    assert rows[0]["场次"] == "'=期中考试"
    assert rows[0]["时间"].endswith("+08:00")
    assert rows[0]["内容"] == "seconds: 600；note: "


def test_nonsense_in_the_query_string_is_left_open(happened, log_in):
    page = log_in("a1").get("/admin/events?area=x&exam=abc&since=2026-13-40&before=x&person=" + "长" * 500)
    assert page.status_code == 200
    assert "没有符合条件的事件" in page.text


def test_only_administrators_read_it(log_in):
    for username in ("s1", "t1", "i1"):
        assert log_in(username).get("/admin/events").status_code == 403
        assert log_in(username).get("/admin/events/export.csv").status_code == 403


def test_every_event_has_words():
    """All names that the program records."""
    import ast

    root = i18n.ROOT / "simulator"
    calls = (node for path in root.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    texts = {node.value for call in calls if ast.unparse(call.func) == "events.record" for node in ast.walk(call)
             if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value}
    begun = {text for text in texts if text.endswith(".")}  # of an f-string, whose end is a state
    assert texts - begun <= set(WORDS)
    states = {"appeal.": ("answered", "overridden"), "remark.": ("ready", "marking")}
    assert {start + end for start in begun for end in states[start]} <= set(WORDS)
