from __future__ import annotations

import pytest
from flask import url_for
from sqlalchemy import select
from werkzeug.routing import AnyConverter, IntegerConverter

from simulator import people
from simulator.errors import Refused
from simulator.models import Group, User
from tests import factories as f


@pytest.fixture
def session(db):
    with db.session(write=True) as session:
        yield session


def test_a_created_account_can_log_in_with_the_password_shown_once(session, clock):
    made = people.create(session, "new1", "新同学", "student", "三班", clock(), who=None)
    user = people.log_in(session, "new1", made.password, clock())
    assert user is not None
    assert user.group.name == "三班"
    assert user.password_hash.startswith("$argon2id$")
    assert made.password not in user.password_hash


@pytest.mark.parametrize(("username", "password"), [("s1", "wrong"), ("nobody", f.PASSWORD), ("", ""), ("s1", ""), ("s1", "x" * 10_000)])
def test_wrong_names_and_passwords_are_refused_alike(session, clock, username, password):
    assert people.log_in(session, username, password, clock()) is None


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"username": "x"}, "2 到 40 位"), ({"username": "a b"}, "2 到 40 位"), ({"username": "s1"}, "已经存在"), ({"name": " "}, "姓名"),
        ({"role": "root"}, "角色"), ({"group": "班" * 90}, "班级"), ({"password": "short"}, "密码应为"),
    ],
)
def test_bad_data_are_refused_with_a_sentence(session, clock, kwargs, words):
    values = {"username": "ok1", "name": "好", "role": "student", "group": "", "password": "", **kwargs}
    with pytest.raises(Refused, match=words):
        people.create(session, values["username"], values["name"], values["role"], values["group"], clock(), who=None,
                      password=values["password"])


def test_nobody_locks_themselves_out(session, clock):
    admin = f.user(session, "a1")
    with pytest.raises(Refused, match="自己"):
        people.set_active(session, admin.id, False, clock(), admin.id)


def test_a_locked_account_is_out_at_once_and_a_reset_ends_its_sessions(log_in, db, clock):
    student, admin = log_in("s1"), log_in("a1")
    with db.read() as session:
        user_id = f.user(session, "s1").id
    assert student.get("/").status_code == 200
    answer = admin.post(f"/admin/people/{user_id}/reset")
    assert answer.status_code == 200
    assert student.get("/").status_code == 302
    assert admin.post(f"/admin/people/{user_id}/toggle").status_code == 302
    with db.write() as session:
        assert people.log_in(session, "s1", f.PASSWORD, clock()) is None


def test_the_list_has_pages_and_finds_people(log_in, db, clock, monkeypatch):
    monkeypatch.setattr("simulator.pages.people.PAGE", 3)
    admin = log_in("a1")
    first, second = admin.get("/admin/people").text, admin.get("/admin/people?page=2").text
    assert "第 1 / 2 页" in first
    assert "第 2 / 2 页" in admin.get("/admin/people?page=99").text
    assert sum(f"<code>{name}</code>" in first + second for name in ("s1", "s2", "s3", "t1", "i1", "a1")) == 6
    found = admin.get("/admin/people?q=二班").text
    assert "丙同学" in found
    assert "甲同学" not in found
    assert "没有符合条件的账号" in admin.get("/admin/people?q=%25").text
    assert "甲同学" not in admin.get("/admin/people?role=teacher&page=x").text
    with db.read() as session:
        group = session.scalars(select(Group.id).where(Group.name == "一班")).one()
    page = admin.get(f"/admin/people?group={group}").text
    assert "乙同学" in page
    assert "丙同学" not in page


def test_a_list_of_five_thousand_takes_three_queries(app, db, clock):
    from sqlalchemy import event

    from simulator.pages.people import people_view

    with db.write() as session:
        session.add_all([
            User(username=f"u{n:05}", name="某同学", role="student", password_hash="x", created_at=clock(), group_id=1) for n in range(5000)
        ])
    told = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: told.append(args[2]))
    with db.read() as session, app.test_request_context():
        view = people_view(session, {"q": "u0", "page": "7"})
    assert (len(view["people"]), view["count"], view["pages"]) == (100, 5000, 50)
    assert len([text for text in told if text.startswith("SELECT")]) == 3


# One-time passwords ------------------------------------------------------------------------------------------------------

def new_one(db, clock, role="student"):
    with db.write() as session:
        return people.create(session, f"new-{role}", "新来的", role, "", clock(), who=None)


def enter(app, made, password=""):
    client = app.test_client()
    assert client.post("/login", data={"username": made.username, "password": password or made.password}).status_code == 302
    return client


def plausible(converter):
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 1 if isinstance(converter, IntegerConverter) else "x"


def routes(app):
    """Yield endpoint, address with plausible numbers in it, and methods of everything that the site has."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            values = {name: plausible(kind) for name, kind in rule._converters.items()}
            yield rule.endpoint, url_for(rule.endpoint, **values), rule.methods - {"HEAD", "OPTIONS"}


@pytest.mark.parametrize("role", ["student", "teacher", "instructor", "admin"])
def test_with_a_one_time_password_nothing_but_changing_it_is_possible(app, db, clock, role):
    client, seen = enter(app, new_one(db, clock, role)), 0
    for endpoint, path, methods in routes(app):
        if endpoint in ("static", "auth.account", "auth.logout", "auth.language") or endpoint.startswith("health."):
            continue
        for method in methods:
            answer = client.open(path, method=method)
            if method == "GET":
                assert (answer.status_code, answer.location) == (302, "/account"), path
                assert client.get(path, headers={"Accept": "application/json"}).status_code == 403
            else:
                assert answer.status_code == 403, path
                assert "一次性密码" in answer.get_data(as_text=True), path
            seen += 1
    assert seen > 60


def test_after_the_change_everything_is(app, db, clock):
    made = new_one(db, clock)
    client = enter(app, made)
    page = client.get("/account").text
    assert "一次性密码" in page
    assert "我的考试" not in page
    again = {"old": made.password, "new": made.password, "again": made.password}
    assert client.post("/account", data=again).status_code == 422
    answer = client.post("/account", data={"old": made.password, "new": "my own secret", "again": "my own secret"})
    assert answer.location == "/"
    assert client.get("/").status_code == 200
    assert enter(app, made, "my own secret").get("/").status_code == 200


def test_a_reset_password_is_a_one_time_password(app, db, log_in):
    with db.read() as session:
        user_id = f.user(session, "s1").id
    page = log_in("a1").post(f"/admin/people/{user_id}/reset").text
    assert "甲同学" in page
    password = page.partition('<code class="big">')[2].partition("<")[0]
    client = app.test_client()
    client.post("/login", data={"username": "s1", "password": password})
    assert client.get("/").location == "/account"


def test_an_account_made_with_a_password_of_ones_own_is_free(session, clock):
    people.create(session, "own", "自己", "admin", "", clock(), who=None, password="chosen by me")
    assert not f.user(session, "own").must_change
