"""Lint while typing: asked over HTTP for a field of one's own running attempt, bounded, and without touching the database."""

from __future__ import annotations

import dataclasses
import threading
from decimal import Decimal

import pytest

from grading.errors import ResponseError
from grading.fields import get_kind
from grading.model import Task
from simulator import attempts, linting
from simulator.models import Attempt, Draft
from simulator.phases import GRACE
from tests import factories as f

FINDING = {"severity": "error", "place": "start", "line": 3, "message": "缺少“开始”节点。"}


@pytest.fixture
def attempt_id(db, clock):
    with db.write() as session:
        return f.make_attempt(session, clock()).id


@pytest.fixture
def kind(monkeypatch):
    """Let the text field's kind lint with a function of the test's; return a setter."""

    def use(lint):
        monkeypatch.setattr(linting, "get_kind", lambda name: dataclasses.replace(get_kind(name), lint=lint))

    use(lambda _raw, _spec: [FINDING])
    return use


def ask(client, attempt_id, value="x", field="note", position=6):
    return client.post(f"/attempts/{attempt_id}/lint/{position}/{field}", json={"value": value})


def test_findings_come_as_the_kind_gives_them(kind, log_in, attempt_id, db):
    seen = []
    kind(lambda raw, spec: seen.append((raw, spec.id)) or [FINDING])
    answer = ask(log_in("s1"), attempt_id, "流程")
    assert answer.status_code == 200
    assert answer.json == {"findings": [FINDING]}
    assert seen == [("流程", "note")]
    with db.read() as session:
        assert session.get(Draft, (attempt_id, 6)) is None


def test_a_refusal_to_read_is_a_finding_too(kind, log_in, attempt_id):
    def refuse(_raw, _spec):
        raise ResponseError("这不是 Dify 应用。")

    kind(refuse)
    found = ask(log_in("s1"), attempt_id).json["findings"]
    assert found == [{"severity": "error", "place": "", "line": None, "message": "这不是 Dify 应用。"}]


def test_findings_are_bounded_and_of_known_shape(kind, log_in, attempt_id):
    wild = {"severity": "fatal", "place": "p" * 500, "line": "7", "message": "长" * 1000, "more": object()}
    kind(lambda _raw, _spec: [wild] * 1000)
    found = ask(log_in("s1"), attempt_id).json["findings"]
    assert len(found) == linting.MAX_FINDINGS
    assert found[0] == {"severity": "warning", "place": "p" * 120, "line": None, "message": "长" * 300}


@pytest.mark.parametrize("value, status", [
    (3, 422), (None, 422), ({"a": 1}, 422), ("x" * 120_001, 422), ("x" * 120_000, 200),
])
def test_only_text_of_a_bounded_length_is_looked_at(kind, log_in, attempt_id, value, status):
    assert ask(log_in("s1"), attempt_id, value).status_code == status


@pytest.mark.parametrize("field, position", [("nothing", 6), ("note", 7), ("answer", 1)])
def test_fields_without_lint_have_none(log_in, attempt_id, field, position):
    answer = ask(log_in("s1"), attempt_id, field=field, position=position)
    assert answer.status_code == 404
    assert answer.json["ok"] is False


def test_a_body_that_is_no_object_is_refused(kind, log_in, attempt_id):
    assert log_in("s1").post(f"/attempts/{attempt_id}/lint/6/note", json=["x"]).status_code == 422


def test_others_attempts_and_visitors_get_nothing(kind, log_in, attempt_id, app):
    assert ask(log_in("s2"), attempt_id).status_code == 404
    assert ask(log_in("i1"), attempt_id).status_code == 404
    assert ask(app.test_client(), attempt_id).status_code == 401


def test_after_the_deadline_and_after_the_hand_in_it_is_over(kind, log_in, attempt_id, db, clock):
    student = log_in("s1")
    with db.read() as session:
        clock.now = attempts.deadline(session.get_one(Attempt, attempt_id)) + GRACE
    assert ask(student, attempt_id).status_code == 410


def test_one_at_a_time_and_the_others_are_told(kind, log_in, attempt_id, monkeypatch):
    monkeypatch.setattr(linting, "WAIT_S", 0.01)
    inside, go_on = threading.Event(), threading.Event()
    kind(lambda _raw, _spec: [inside.set(), go_on.wait(5)][:0])
    student = log_in("s1")
    busy = threading.Thread(target=lambda: linting.lint(*_text_field(), "x"))
    busy.start()
    assert inside.wait(5)
    answer = ask(student, attempt_id)
    go_on.set()
    busy.join()
    assert answer.status_code == 503
    assert ask(student, attempt_id).status_code == 200


def _text_field():
    field = get_kind("text").spec(id="note", kind="text")
    return Task("x/y", "", "", 1, Decimal(1), (field,), (), ()), "note"


def test_the_database_is_free_while_a_kind_looks(kind, log_in, attempt_id, db, clock):
    def writes(_raw, _spec):
        with db.write() as session:
            attempts.save_draft(session, session.get_one(Attempt, attempt_id), 6, 0, {"note": "同时保存"}, clock())
        return []

    kind(writes)
    assert ask(log_in("s1"), attempt_id).json == {"findings": []}
