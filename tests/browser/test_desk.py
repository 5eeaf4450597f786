"""What an instructor does reaches the candidate, and a roster leads to a first log-in that has to change the password."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from simulator import attempts, credits
from simulator.models import Attempt, Exam
from tests import factories
from tests.browser import acts
from tests.browser.hall import now

pytestmark = pytest.mark.browser


@pytest.fixture
def sitting(hall):
    """Two candidates of a class sit an exam: (exam, group, {user name: attempt})."""
    group = f"监控班 {now().timestamp()}"
    people = [hall.person("student", group) for _ in range(2)]
    exam = hall.exam(release="held", title=f"监控考试 {now().timestamp()}")
    with hall.services.db.write() as session:
        from simulator.people import get_group

        session.get_one(Exam, exam).groups = [get_group(session, group)]
    return exam, group, {username: hall.attempt(username, exam) for username in people}


def monitor(hall, desk, exam):
    page = desk().page()
    acts.log_in(page, hall.person("instructor"))
    page.goto(f"/desk/exams/{exam}/monitor")
    expect(page.get_by_text("每 5 秒一次")).to_be_visible()
    return page


def row(page, username):
    return page.get_by_role("row", name=re.compile(rf"{username}\b"))


def panel(page, username):
    row(page, username).get_by_role("link", name="操作").click()
    dialog = page.get_by_role("dialog", name=username)
    expect(dialog).to_be_visible()
    return dialog


def test_a_message_reaches_the_candidate_and_stays_until_it_is_read(hall, desk, sitting):
    exam, _group, people = sitting
    username, other = people
    staff = monitor(hall, desk, exam)
    staff.get_by_text("发消息").click()
    staff.get_by_label("发给全部考生").fill("第 3 题的文件名是 orders.csv。")
    staff.get_by_role("button", name="发送").click()
    expect(staff.get_by_role("status").filter(has_text="消息已发给 全部考生")).to_be_visible()

    page = desk().page()
    acts.open_attempt(page, username, people[username])
    told = page.get_by_role("alert").filter(has_text="orders.csv")
    expect(told).to_contain_text(re.compile(r"\d\d:\d\d:\d\d 监考"))

    panel(staff, username).get_by_label("内容").fill("请坐到 5 号机。")
    staff.get_by_role("dialog", name=username).get_by_role("button", name="发送").click()
    expect(staff.get_by_role("status").filter(has_text="消息已发给")).to_be_visible()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # what a return to the tab does: ask now
    expect(told).to_contain_text("发给你")
    page.reload()
    expect(told).to_contain_text("请坐到 5 号机。")  # not read yet
    for _ in range(2):
        page.get_by_role("button", name="知道了").first.click()
    expect(page.locator("#told")).to_be_hidden()
    page.reload()
    acts.ready(page)
    page.get_by_role("button", name="消息").click()  # it is there once the server has been asked
    history = page.get_by_role("dialog", name="监考的消息")
    expect(history.get_by_role("listitem")).to_have_count(2)
    history.get_by_role("button", name="关闭").click()
    expect(page.locator("#told")).to_be_hidden()

    second = desk().page()
    acts.open_attempt(second, other, people[other])
    expect(second.get_by_role("alert").filter(has_text="orders.csv")).to_be_visible()
    assert second.get_by_text("5 号机").count() == 0


def test_extra_time_from_the_monitor_reaches_the_candidates_clock(hall, desk, sitting):
    exam, group, people = sitting
    username = next(iter(people))
    hall.end_in(people[username], 120)
    page = desk().page()
    acts.open_attempt(page, username, people[username])
    expect(page.get_by_role("timer")).to_contain_text(re.compile("0[12]:"))
    staff = monitor(hall, desk, exam)
    staff.locator("summary", has_text="加时").click()
    form = staff.get_by_role("group").filter(has=staff.get_by_label("原因"))
    form.get_by_label("对象").select_option(label=group)
    form.get_by_label("分钟").fill("30")
    form.get_by_role("button", name="加时").click()
    expect(staff.get_by_role("status").filter(has_text="已给 2 人加时 30 分钟")).to_be_visible()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("timer")).to_contain_text(re.compile("3[012]:"))


def test_the_monitor_follows_without_a_reload_and_keeps_the_focus(hall, desk, sitting):
    exam, _group, people = sitting
    first, second = people
    staff = monitor(hall, desk, exam)
    expect(row(staff, first)).to_contain_text("未连接")
    act = row(staff, first).get_by_role("link", name="操作")
    act.focus()
    with hall.services.db.write() as session:
        attempt = session.get_one(Attempt, people[first])
        attempts.save_draft(session, attempt, 6, 0, {"rows": "3"}, now())
        attempt.seen_at = now() + timedelta(minutes=5)
        credits.propose(session, session.get_one(Attempt, people[second]), now() - timedelta(minutes=4), now(), now())
    expect(row(staff, first)).to_contain_text("已连接", timeout=20_000)
    expect(row(staff, first)).to_contain_text("1 / 8")
    expect(act).to_be_focused()
    staff.get_by_role("button", name=re.compile("^批准")).click()
    expect(staff.get_by_role("status").filter(has_text="已批准补时")).to_be_visible()
    assert hall.look(people[second]).extra_s == 240


def test_search_filters_at_once_and_survives_an_action(hall, desk, sitting):
    exam, _group, people = sitting
    first, second = people
    staff = monitor(hall, desk, exam)
    staff.get_by_label("查找").fill(first)
    expect(row(staff, second)).to_have_count(0)
    expect(row(staff, first)).to_be_visible()
    assert f"q={first}" in staff.url
    panel(staff, first).get_by_role("button", name="收卷").click()
    staff.get_by_role("dialog", name="请确认").get_by_role("button", name="确定").click()
    expect(row(staff, first)).to_contain_text("已交卷")
    assert f"q={first}" in staff.url
    panel(staff, first).get_by_role("button", name="重新开放").click()
    staff.get_by_role("dialog", name="请确认").get_by_role("button", name="确定").click()
    expect(staff.get_by_role("status").filter(has_text="可以继续作答")).to_be_visible()
    assert hall.look(people[first]).state == "running"


def test_the_dialog_closes_by_keyboard_and_gives_the_focus_back(hall, desk, sitting):
    exam, _group, people = sitting
    username = next(iter(people))
    staff = monitor(hall, desk, exam)
    act = row(staff, username).get_by_role("link", name="操作")
    act.focus()
    staff.keyboard.press("Enter")
    expect(staff.get_by_role("dialog", name=username)).to_be_visible()
    staff.keyboard.press("Escape")
    expect(staff.get_by_role("dialog", name=username)).to_be_hidden()
    expect(act).to_be_focused()


def test_when_the_server_is_out_of_reach_the_monitor_says_so(hall, desk, sitting):
    one = desk()
    one.expect_error("ERR_INTERNET_DISCONNECTED")
    page = one.page()
    acts.log_in(page, hall.person("instructor"))
    page.goto(f"/desk/exams/{sitting[0]}/monitor")
    one.context.set_offline(True)
    expect(page.get_by_text("连不上服务器")).to_be_visible(timeout=20_000)
    one.context.set_offline(False)
    expect(page.get_by_text("每 5 秒一次")).to_be_visible(timeout=20_000)


def test_a_roster_is_previewed_created_and_the_first_log_in_forces_a_change(hall, desk):
    username = f"r{int(now().timestamp())}"
    admin = desk().page()
    acts.log_in(admin, hall.person("admin"))
    admin.goto("/admin/people")
    admin.get_by_role("link", name="导入名单").click()
    rows = f"学号,姓名,班级,组别\n{username},王小明,新班 {username},学生组\nx,错的,,\n"
    admin.get_by_label("名单文件").set_input_files({"name": "名单.csv", "mimeType": "text/csv", "buffer": rows.encode("gb18030")})
    admin.get_by_role("button", name="预览").click()
    expect(admin.get_by_role("row", name=username)).to_contain_text("新账号")
    expect(admin.get_by_role("row", name="错的")).to_contain_text("2 到 40 位")
    admin.get_by_role("button", name="导入其余 1 行，跳过 1 行").click()
    expect(admin.get_by_role("heading", level=1)).to_contain_text("一次性密码")
    expect(admin.get_by_role("button", name="打印")).to_be_visible()
    password = admin.get_by_role("row", name=username).get_by_role("cell").last.inner_text()
    with admin.expect_download() as download:
        admin.get_by_role("button", name="下载 Excel").click()
    assert download.value.suggested_filename == "一次性密码.xlsx"

    student = desk().page()
    student.goto("/login")
    student.get_by_label("账号").fill(username)
    student.get_by_label("密码").fill(password)
    student.get_by_role("button", name="登录").click()
    expect(student.get_by_text("你用的是一次性密码")).to_be_visible()
    student.goto("/")
    expect(student.get_by_role("heading", level=1, name="我的账号")).to_be_visible()
    student.get_by_label("当前密码").fill(password)
    student.get_by_label("新密码", exact=True).fill(factories.PASSWORD)
    student.get_by_label("再输一次新密码").fill(factories.PASSWORD)
    student.get_by_role("button", name="修改密码").click()
    expect(student.get_by_role("link", name="我的考试")).to_be_visible()
    expect(student).to_have_url(re.compile("/$"))
