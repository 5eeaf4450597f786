"""Classes: rename, division, archive, move, new passwords; and who is let in."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from simulator import attempts, people
from simulator.models import Event, Group
from tests import factories as f


@pytest.fixture
def ids(db):
    with db.read() as session:
        return dict(iter(session.execute(select(Group.name, Group.id))))


def change(client, ids, name, division="", group="一班"):
    return client.post(f"/admin/classes/{ids[group]}", data={"name": name, "division": division})


def groups(db):
    with db.read() as session:
        return dict(iter(session.execute(select(Group.name, Group.division))))


def test_a_class_is_renamed_and_gets_a_division(log_in, db, ids):
    admin = log_in("a1")
    assert change(admin, ids, " 三级 1 班 ", "职工组").status_code == 302
    assert groups(db) == {"三级 1 班": "职工组", "二班": ""}
    page = admin.get("/admin/classes").text
    assert "三级 1 班" in page
    assert "职工组" in page
    assert {"班级改名", "设组别"} <= set(re.findall("班级改名|设组别", admin.get("/admin/events?area=group").text))


@pytest.mark.parametrize(("name", "division", "words"), [
    ("二班", "", "已经存在"), ("", "", "1 到 80 字"), ("长" * 81, "", "1 到 80 字"), ("甲", "长" * 21, "20 字"),
])
def test_bad_names_are_refused(log_in, db, ids, name, division, words):
    answer = change(log_in("a1"), ids, name, division)
    assert answer.status_code == 422
    assert words in answer.text
    assert groups(db) == {"一班": "", "二班": ""}


def test_an_archived_class_is_in_no_form_and_its_students_stay_out(log_in, app, db, ids):
    admin, student, staff = log_in("a1"), log_in("s1"), log_in("i1")
    assert student.get("/").status_code == 200
    assert admin.post(f"/admin/classes/{ids['一班']}/archive").status_code == 302
    assert student.get("/").status_code == 302  # the open session ended
    refused = app.test_client().post("/login", data={"username": "s1", "password": f.PASSWORD})
    assert refused.status_code == 401
    assert "一班" not in staff.get("/desk/exams/new").text
    assert "二班" in staff.get("/desk/exams/new").text
    assert ">一班</option>" not in admin.get("/admin/people").text
    assert "已归档" in admin.get("/admin/people").text
    assert log_in("s3").get("/").status_code == 200
    assert admin.post("/admin/people", data={"username": "x1", "name": "某", "role": "student", "group": "一班"}).status_code == 422


def test_moving_to_another_class_or_restoring_lets_them_in_again(log_in, db, ids):
    admin = log_in("a1")
    admin.post(f"/admin/classes/{ids['一班']}/archive")
    with db.read() as session:
        user = f.user(session, "s1").id
    assert admin.post("/admin/classes/move", data={"user": [user], "to": ids["二班"]}).status_code == 302
    assert log_in("s1").get("/").status_code == 200
    assert admin.post(f"/admin/classes/{ids['一班']}/archive").status_code == 302  # restore
    assert log_in("s2").get("/").status_code == 200


def test_staff_are_never_locked_out_by_a_class(log_in, db, ids, clock):
    with db.write() as session:
        f.people_add(session, "t9", "带班教师", "teacher", "一班", clock())
    log_in("a1").post(f"/admin/classes/{ids['一班']}/archive")
    assert log_in("t9").get("/catalog/").status_code == 200


def test_a_class_that_sits_an_exam_is_not_archived_nor_thrown_out(log_in, db, ids, clock):
    with db.write() as session:
        attempt = f.make_attempt(session, clock())
        attempt_id = attempt.id
    admin = log_in("a1")
    for deed in ("archive", "reset"):
        answer = admin.post(f"/admin/classes/{ids['一班']}/{deed}")
        assert answer.status_code == 409
        assert "正在作答" in answer.text
    with db.write() as session:
        attempts.submit(session, session.get_one(type(attempt), attempt_id), clock(), by="candidate")
    assert admin.post(f"/admin/classes/{ids['一班']}/archive").status_code == 302


def test_all_students_are_moved(log_in, db, ids):
    admin = log_in("a1")
    assert admin.post(f"/admin/classes/{ids['一班']}/move", data={"to": ids["二班"]}).status_code == 302
    with db.read() as session:
        assert {f.user(session, name).group.name for name in ("s1", "s2", "s3")} == {"二班"}
        assert len(session.scalars(select(Event).where(Event.what == "person.moved")).all()) == 2


@pytest.mark.parametrize(("users", "to", "status"), [
    ([], "二班", 422), (["i1"], "二班", 422), (["s1"], "", 422), (["s1", "?"], "二班", 422), (["s1"], "没有", 404),
])
def test_what_cannot_be_moved_is_refused(log_in, db, ids, users, to, status):
    with db.read() as session:
        numbers = [99_999 if name == "?" else f.user(session, name).id for name in users]
    answer = log_in("a1").post("/admin/classes/move", data={"user": numbers, "to": ids.get(to, "99999" if to else "")})
    assert answer.status_code == status
    with db.read() as session:
        assert f.user(session, "s1").group.name == "一班"


def test_the_whole_class_gets_new_one_time_passwords(log_in, db, ids, clock):
    admin, student = log_in("a1"), log_in("s1")
    page = admin.post(f"/admin/classes/{ids['一班']}/reset").text
    words = re.findall(r'<code>(\w+)</code></td><td><code class="big">([a-z0-9]+)</code>', page)
    assert [name for name, _ in words] == ["s1", "s2"]
    assert student.get("/").status_code == 302
    with db.write() as session:
        assert people.log_in(session, "s1", f.PASSWORD, clock()) is None
        assert people.log_in(session, "s1", words[0][1], clock()).must_change
        assert not f.user(session, "s3").must_change


def test_a_new_class(log_in, db):
    admin = log_in("a1")
    assert admin.post("/admin/classes", data={"name": "三班"}).status_code == 302
    assert admin.post("/admin/classes", data={"name": " "}).status_code == 422
    assert "三班" in groups(db)
    assert "建立班级" in admin.get("/admin/events?area=group").text
