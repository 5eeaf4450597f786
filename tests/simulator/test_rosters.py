"""Rosters: what a file says, what it would do, and that exactly this is done."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from sqlalchemy import func, select

from simulator import people, rosters
from simulator.errors import Refused
from simulator.models import Event, Group, User
from tests import factories as f

HEAD = "账号,姓名,班级,组别\n"


@pytest.fixture
def session(db):
    with db.session(write=True) as session:
        yield session


def csv_of(*lines, head=HEAD):
    return (head + "".join(f"{line}\n" for line in lines)).encode()


def xlsx_of(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def plan_of(session, *lines):
    return rosters.plan(session, rosters.read(csv_of(*lines)))


def carry_out(session, clock, data):
    roster = rosters.read(data)
    plan = rosters.plan(session, roster)
    return rosters.carry_out(session, roster, plan.fingerprint, people.one_time(plan.count("new")), clock(), 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read(encoding):
    roster = rosters.read("账号,姓名,班级,组别\nx01,张三,三班,学生组\n\nx02,李四,三班,\n".encode(encoding))
    assert [vars(line) for line in roster.lines] == [
        {"number": 2, "username": "x01", "name": "张三", "group": "三班", "division": "学生组"},
        {"number": 4, "username": "x02", "name": "李四", "group": "三班", "division": ""},
    ]


@pytest.mark.parametrize("head", [
    "账号,姓名,班级,组别", " 学号 , 姓 名 ,班级名称,参赛组别", "Account,Name,Class,Division", "User name,Full Name,class,CATEGORY",
    "*考号,*姓名,行政班,组",
    "性别,姓名,账号,班级,组别", "三年级名单,,,\n,,,\n账号,姓名,班级,组别",
])
def test_headers_are_taken_as_people_write_them(head):
    shifted = head.startswith("性别")
    row = "男,张三,x01,三班,学生组" if shifted else "x01,张三,三班,学生组"
    roster = rosters.read(f"{head}\n{row}\n".encode())
    assert [(line.username, line.name, line.group, line.division) for line in roster.lines] == [("x01", "张三", "三班", "学生组")]
    assert roster.ignored == (("性别",) if shifted else ())


def test_a_workbook_is_read_with_its_row_numbers():
    data = xlsx_of(["2026 级名单"], [], ["学号", "姓名", "班级"], [240101, "张三", "三班"], [], [240102.0, "李四", None], ["007", "王五"])
    assert [(line.number, line.username, line.name, line.group) for line in rosters.read(data).lines] == [
        (4, "240101", "张三", "三班"), (6, "240102", "李四", ""), (7, "007", "王五", ""),
    ]


@pytest.mark.parametrize(("data", "words"), [
    (b"", "没有找到列名"), ("姓名,班级\n张三,三班\n".encode(), "没有找到列名"), (csv_of(), "没有人"), (b"\xff\xfe\x00\xd8", "UTF-8 或 GBK"),
    (b"a" * 1_000_001, "超过 1 MB"), (b"PK\x03\x04 not a workbook", "已损坏"), (xlsx_of(["a"]), "没有找到列名"),
    (b"a,b\0\n", "UTF-8 或 GBK"),
    (csv_of(*(f"u{n},某,班," for n in range(5001))), "超过 5000 人"), (b'account,name\n"' + b"x" * 200_000 + b'"\n', "CSV"),
])
def test_what_is_no_roster_is_refused_with_a_sentence(data, words):
    with pytest.raises(Refused, match=words) as refused:
        rosters.read(data)
    assert refused.value.hint


def test_every_row_says_what_becomes_of_it(session):
    plan = plan_of(session, "x01,张三,三班,学生组", "s1,甲同学,一班,", "s2,乙同学,二班,", "s3,丙同学,,", "t1,教师,一班,",
                   "s1,甲同学,一班,", "x02,,三班,", "x 3,李四,三班,", "x04,李四,三班,职工组", "x05,李四,,职工组", "s2,别人,一班,")
    assert [(row.line.number, row.state) for row in plan.rows] == [
        (2, "new"), (3, "same"), (4, "moved"), (5, "same"), *((number, "error") for number in range(6, 13)),
    ]
    said = [row.text for row in plan.rows]
    assert said[2] == "一班"
    words = ["不是考生", "与第 3 行重复", "姓名应为", "2 到 40 位", "前面的行里是“学生组”", "组别属于班级", "与第 4 行重复"]
    assert [word for word, text in zip(words, said[4:], strict=True) if word not in text] == []
    assert [(c.name, c.new, c.after) for c in plan.classes] == [("三班", True, "学生组")]


def test_an_account_of_another_name_and_a_locked_one_are_errors(session):
    f.user(session, "s2").active = False
    plan = plan_of(session, "s1,别人,一班,", "s2,乙同学,一班,")
    assert [row.state for row in plan.rows] == ["error", "error"]
    assert "甲同学" in plan.rows[0].text
    assert "停用" in plan.rows[1].text


def test_what_was_shown_is_done(session, clock):
    made = carry_out(session, clock, csv_of("x01,张三,三班,学生组", "x02,李四,三班,", "s2,乙同学,二班,", "坏,坏,,",
                                           "s3,丙同学,二班,职工组"))
    assert [m.username for m in made] == ["x01", "x02"]
    user = people.log_in(session, "x02", made[1].password, clock())
    assert (user.name, user.group.name, user.role, user.must_change) == ("李四", "三班", "student", True)
    assert f.user(session, "s2").group.name == "二班"
    assert {g.name: g.division for g in session.scalars(select(Group))} == {"一班": "", "二班": "职工组", "三班": "学生组"}
    whats = session.execute(select(Event.what, func.count()).group_by(Event.what)).all()
    assert {"person.created", "person.moved", "person.imported", "group.created", "group.division"} <= {what for what, _ in whats}
    assert "坏" not in session.scalars(select(User.username)).all()


def test_the_same_file_again_changes_nothing(session, clock):
    data = csv_of("x01,张三,三班,学生组", "s2,乙同学,二班,")
    carry_out(session, clock, data)
    session.flush()
    assert {row.state for row in rosters.plan(session, rosters.read(data)).rows} == {"same"}
    assert carry_out(session, clock, data) == []


def test_a_plan_that_is_another_one_by_now_is_refused(session, clock):
    roster = rosters.read(csv_of("x01,张三,三班,"))
    agreed = rosters.plan(session, roster).fingerprint
    people.create(session, "x01", "张三", "student", "", clock(), who=None)
    with pytest.raises(Refused, match="有了变动"):
        rosters.carry_out(session, roster, agreed, people.one_time(1), clock(), 1)


def test_an_archived_class_takes_nobody(session, clock):
    session.scalars(select(Group).where(Group.name == "二班")).one().archived_at = clock()
    session.flush()
    assert "已经归档" in plan_of(session, "x01,张三,二班,").rows[0].text


# On the pages ------------------------------------------------------------------------------------------------------------

def upload(client, data, name="名单.csv"):
    return client.post("/admin/people/import", data={"file": (io.BytesIO(data), name)})


def sealed(page):
    return re.search(r'name="sealed" value="([^"]+)"', page)[1]


def accounts(db):
    with db.read() as session:
        return set(session.scalars(select(User.username)))


def test_nothing_is_created_before_it_is_confirmed(log_in, db):
    admin, before = log_in("a1"), accounts(db)
    page = upload(admin, csv_of("x01,张三,三班,学生组", "s1,别人,,")).text
    assert all(word in page for word in ("x01", "新账号", "导入其余 1 行，跳过 1 行", "账号已属于“甲同学”", "新班级“三班”"))
    assert accounts(db) == before
    done = admin.post("/admin/people/import/confirm", data={"sealed": sealed(page)})
    assert done.status_code == 200
    assert accounts(db) == before | {"x01"}
    password = re.search(r'<code class="big">([a-z0-9]+)</code>', done.text)[1]
    with db.write() as session:
        assert people.log_in(session, "x01", password, f.user(session, "s1").created_at) is not None
    again = admin.post("/admin/people/import/confirm", data={"sealed": sealed(page)})
    assert again.status_code == 409
    assert "有了变动" in again.text
    assert "没有变化" in again.text  # the new preview


def test_the_preview_cannot_be_changed_passed_on_or_kept(log_in, db, clock, services):
    from simulator.auth import LEVELS

    assert LEVELS["admin"] > LEVELS["instructor"]
    admin, before = log_in("a1"), accounts(db)
    good = sealed(upload(admin, csv_of("x01,张三,,")).text)
    for text in ("", "x.y", good[:-2] + ("AA" if good[-2:] != "AA" else "BB"), "é" * 10):
        assert admin.post("/admin/people/import/confirm", data={"sealed": text}).status_code == 400
    with db.write() as session:
        f.people_add(session, "a2", "另一位", "admin", "", clock())
    assert log_in("a2").post("/admin/people/import/confirm", data={"sealed": good}).status_code == 410
    assert admin.post("/admin/people/passwords.csv", data={"sealed": good}).status_code == 400  # of another step
    clock.forward(minutes=31)
    assert admin.post("/admin/people/import/confirm", data={"sealed": good}).status_code == 410
    assert accounts(db) == before | {"a2"}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_passwords_can_be_taken_away_as_a_file(log_in, kind):
    admin = log_in("a1")
    shown = upload(admin, csv_of("x01,=1+1,三班,", "x02,李四,三班,")).text
    page = admin.post("/admin/people/import/confirm", data={"sealed": sealed(shown)}).text
    words = re.findall(r'<code class="big">([a-z0-9]+)</code>', page)
    with admin.post(f"/admin/people/passwords.{kind}", data={"sealed": sealed(page)}) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        if kind == "csv":
            rows = [line.split(",") for line in answer.data.decode("utf-8-sig").splitlines()]
            assert rows[1][1] == "'=1+1"
        else:
            sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
            rows = [list(row) for row in sheet.values]
            assert sheet["B2"].data_type == "s"
        assert rows[0] == ["班级", "姓名", "账号", "一次性密码"]
        assert [row[3] for row in rows[1:]] == words
    assert admin.post("/admin/people/passwords.pdf", data={"sealed": sealed(page)}).status_code == 404


def test_a_bad_file_is_refused_on_the_page(log_in):
    answer = upload(log_in("a1"), b"x,y\n")
    assert answer.status_code == 422
    assert "没有找到列名" in answer.text
    assert log_in("a1").post("/admin/people/import").status_code == 422


def test_a_large_roster_is_quick_and_holds_nobody_up(log_in, db):
    """2000 accounts: the one-time passwords are hashed cheaply, and again at full cost at the first log-in."""
    admin = log_in("a1")
    page = upload(admin, csv_of(*(f"u{n:05},某同学,大班,学生组" for n in range(2000)))).text
    done = admin.post("/admin/people/import/confirm", data={"sealed": sealed(page)})
    assert done.text.count('<code class="big">') == 2000
    client = admin.application.test_client()
    password = re.search(r'<code>u00007</code></td><td><code class="big">([a-z0-9]+)</code>', done.text)[1]
    assert client.post("/login", data={"username": "u00007", "password": password}).status_code == 302
    with db.read() as session:
        assert "m=19456" in f.user(session, "u00007").password_hash
        assert "m=1024" in f.user(session, "u00008").password_hash
