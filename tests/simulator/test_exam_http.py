"""The exam over HTTP: drafts, uploads, hand-in, what a candidate may reach and what never leaves the server."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from simulator import attempts, quick
from simulator.models import Attempt, Draft, Marking
from simulator.phases import GRACE
from tests import factories as f


@pytest.fixture
def attempt_id(db, clock):
    with db.write() as session:
        return f.make_attempt(session, clock()).id


@pytest.fixture
def student(log_in):
    return log_in("s1")


def put(client, attempt_id, position, response, rev=0):
    return client.put(f"/attempts/{attempt_id}/drafts/{position}", json={"rev": rev, "response": response})


def upload(client, attempt_id, data, name="t.csv", position=6, field="data"):
    return client.post(f"/attempts/{attempt_id}/uploads/{position}/{field}", data={"file": (io.BytesIO(data), name)})


def test_saving_answers_with_revision_time_and_remaining_milliseconds(student, attempt_id, clock):
    answer = put(student, attempt_id, 1, {"answer": ["T"]})
    assert answer.json == {"rev": 1, "saved_at": "09:00:00", "remaining_ms": 30 * 60 * 1000}


def test_a_connection_that_goes_when_all_is_said_does_not_spoil_the_answer(student, attempt_id, db, monkeypatch):
    def session(*, write):
        opened = open_session(write=write)
        if write:
            monkeypatch.setattr(opened, "close", gone)
        return opened

    def gone():
        raise OperationalError("ROLLBACK", {}, Exception("server closed the connection"))

    open_session = db.session
    monkeypatch.setattr(db, "session", session)
    monkeypatch.setattr(quick, "WAYS", {})  # the short way opens no session
    assert put(student, attempt_id, 1, {"answer": ["T"]}).json["rev"] == 1


def test_an_older_revision_gets_what_the_server_has(student, attempt_id):
    put(student, attempt_id, 1, {"answer": ["T"]})
    put(student, attempt_id, 1, {"answer": ["F"]}, rev=1)
    answer = put(student, attempt_id, 1, {"answer": ["T"]}, rev=0)
    assert answer.status_code == 409
    assert answer.json["rev"] == 2
    assert answer.json["response"] == {"answer": ["F"]}
    assert answer.json["saved_at"] == "09:00:00"


def test_an_expired_attempts_save_is_refused_with_a_sentence(student, attempt_id, db, clock):
    with db.read() as session:
        deadline = attempts.deadline(session.get_one(Attempt, attempt_id))
    clock.now = deadline + GRACE
    answer = put(student, attempt_id, 1, {"answer": ["T"]})
    assert answer.status_code == 410
    assert answer.json["error"] == "考试已结束，不能再修改作答。"
    assert upload(student, attempt_id, b"a\n1\n").status_code == 410


@pytest.mark.parametrize(
    ("response", "status", "words"),
    [
        ({"answer": ["T"], "score": 100}, 422, "本题没有的项：score"), ([], 422, "格式不对"), ({"answer": [1]}, 422, "不能识别"),
        ({"answer": {"a": "b"}}, 422, "不能识别"), ({"answer": "x" * 400_000}, 413, "太长"),
    ],
)
def test_strange_responses_are_refused_with_a_sentence(student, attempt_id, db, response, status, words):
    answer = put(student, attempt_id, 1, response)
    assert (answer.status_code, words in answer.json["error"]) == (status, True), answer.text
    with db.read() as session:
        assert session.scalars(select(Draft)).first() is None


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"rev": "1"}', b'{"rev": null, "response": {}}'])
def test_broken_save_requests_are_refused_as_json(student, attempt_id, body):
    answer = student.put(f"/attempts/{attempt_id}/drafts/1", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["ok"] is False


def test_nobody_reaches_another_candidates_attempt(log_in, attempt_id):
    other = log_in("s2")
    assert put(other, attempt_id, 1, {"answer": ["T"]}).status_code == 404
    for path in ("1", "clock", "hand-in", "result", "result/sheet", "files/7/data.csv", "uploads/6/data"):
        assert other.get(f"/attempts/{attempt_id}/{path}").status_code == 404, path
    assert other.post(f"/attempts/{attempt_id}/submit").status_code == 404


def test_given_files_are_served_and_keys_and_samples_never(student, attempt_id):
    with student.get(f"/attempts/{attempt_id}/files/7/data.csv") as answer:
        assert answer.data == b"a\n1\n2\n3\n"
    for name in ("secret.txt", "../key/secret.txt", "..%2Fkey%2Fsecret.txt", "task.yaml", "%2Fetc%2Fpasswd"):
        answer = student.get(f"/attempts/{attempt_id}/files/7/{name}")
        assert answer.status_code == 404
        assert b"EXPECTED-SECRET" not in answer.data


def test_an_upload_is_read_at_once_and_shown(student, attempt_id, db):
    answer = upload(student, attempt_id, "城市,数量\n宁波,3\n".encode("gbk"))
    assert answer.status_code == 200, answer.text
    assert answer.json["preview"] == {"columns": ["城市", "数量"], "rows": [["宁波", "3"]], "count": 1}
    value = {k: answer.json[k] for k in ("blob", "name", "size")}
    assert put(student, attempt_id, 6, {"data": value}).status_code == 200
    download = student.get(f"/attempts/{attempt_id}/uploads/6/data")
    assert download.data == "城市,数量\n宁波,3\n".encode("gbk")
    assert "attachment" in download.headers["Content-Disposition"]


def test_an_unreadable_upload_is_refused_and_the_old_one_stays(student, attempt_id):
    good = upload(student, attempt_id, b"a\n1\n").json
    put(student, attempt_id, 6, {"data": {k: good[k] for k in ("blob", "name", "size")}})
    answer = upload(student, attempt_id, b"PK\x03\x04" + b"\0" * 100, "bomb.csv")
    assert answer.status_code == 422
    assert answer.json["error"]
    assert student.get(f"/attempts/{attempt_id}/uploads/6/data").data == b"a\n1\n"


def test_a_huge_upload_is_refused_with_a_sentence(student, attempt_id, app):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = upload(student, attempt_id, b"x" * 5000)
    assert answer.status_code == 413


def test_file_fields_take_only_stored_blobs(student, attempt_id):
    assert put(student, attempt_id, 6, {"data": {"blob": "../../etc/passwd", "name": "x", "size": 1}}).status_code == 422
    assert put(student, attempt_id, 6, {"data": {"blob": "0" * 64, "name": "x", "size": 1}}).status_code == 422


def test_hand_in_marks_choices_at_once_and_is_idempotent(student, attempt_id, db):
    for _ in range(2):
        answer = student.post(f"/attempts/{attempt_id}/submit")
        assert answer.status_code == 303
        assert answer.location == f"/attempts/{attempt_id}/result"
    with db.read() as session:
        states = [m.state for m in session.scalars(select(Marking).order_by(Marking.id))]
    assert states == ["done"] * 6 + ["queued"]
    assert put(student, attempt_id, 1, {"answer": ["T"]}).status_code == 410


def test_flag_and_clock(student, attempt_id, db, clock):
    assert student.put(f"/attempts/{attempt_id}/flags/2", json={"flagged": True}).status_code == 204
    clock.forward(minutes=10)
    assert student.get(f"/attempts/{attempt_id}/clock").json == {
        "remaining_ms": 20 * 60 * 1000, "state": "running", "overtime_ms": 0, "server_time": "09:10:00", "notice_id": 0,
    }
    with db.read() as session:
        assert session.get_one(Attempt, attempt_id).tasks[1].flagged


def test_without_a_log_in_saves_are_told_so(client, attempt_id):
    assert put(client, attempt_id, 1, {}).status_code == 401
    assert client.get(f"/attempts/{attempt_id}/1").status_code == 302


def test_forms_need_a_csrf_token(app, log_in, attempt_id):
    client = log_in("s1")
    app.config["WTF_CSRF_ENABLED"] = True
    assert client.post(f"/attempts/{attempt_id}/submit").status_code == 400
    assert put(client, attempt_id, 1, {"answer": ["T"]}).status_code == 400
