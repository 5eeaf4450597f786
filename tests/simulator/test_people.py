from __future__ import annotations

import pytest
from sqlalchemy import func, select

from simulator import people
from simulator.errors import Refused
from simulator.models import User
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_class_list_is_imported(session, clock, encoding):
    made = people.import_csv(session, "账号,姓名,班级\nx01,张三,三班\nx02,李四,三班\n\n".encode(encoding), clock(), 1)
    assert [m.username for m in made] == ["x01", "x02"]
    assert people.log_in(session, "x02", made[1].password, clock()).group.name == "三班"


@pytest.mark.parametrize("header", ["账号,姓名,班级", "account,name,class", " Account , Name , Class "])
def test_the_columns_are_named_in_chinese_or_english(session, clock, header):
    made = people.import_csv(session, f"{header}\nx01,Zhang San,Class 3\n".encode(), clock(), 1)
    assert [(m.username, m.name) for m in made] == [("x01", "Zhang San")]
    assert f.user(session, "x01").group.name == "Class 3"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "第一行应是"), (b"account,class,name\n", "第一行应是"),
        ("姓名,账号\n".encode(), "第一行应是"), ("账号,姓名,班级\n".encode(), "1 到 2000 人"),
        ("账号,姓名,班级\nx01,张三,三班\ns1,李四,三班\n".encode(), "第 3 行.*已经存在"), (b"\xff\xfe\x00\xd8", "UTF-8 或 GBK"),
        (b"a" * 1_000_001, "超过 1 MB"),
    ],
)
def test_a_bad_list_names_the_line(session, clock, data, words):
    with pytest.raises(Refused, match=words):
        people.import_csv(session, data, clock(), 1)


def test_a_bad_list_imports_nobody(log_in, db):
    import io

    client = log_in("a1")
    with db.read() as session:
        before = session.scalar(select(func.count()).select_from(User))
    data = "账号,姓名,班级\nx01,张三,三班\ns1,李四,三班\n".encode()
    answer = client.post("/admin/people/import", data={"file": (io.BytesIO(data), "list.csv")})
    assert answer.status_code == 422
    assert "第 3 行" in answer.text
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == before


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
