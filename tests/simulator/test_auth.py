from __future__ import annotations

import pytest

from simulator.views.auth import safe_next
from tests import factories as f


def test_log_in_leads_to_where_one_wanted_to_go(client):
    assert client.get("/account").location == "/login?next=/account"
    answer = client.post("/login", data={"username": "s1", "password": f.PASSWORD, "next": "/account"})
    assert answer.location == "/account"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "", "x"])
def test_log_in_never_leads_off_the_site(app, target):
    with app.test_request_context():
        assert safe_next(target) == "/"


def test_wrong_password_says_so_and_keeps_the_name(client):
    answer = client.post("/login", data={"username": "s1", "password": "nope"})
    assert answer.status_code == 401
    assert "账号或密码不对" in answer.text
    assert 'value="s1"' in answer.text
    assert "nope" not in answer.text


def test_log_in_attempts_are_limited(app, services):
    object.__setattr__(services.settings, "login_rate", 3)
    client = app.test_client()
    tries = [client.post("/login", data={"username": "s1", "password": "x"}, environ_base={"REMOTE_ADDR": "10.9.9.9"}) for _ in range(5)]
    assert [answer.status_code for answer in tries] == [401, 401, 401, 429, 429]
    assert "尝试次数太多" in tries[-1].text


def test_a_changed_password_ends_the_other_sessions(log_in):
    here, there = log_in("s1"), log_in("s1")
    assert here.post("/account", data={"old": "wrong", "new": "longer secret", "again": "longer secret"}).status_code == 422
    assert here.post("/account", data={"old": f.PASSWORD, "new": "longer secret", "again": "other secret"}).status_code == 422
    assert here.post("/account", data={"old": f.PASSWORD, "new": "longer secret", "again": "longer secret"}).status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


def test_the_session_cookie_is_not_for_scripts_or_other_sites(client):
    answer = client.post("/login", data={"username": "s1", "password": f.PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_forged_session_is_nobody(app):
    client = app.test_client()
    client.set_cookie("session", "eyJfdXNlcl9pZCI6IjE6MCJ9.forged.forged")
    assert client.get("/").status_code == 302


def test_demo_accounts_are_shown_in_the_demo_school_only(client):
    assert "演示账号" not in client.get("/login").text
    assert client.get("/styleguide").status_code == 404
