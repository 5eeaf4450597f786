"""The short way of saves and signs of life says and stores what the long way does, in every situation that there is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from simulator import attempts, boards, marking, pausing, proctoring, quick, seats
from simulator.models import Attempt, AttemptTask, Credit, Draft, Event, Exam, Group
from simulator.modules import leave
from simulator.phases import GRACE
from simulator.proctoring import Scope
from tests import factories as f
from tests.simulator.test_sitting_time import FREE, LINEAR, paper

END = timedelta(minutes=30)


def nothing(session, attempt, clock):
    pass


def closed(session, attempt, clock):
    attempts.submit(session, attempt, clock(), by="candidate")


def paused(session, attempt, clock):
    pausing.pause(session, attempt, clock(), f.user(session, "i1").id)


def extended(session, attempt, clock):
    proctoring.extend(session, attempt.exam, Scope(user_id=attempt.user_id), 10, clock(), who=f.user(session, "i1").id)
    clock.now = attempt.started_at + END + timedelta(minutes=9)


def at(after):
    def set_clock(_session, attempt, clock):
        clock.now = attempt.started_at + after

    return set_clock


def left(session, attempt, clock):
    leave(session, attempt, 0, clock())


def one_time(session, attempt, clock):
    attempt.user.must_change = True


def other_epoch(session, attempt, clock):
    attempt.user.session_epoch += 1


def locked(session, attempt, clock):
    attempt.user.active = False


def archived(session, attempt, clock):
    attempt.user.group = Group(name=f"旧班 {attempt.id}", archived_at=clock())


def elsewhere(session, attempt, clock):
    seats.bind(attempt, "another browser")


def stored(session, attempt, clock):
    attempts.save_draft(session, attempt, 1, 0, {"answer": ["F"]}, clock())


def same(session, attempt, clock):
    attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock())


def other_person(session, attempt, clock):
    attempt.user = f.user(session, "s3")


GOOD = {"rev": 0, "response": {"answer": ["T"]}}
CASES = [
    # what was done before, paper, position, body, status
    (nothing, {}, 1, GOOD, 200), (nothing, {}, 99, GOOD, 404), (nothing, {}, 1, {"rev": "0"}, 400), (nothing, {}, 1, [], 400),
    (nothing, {}, 1, {"rev": True, "response": {"answer": ["T"]}}, 200), (nothing, {}, 1, {"rev": 0, "response": {"x": 1}}, 422),
    (nothing, {}, 1, {"rev": 0, "response": "x"}, 422), (nothing, {}, 6, {"rev": 0, "response": {"rows": "9" * 400_000}}, 413),
    (closed, {}, 1, GOOD, 410), (paused, {}, 1, GOOD, 423), (extended, {}, 1, GOOD, 200), (at(END), {}, 1, GOOD, 200),
    (at(END + GRACE), {}, 1, GOOD, 410), (at(END), {"overtime": "minus-1-per-minute-up-to-5"}, 1, GOOD, 200),
    (at(timedelta(minutes=36)), {"overtime": "minus-1-per-minute-up-to-5"}, 1, GOOD, 410),
    (nothing, LINEAR, 1, GOOD, 200), (nothing, LINEAR, 6, {"rev": 0, "response": {"rows": "3"}}, 410), (left, LINEAR, 1, GOOD, 410),
    (nothing, FREE, 1, GOOD, 410), (at(timedelta(minutes=10)), LINEAR, 1, GOOD, 200),
    (at(timedelta(minutes=10) + GRACE), LINEAR, 1, GOOD, 410),
    (one_time, {}, 1, GOOD, 403), (other_epoch, {}, 1, GOOD, 401), (locked, {}, 1, GOOD, 401), (archived, {}, 1, GOOD, 401),
    (elsewhere, {}, 1, GOOD, 423), (stored, {}, 1, GOOD, 409), (stored, {}, 1, {**GOOD, "rev": 1}, 200), (same, {}, 1, GOOD, 200),
    (other_person, {}, 1, GOOD, 404),
]


@pytest.fixture
def sat(db, clock, log_in):
    """Return a function that makes the situation for one person, and gives their browser, the attempt's id, and its end of the day."""

    def make(username, before, changes):
        client = log_in(username)
        with db.write() as session:
            exam = f.make_exam(session, clock(), paper=paper(session, title=username, **changes), closes_at=clock() + timedelta(hours=5))
            attempt = f.make_attempt(session, clock(), username, exam=exam)
            session.refresh(attempt)
            before(session, attempt, clock)
            return client, attempt.id

    return make


def ways(monkeypatch, sat, clock, before, changes, ask):
    """Return what the short and the long way give, from the same moment, and how often the short one answered by itself."""
    began, given, counted = clock(), [], []
    for username, table in (("s1", dict(quick.WAYS)), ("s2", {})):
        clock.now = began
        noted = {name: lambda way=way, **k: counted.append(way(**k)) or counted[-1] for name, way in table.items()}
        monkeypatch.setattr(quick, "WAYS", noted)
        client, attempt_id = sat(username, before, changes)
        answer = ask(client, attempt_id)
        given.append((answer.status_code, answer.json, attempt_id))
    return given, any(counted)


@pytest.mark.parametrize(("before", "changes", "position", "body", "status"), CASES)
def test_a_save_ends_alike_on_both_ways(monkeypatch, sat, db, clock, before, changes, position, body, status):
    (short, long), by_itself = ways(
        monkeypatch, sat, clock, before, changes, lambda client, number: client.put(f"/attempts/{number}/drafts/{position}", json=body))
    assert short[:2] == long[:2]
    assert short[0] == status
    with db.read() as session:
        kept = [session.get(Draft, (given[2], position)) for given in (short, long)]
        assert len({(d.rev, str(d.response), d.saved_at) if d else None for d in kept}) == 1
        assert len({session.get_one(Attempt, given[2]).last_save_at for given in (short, long)}) == 1
    assert by_itself == (status == 200 and body.get("rev") is not True)


BEATS = [
    (0, {"position": 1}, "127.0.0.1", nothing), (5, {"position": 1}, "127.0.0.1", nothing), (12, {"position": 1}, "127.0.0.1", nothing),
    (12, {}, "127.0.0.1", nothing), (12, {"position": 99}, "127.0.0.1", nothing), (12, {"position": "x"}, "127.0.0.1", nothing),
    (60, {"position": 1}, "127.0.0.1", nothing), (12, {"position": 1}, "10.0.0.9", nothing), (12, {"position": 1}, "127.0.0.1", paused),
    (12, {"position": 1}, "127.0.0.1", closed), (12, {"position": 1}, "127.0.0.1", elsewhere), (40, [], "127.0.0.1", nothing),
]


@pytest.mark.parametrize(("after", "body", "address", "before"), BEATS)
@pytest.mark.parametrize("changes", [{}, LINEAR])
def test_a_sign_of_life_is_taken_alike_on_both_ways(monkeypatch, sat, db, clock, after, body, address, before, changes):
    def ask(client, number):
        path = f"/attempts/{number}/clock" + ("?module=0" if changes else "")
        client.post(path, json={"position": 1}, environ_base={"REMOTE_ADDR": "127.0.0.1"})
        clock.forward(seconds=after)
        return client.post(path, json=body, environ_base={"REMOTE_ADDR": address})

    (short, long), by_itself = ways(monkeypatch, sat, clock, before, changes, ask)
    assert short[:2] == long[:2]
    with db.read() as session:
        for rows in (
            select(Attempt.seen_at, Attempt.address), select(Event.what).where(Event.what.like("attempt.%")),
            select(Credit.kind, Credit.seconds),
        ):
            found = [session.execute(rows.where(_of(rows) == given[2])).all() for given in (short, long)]
            assert found[0] == found[1]
        spent = [session.get_one(AttemptTask, (given[2], 1)).seconds for given in (short, long)]
        assert spent[0] == spent[1] == (12 if after == 12 and body == {"position": 1} and before is nothing else 0)
    assert by_itself == (before in (nothing, paused) and after < 45 and address == "127.0.0.1")


def _of(rows):
    table = rows.get_final_froms()[0]
    return table.c.id if table.name == "attempt" else table.c.attempt_id


def drafts(session, attempt, clock):
    attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock.forward(minutes=1))
    attempts.save_draft(session, attempt, 3, 0, {"answer": ["B"]}, clock.forward(minutes=1))
    attempts.save_draft(session, attempt, 6, 0, {"rows": "3"}, clock())
    attempts.flag(session, attempt, 2, True, clock())


SCREENS = [
    # what was done before, paper, how the exam is, screen, whether the short way shows it
    (nothing, {}, {}, 1, True), (drafts, {}, {}, 1, True), (paused, {}, {}, 1, True), (at(END), {}, {}, 1, True),
    (at(END + GRACE), {}, {}, 1, False), (drafts, {"shuffle_options": False}, {"mode": "practice"}, 1, True), (drafts, {}, {}, 2, False),
    (nothing, {}, {}, 99, False), (closed, {}, {}, 1, False), (elsewhere, {}, {}, 1, False), (drafts, {}, {"title": "<b>&\""}, 1, True),
    (nothing, LINEAR, {}, 1, False), (nothing, {"overtime": "minus-1-per-minute-up-to-5"}, {}, 1, True), (other_person, {}, {}, 1, False),
]


@pytest.mark.parametrize(("before", "changes", "how", "screen", "kept"), SCREENS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_screen_is_the_same_page_on_both_ways(monkeypatch, app, db, clock, log_in, before, changes, how, screen, kept, language):
    """Two candidates of a contest share what is kept: the second one's page is filled from the first one's."""
    with db.write() as session:
        exam = f.make_exam(session, clock(), **{
            "paper": paper(session, **changes), "closes_at": clock() + timedelta(hours=5), "mode": "contest", **how})
        first = f.make_attempt(session, clock(), "s2", exam=exam).id
        attempt = f.make_attempt(session, clock(), "s1", exam=exam)
        session.refresh(attempt)
        before(session, attempt, clock)
        address = f"/attempts/{attempt.id}/{screen}"
    other, client = log_in("s2"), log_in("s1")
    for browser in (other, client):
        browser.post("/language", data={"lang": language})
        browser.get("/")  # what is told at the log-in is told once
    other.get(f"/attempts/{first}/{screen}")
    table = dict(quick.WAYS)
    counted = []
    monkeypatch.setattr(quick, "WAYS", {"exam.screen": lambda **k: counted.append(table["exam.screen"](**k)) or counted[-1]})
    short = client.get(address)
    monkeypatch.setattr(quick, "WAYS", {})
    long = client.get(address)
    assert (short.status_code, without_token(short.text)) == (long.status_code, without_token(long.text))
    assert any(counted) == kept


def done(session, exam, username, at, answer):
    attempt = f.make_attempt(session, at, username, exam=exam)
    attempts.save_draft(session, attempt, 1, 0, {"answer": [answer]}, at)
    attempts.submit(session, attempt, at, by="candidate")
    return attempt


BOARDS = [
    # how the exam is, who looks, what is asked for, whether the short way shows it
    ({}, "s1", "", True), ({"title": "<b>&"}, "s2", "", True), ({"mode": "mock"}, "s1", "", True), ({"mode": "practice"}, "s1", "", False),
    ({"release": "held"}, "s1", "", False), ({"blind": True, "release": "auto"}, "s1", "", True), ({}, "s3", "", False),
    ({}, "i1", "", False), ({}, "a1", "", False), ({}, "s1", "?division=x", False),
    ({"awards": {"rows": [{"name": "奖", "count": 1}]}}, "s1", "", True),
]


@pytest.mark.parametrize(("how", "who", "query", "short"), BOARDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_board_is_the_same_page_on_both_ways(monkeypatch, app, db, clock, log_in, services, how, who, query, short, language):
    with db.write() as session:
        exam = f.make_exam(session, clock(), **{"mode": "contest", **how})
        ids = [done(session, exam, username, clock(), answer).id for username, answer in (("s1", "T"), ("s2", "F"))]
        address = f"/exams/{exam.id}/board"
    for attempt_id in ids:
        marking.mark_quick(services.marker(), attempt_id)
    other, client = log_in("s2"), log_in(who)
    for browser in (other, client):
        browser.post("/language", data={"lang": language})
        browser.get("/")
    other.get(address)  # renders the rows
    other.get(address)  # renders what stands around them
    table, counted = dict(quick.WAYS), []
    monkeypatch.setattr(quick, "WAYS", {"board.show": lambda **k: counted.append(table["board.show"](**k)) or counted[-1]})
    one = client.get(address + query)
    monkeypatch.setattr(quick, "WAYS", {})
    two = client.get(address + query)
    assert (one.status_code, without_token(one.text)) == (two.status_code, without_token(two.text))
    assert any(counted) == short


def test_a_board_that_has_not_changed_says_nothing(db, clock, log_in, services):
    with db.write() as session:
        exam = f.make_exam(session, clock(), mode="contest")
        done(session, exam, "s1", clock(), "T")
        exam_id = exam.id
    client = log_in("s1")
    [version] = re.findall(r"rows\?v=([0-9a-f.]+)", client.get(f"/exams/{exam_id}/board").text)
    assert client.get(f"/exams/{exam_id}/board/rows?v={version}").status_code == 204
    assert client.get("/exams/99/board/rows?v=").status_code == 404
    with db.write() as session:
        done(session, session.get_one(Exam, exam_id), "s2", clock(), "F")
    assert "s2" in client.get(f"/exams/{exam_id}/board/rows?v={version}").text


def test_a_crowd_asks_for_the_version_of_a_board_once(app, db, clock, log_in, services):
    app.config["BOARD_LAG_S"] = 60
    with db.write() as session:
        exam_id = f.make_exam(session, clock(), mode="contest").id
    client, said = log_in("s1"), []
    with services.db.reader() as connection:
        version = boards.newest(connection, exam_id, clock())
    event.listen(services.db.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    assert [client.get(f"/exams/{exam_id}/board/rows?v={version}").status_code for _n in range(3)] == [204] * 3
    assert len(said) == 1


def without_token(page):
    return re.sub(r'(name="csrf-token" content|name="csrf_token" value)="[^"]*"', "", page)


def test_a_message_for_the_next_page_is_shown_once(log_in, db, clock):
    with db.write() as session:
        attempt_id = f.make_attempt(session, clock()).id
    client = log_in("s1")
    client.get(f"/attempts/{attempt_id}/1")
    client.post(f"/attempts/{attempt_id}/1", data={"f-1-answer": "T"})
    assert "已保存 09:00:00" in client.get(f"/attempts/{attempt_id}/1").text
    assert "已保存 09:00:00" not in client.get(f"/attempts/{attempt_id}/1").text


def test_a_page_of_a_module_shows_the_modules_time_after_a_save(sat, clock):
    client, attempt_id = sat("s1", nothing, LINEAR)
    clock.forward(minutes=4)
    assert client.put(f"/attempts/{attempt_id}/drafts/1", json=GOOD).json["remaining_ms"] == 6 * 60 * 1000


def test_the_short_way_asks_little(sat, services, clock):
    """The saves of a whole school are carried by it: one question, two writes."""
    client, attempt_id = sat("s1", nothing, {})
    client.put(f"/attempts/{attempt_id}/drafts/1", json=GOOD)
    said = []
    listen = lambda *args: said.append(args[2].split()[0])  # noqa: E731
    event.listen(services.db.engine, "before_cursor_execute", listen)
    assert client.put(f"/attempts/{attempt_id}/drafts/1", json={"rev": 1, "response": {"answer": ["F"]}}).status_code == 200
    event.remove(services.db.engine, "before_cursor_execute", listen)
    assert said == ["SELECT", "UPDATE", "INSERT"]
