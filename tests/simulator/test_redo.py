"""The 错题本: what enters and leaves it, and that no key is served before the answer."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from simulator import appeals, redo
from simulator.models import Attempt, Exam, Redo, TaskVersion
from tests import factories as f
from tests.simulator.report_world import make, sit

STEM = re.compile(r"第 \d+ 道题的题干")


@pytest.fixture
def sat(db, services, clock):
    """A released mock exam in which s1 has 2 of 5 theory items right; returns its id."""
    exam = make(db, clock)
    sit(db, services, clock, exam, "s1", 2)
    clock.forward(hours=1)
    return exam


def book(db, services, clock, username="s1"):
    with db.read() as session:
        return redo.book(session, services.tasks, f.user(session, username), clock())


def key(db, services, version_id):
    with db.read() as session:
        task = services.tasks.get(session, session.get_one(TaskVersion, version_id))
        return list(task.bound["M1"]["key"]), list(getattr(task.fields[0], "options", {}) or ("T", "F"))


def give(db, services, clock, version_id, right, client):
    """Open the item, answer it right or wrong, and return the page that follows."""
    clock.forward(minutes=1)
    page = client.get(f"/me/mistakes/items/{version_id}").text
    [last] = re.findall(r'name="last" value="(\d+)"', page)
    good, options = key(db, services, version_id)
    chosen = good if right else [next(option for option in options if option not in good)]
    return client.post(f"/me/mistakes/items/{version_id}", data={"last": last, "answer": chosen}, follow_redirects=True)


def test_what_was_wrong_stands_in_the_book(db, services, clock, sat):
    found = book(db, services, clock)
    assert len(found) == 3
    assert all(m.inside and m.wrong == 1 and m.exams == {sat} for m in found)
    assert book(db, services, clock, "s2") == []


def test_a_blank_item_is_a_mistake(db, services, clock):
    exam = make(db, clock)
    with db.write() as session:
        attempt = f.make_attempt(session, clock(), "s1", session.get_one(Exam, exam))
        from simulator import attempts, marking
        attempts.submit(session, attempt, clock(), by="candidate")
        attempt_id = attempt.id
    marking.mark_quick(services.marker(), attempt_id)
    assert len(book(db, services, clock)) == 5


def test_two_right_answers_in_a_row_leave_and_a_wrong_one_comes_back(db, services, clock, sat, log_in):
    client, version = log_in("s1"), book(db, services, clock)[0].version_id

    def inside():
        return next(m for m in book(db, services, clock) if m.version_id == version).inside

    assert "再连续答对 1 次" in give(db, services, clock, version, True, client).text
    assert inside()
    assert "这道题留在错题本里" in give(db, services, clock, version, False, client).text
    give(db, services, clock, version, True, client)
    assert inside()  # right, wrong, right: one in a row
    assert "这道题离开错题本" in give(db, services, clock, version, True, client).text
    assert not inside()
    assert "已经掌握的题" in client.get("/me/mistakes").text
    give(db, services, clock, version, False, client)
    assert inside()


def test_an_item_can_be_brought_back(db, services, clock, sat, log_in):
    client, version = log_in("s1"), book(db, services, clock)[0].version_id
    for _ in range(2):
        give(db, services, clock, version, True, client)
    page = client.post(f"/me/mistakes/items/{version}/back", follow_redirects=True)
    assert "已放回错题本" in page.text
    assert next(m for m in book(db, services, clock) if m.version_id == version).streak == 0
    assert "再连续答对 1 次" in give(db, services, clock, version, True, client).text


def test_redos_count_for_no_exam(db, services, clock, sat, log_in):
    client = log_in("s1")
    before = client.get("/me/ability").text
    for mistake in book(db, services, clock):
        give(db, services, clock, mistake.version_id, True, client)
    assert "2 / 5 题" in before
    assert "2 / 5 题" in client.get("/me/ability").text


def test_sent_twice_it_is_stored_once(db, services, clock, sat, log_in):
    client, version = log_in("s1"), book(db, services, clock)[0].version_id
    good, _ = key(db, services, version)
    where = {client.post(f"/me/mistakes/items/{version}", data={"last": "0", "answer": good}).location for _ in range(2)}
    assert len(where) == 1
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Redo)) == 1


def test_no_key_before_the_answer_and_the_explanation_after_it(db, services, clock, sat, log_in):
    client = log_in("s1")
    for mistake in book(db, services, clock):
        page = client.get(f"/me/mistakes/items/{mistake.version_id}").text
        assert STEM.search(page)
        assert "解析" not in page
        assert "正确答案" not in page
        assert " checked" not in page
        after = give(db, services, clock, mistake.version_id, False, client).text
        assert "道题的解析" in after
        assert "正确答案" in after
        assert "答错了" in after
    assert "解析" not in client.get("/me/mistakes").text


def test_options_are_shuffled_from_redo_to_redo(db, services, clock, sat):
    with db.read() as session:
        version = session.scalars(select(TaskVersion).where(TaskVersion.form == "single")).first()
        task = services.tasks.get(session, version)
    orders = {tuple(redo.options(task, 1, last)) for last in range(30)}
    assert len(orders) > 5
    assert all(sorted(order) == list("ABCD") for order in orders)


def test_the_result_shows_the_options_in_the_order_in_which_they_were_answered(db, services, clock, sat, log_in):
    client = log_in("s1")
    version = next(m.version_id for m in book(db, services, clock) if m.form == "single")
    for _ in range(4):
        order = re.findall(r'name="answer" value="(\w)"', client.get(f"/me/mistakes/items/{version}").text)
        after = give(db, services, clock, version, False, client).text
        assert re.findall(r'name="answer" value="(\w)"', after) == order


@pytest.mark.parametrize("data", [{}, {"answer": "Z"}, {"answer": ""}])
def test_nothing_chosen_is_refused_and_the_item_stays_open(db, services, clock, sat, log_in, data):
    client, version = log_in("s1"), book(db, services, clock)[0].version_id
    page = client.post(f"/me/mistakes/items/{version}", data={"last": "0", **data})
    assert page.status_code == 422
    assert STEM.search(page.text)
    assert 'role="alert"' in page.text


def test_nobody_elses_items_and_answers(db, services, clock, sat, log_in):
    mine, other = log_in("s1"), log_in("s2")
    version = book(db, services, clock)[0].version_id
    give(db, services, clock, version, True, mine)
    for path in (f"/me/mistakes/items/{version}", "/me/mistakes/redos/1"):
        assert mine.get(path).status_code == 200
        assert other.get(path).status_code == 404
    assert other.post(f"/me/mistakes/items/{version}", data={"answer": "T"}).status_code == 404
    assert other.post(f"/me/mistakes/items/{version}/back").status_code == 404


@pytest.mark.parametrize("changes", [{"release": "held"}, {"mode": "contest"}])
def test_held_results_and_running_contests_stay_out(db, services, clock, sat, log_in, changes):
    version = book(db, services, clock)[0].version_id
    with db.write() as session:
        for name, value in changes.items():
            setattr(session.get_one(Exam, sat), name, value)
    client = log_in("s1")
    assert not STEM.search(client.get("/me/mistakes").text)
    assert client.get(f"/me/mistakes/items/{version}").status_code == 404
    assert client.post(f"/me/mistakes/items/{version}", data={"answer": "T"}).status_code == 404


def test_the_book_is_closed_while_its_owner_sits_an_exam(db, services, clock, sat, log_in):
    version, client = book(db, services, clock)[0].version_id, log_in("s1")
    with db.write() as session:
        f.make_attempt(session, clock(), "s1", title="模拟二")
    for path in ("/me/mistakes", f"/me/mistakes/items/{version}", "/me/mistakes/next?since=0"):
        assert client.get(path).status_code == 403
    assert log_in("s2").get("/me/mistakes").status_code == 200


def test_a_round_goes_through_all_and_ends(db, services, clock, sat, log_in):
    client = log_in("s1")
    page = client.get("/me/mistakes/start", follow_redirects=True)
    for number in range(1, 4):
        assert f"第 {number} 题，共 3 题" in page.text
        [url] = re.findall(r'action="([^"]+)"', page.text.split("data-redo")[0])[-1:]
        version = int(re.search(r"items/(\d+)", url).group(1))
        good, _ = key(db, services, version)
        last = re.search(r'name="last" value="(\d+)"', page.text).group(1)
        answered = client.post(url.replace("&amp;", "&"), data={"last": last, "answer": good}, follow_redirects=True)
        [following] = re.findall(r'href="([^"]+)" data-next', answered.text)
        page = client.get(following.replace("&amp;", "&"), follow_redirects=True)
    assert "做了 3 题，答对 3 题。" in page.text


def test_a_part_of_the_book_and_a_few_at_random(db, services, clock, sat):
    found = book(db, services, clock)
    forms = {m.form for m in found}
    for form in forms:
        part = redo.progress(found, redo.Round(0, 0, redo.Wanted(form=form)))
        assert part.total == sum(m.form == form for m in found)
    assert redo.progress(found, redo.Round(0, 2, redo.Wanted())).total == 2
    assert redo.progress(found, redo.Round(0, 0, redo.Wanted(code="3/1.1"))).total == 3
    assert redo.progress(found, redo.Round(0, 0, redo.Wanted(code="T3.1.1.1"))).total == 3
    assert redo.progress(found, redo.Round(0, 0, redo.Wanted(code="T3.1.1"))).total == 3
    assert redo.progress(found, redo.Round(0, 0, redo.Wanted(code="T3.1.1.11"))).total == 0
    assert redo.progress(found, redo.Round(0, 0, redo.Wanted(exam_id=999))).following is None


def test_practical_tasks_with_lost_marks_lead_to_practice(db, services, clock, sat, log_in):
    client = log_in("s1")
    page = client.get("/me/mistakes").text
    assert "失分的操作题" in page
    assert "一题多类" in page
    assert "现在没有开放的练习包含这道题" in page
    drill = make(db, clock, mode="practice", title="练一练", attempts_allowed=None, closes_at=None)
    page = client.get("/me/mistakes").text
    assert f"/exams/{drill}" in page
    assert "练一练" in page


def test_what_a_person_decided_has_a_word_of_its_own(db, services, clock, sat, log_in):
    with db.write() as session:
        attempt = session.scalars(select(Attempt).where(Attempt.exam_id == sat)).one()
        shared = {"who": f.user(session, "i1"), "zone": services.zone}
        appeals.decide(session, services.tasks, attempt, 6, "M1", "1", "只对一半。", clock(), **shared)
    assert "人工改判" in log_in("s1").get("/me/mistakes").text
