"""The power goes at the worst moments, and files arrive that no server should swallow. Real processes, no browser needed."""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from simulator.models import Attempt, Marking, Submission, VerdictRow
from simulator.pages.exam import load_sheet
from tests import factories
from tests.browser import tree
from tests.browser.client import Client
from tests.browser.hall import Hall, wait_until

pytestmark = pytest.mark.browser

SENTENCE = re.compile(r"[\u4e00-\u9fff].*[。！]")
MARKING_S = 90
MB = 1024 * 1024
SLOW = "import time\ntime.sleep(3)\n" + tree.PROGRAM


def answers(hall: Hall, attempt_id: int, program: str) -> dict[int, dict[str, object]]:
    """Full marks for theory, the numbers and the program; the files and position 8 stay blank: 6 + 4 + 4 of 18."""
    with hall.services.db.read() as session:
        items = load_sheet(session, session.get_one(Attempt, attempt_id)).attempt.tasks
        theory = {item.position: factories.right_answer(hall.services, session, item) for item in items[:5]}
    return {**theory, 6: {"rows": "3", "note": "去重"}, 7: {"program": program}}


def sit(hall: Hall, program: str = tree.PROGRAM) -> tuple[str, Client, int]:
    """Log in, start, and save every answer; the server has confirmed each one."""
    username = hall.person()
    attempt_id = hall.attempt(username, hall.exam())
    client = Client(hall.port, username)
    for position, response in answers(hall, attempt_id, program).items():
        saved = client.save(attempt_id, position, response)
        assert (saved.status, saved.json["rev"]) == (200, 1), saved.text
    return username, client, attempt_id


def check_marked_once(hall: Hall, attempt_id: int) -> None:
    """One submission per task, one settled marking per submission, and the right sum."""
    with hall.services.db.read() as session:
        submissions = session.scalars(select(Submission.position).where(Submission.attempt_id == attempt_id)).all()
        assert sorted(submissions) == list(range(1, 9))
        states = session.scalars(select(Marking.state).join(Submission).where(Submission.attempt_id == attempt_id)).all()
        assert states == ["done"] * 8
        earned, count = session.execute(
            select(func.sum(VerdictRow.earned), func.count()).join(Marking).join(Submission).where(Submission.attempt_id == attempt_id)
        ).one()
        assert (earned, count) == (Decimal(14), 5 + 3 + 2 + 2)


def all_marked(hall: Hall, attempt_id: int) -> bool:
    with hall.services.db.read() as session:
        query = select(func.count()).select_from(Marking).join(Submission)
        return session.scalar(query.where(Submission.attempt_id == attempt_id, Marking.state != "done")) == 0


@pytest.mark.sandbox
def test_killed_between_draft_and_hand_in_nothing_is_lost(own_hall):
    username, _client, attempt_id = sit(own_hall.start())
    own_hall.kill()
    before = answers(own_hall, attempt_id, tree.PROGRAM)
    assert {position: own_hall.draft(attempt_id, position) for position in before} == before

    client = Client(own_hall.start().port, username)
    assert "14 / 18" not in client.get(f"/attempts/{attempt_id}/2").text
    # The browser repeats a save whose answer it has not seen: nothing changes.
    assert client.save(attempt_id, 6, before[6]).json["rev"] == 1
    assert client.post(f"/attempts/{attempt_id}/submit").status == 303
    wait_until(lambda: all_marked(own_hall, attempt_id), MARKING_S, "not marked")
    check_marked_once(own_hall, attempt_id)


@pytest.mark.sandbox
def test_killed_between_hand_in_and_marking_the_next_server_marks(own_hall):
    username, client, attempt_id = sit(own_hall.start(), SLOW)
    assert client.post(f"/attempts/{attempt_id}/submit").status == 303
    own_hall.kill()
    assert not all_marked(own_hall, attempt_id)
    client = Client(own_hall.start().port, username)
    assert client.get(f"/attempts/{attempt_id}/1").status == 302  # handed in: leads to the result
    assert client.save(attempt_id, 6, {"rows": "4"}, rev=1).status == 410
    assert client.post(f"/attempts/{attempt_id}/submit").status == 303  # pressed again: nothing is doubled
    wait_until(lambda: all_marked(own_hall, attempt_id), MARKING_S, "not marked")
    check_marked_once(own_hall, attempt_id)
    sheet = client.get(f"/attempts/{attempt_id}/result/sheet").text
    assert re.search(r"14\s*<small>/ 18</small>", sheet)


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_200_mb_are_refused_with_a_sentence_and_little_memory(own_hall, chunked):
    _username, client, attempt_id = sit(own_hall.start())
    assert client.upload(attempt_id, 6, "data", "a.csv", [b"a\n1\n"]).status == 200
    before = own_hall.memory_mb("VmRSS")
    answer = client.upload(attempt_id, 6, "data", "big.csv", [b"1234567\n" * (MB // 8)] * 200, chunked=chunked)
    assert answer.status == 413
    assert SENTENCE.search(answer.json["error"]), answer.text
    assert own_hall.memory_mb("VmHWM") - before < 60
    assert client.save(attempt_id, 6, {"rows": "4"}, rev=1).status == 200  # the server goes on


def bomb(name: str, megabytes: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as file:
        for _ in range(megabytes):
            file.write(bytes(MB))
    return data.getvalue()


@pytest.mark.parametrize("name", ["bomb.csv", "bomb.xlsx"])
def test_a_zip_bomb_is_refused_with_a_sentence(hall, name):
    username = hall.person()
    attempt_id = hall.attempt(username, hall.exam())
    client = Client(hall.port, username)
    client.upload(attempt_id, 6, "data", "a.csv", [b"a\n1\n"])
    before = hall.memory_mb("VmHWM")
    answer = client.upload(attempt_id, 6, "data", name, [bomb("xl/worksheets/sheet1.xml", 300)])
    assert answer.status == 422
    assert SENTENCE.search(answer.json["error"])
    assert hall.memory_mb("VmHWM") - before < 60
