"""A candidate's whole way: log in, answer every kind of field, lose the network, hand in, read the marks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import acts, tree

pytestmark = pytest.mark.browser

CSV = "城市,数量\n宁波,3\n杭州,5\n温州,8\n".encode("gbk")
OFFLINE = "离线：已存在本机，联网后自动上传"
NO_NETWORK = "ERR_INTERNET_DISCONNECTED"


def write_sheet(page: Page, note: str) -> None:
    page.get_by_label("行数").fill("3")
    page.get_by_label("说明").fill(note)
    page.get_by_label("选择文件").set_input_files({"name": "结果.csv", "mimeType": "text/csv", "buffer": CSV})
    expect(page.get_by_role("table", name="共 3 行，前 3 行：").get_by_role("cell", name="宁波")).to_be_visible()
    acts.saved(page)


def write_program(page: Page, text: str) -> None:
    acts.editor(page).press("ControlOrMeta+a")
    page.keyboard.insert_text(text)
    acts.saved(page)


def hand_in_picture(page: Page) -> None:
    page.get_by_label("选择文件").set_input_files({"name": "图.png", "mimeType": "image/png", "buffer": tree.png()})
    expect(page.get_by_role("group", name="截图").get_by_text("图.png")).to_be_visible()
    page.get_by_label("来源").fill("自己画的")
    acts.saved(page)


def check_sheet(page: Page) -> None:
    """All marks but those of task 5, which was left blank, and of the origin of the picture."""
    heads = page.get_by_role("region", name="1 一题多类").get_by_role("columnheader").all_inner_texts()
    assert heads == ["评分点", "配分", "规定值", "实际值", "得分", "理由"]
    rows = acts.points(page, "1 一题多类")
    assert [(row[0], row[1], row[4]) for row in rows] == [("M1 行数正确", "2", "2"), ("M2 写出去重", "2", "2"), ("M3 表有三行", "2", "2")]
    assert rows[0][2:4] == ["3", "3"]
    assert all(row[5].startswith("正确") and len(row[5]) > 4 for row in rows)
    # The pool decides the program while the page stands open.
    expect(page.get_by_text("没有评完")).to_have_count(0, timeout=60_000)
    program = acts.points(page, "2 程序题")
    assert [(row[0], row[2], row[3], row[4]) for row in program] == [("M1 合计正确", "6", "6", "2"), ("M2 写出三行", "3 行", "3 行", "2")]
    picture = acts.points(page, "3 交一张图")
    assert [row[4] for row in picture] == ["1", "0"]
    expect(acts.total(page)).to_have_text("15 / 18")


@pytest.mark.sandbox
def test_from_the_log_in_to_the_score_sheet(hall, desk):
    one, username = desk(), hall.person()
    exam = hall.exam(title="全程考试")
    page = one.page()
    acts.log_in(page, username)
    acts.start(page, "全程考试")
    attempt = hall.attempt_of(username)

    # Theory: judge, single, multiple; the last one stays blank, the second is flagged.
    acts.answer_theory(page, (1, 2, 3, 4))
    acts.saved(page)
    with page.expect_response(re.compile("/flags/")):  # a reload must not overtake it
        acts.item(page, 2).get_by_role("button", name="标记").click()
    expect(page.get_by_role("navigation", name="题目导航").get_by_role("link", name=re.compile("^2 已答，已标记"))).to_be_visible()
    chosen = {label: acts.item(page, label).get_by_role("radio", checked=True).first.get_attribute("value") for label in (1, 2, 3, 4)}
    page.reload()
    for label, value in chosen.items():
        expect(acts.item(page, label).get_by_role("radio", checked=True)).to_have_value(value)
    expect(acts.item(page, 2).get_by_role("button", name="标记")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text(re.compile(r"^本模块已答 4 / 5"))).to_be_visible()
    acts.saved(page)

    acts.next_screen(page, "1 一题多类")
    write_sheet(page, "去")

    # The network fails while the candidate types: nothing is lost, nothing needs to be done.
    one.expect_error(NO_NETWORK)
    one.context.set_offline(True)
    page.get_by_label("说明").fill("去重")
    expect(acts.state(page)).to_have_text(OFFLINE)
    page.get_by_role("link", name="下一页").click()
    page.get_by_role("dialog", name="网络中断").get_by_role("button", name="留在本页").click()
    assert hall.draft(attempt, 6)["note"] == "去"
    one.context.set_offline(False)
    acts.saved(page)
    assert hall.draft(attempt, 6)["note"] == "去重"
    page.reload()
    expect(page.get_by_label("行数")).to_have_value("3")
    expect(page.get_by_label("说明")).to_have_value("去重")
    expect(page.get_by_role("link", name="结果.csv")).to_be_visible()

    acts.next_screen(page, "2 程序题")
    write_program(page, tree.PROGRAM)
    page.get_by_role("button", name="运行").click()
    trial = page.get_by_role("region", name="试运行")
    expect(trial.get_by_text("合计 6", exact=True)).to_be_visible(timeout=60_000)
    expect(trial.get_by_role("table", name=re.compile("out .* 3 行"))).to_be_visible()

    acts.next_screen(page, "3 交一张图")
    hand_in_picture(page)
    page.get_by_label("来源").fill("网上")
    acts.saved(page)

    page.get_by_role("link", name="交卷", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="检查并交卷")).to_be_visible()
    expect(page.get_by_role("region", name="未答的题").get_by_role("link")).to_have_text([re.compile("^5")])
    expect(page.get_by_role("region", name="标记过的题").get_by_role("link")).to_have_text([re.compile("^2")])
    page.get_by_role("button", name="确认交卷").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("成绩单")
    check_sheet(page)

    page.get_by_role("link", name="我的考试").first.click()
    row = page.get_by_role("region", name="作答记录").get_by_role("row", name=re.compile("全程考试"))
    expect(row).to_contain_text("15 / 18")
    expect(row).to_contain_text("合格")
    assert hall.look(attempt).exam_id == exam


def test_a_wrong_password_is_told_and_the_name_kept(hall, desk):
    one, username = desk(), hall.person()
    one.expect_error("401")
    page = one.page()
    page.goto("/login")
    page.get_by_label("账号").fill(username)
    page.get_by_label("密码").fill("wrong horse")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_have_text("账号或密码不对，或账号已停用。")
    expect(page.get_by_label("账号")).to_have_value(username)


def test_times_of_the_page_do_not_depend_on_the_zone_of_the_pc(hall, desk):
    one, username = desk(timezone_id="America/New_York"), hall.person()
    attempt = hall.attempt(username, hall.exam())
    page = one.page()
    acts.open_attempt(page, username, attempt)
    acts.answer_theory(page, (1,))
    acts.saved(page)
    before = acts.state(page).inner_text()
    page.reload()
    expect(acts.state(page)).to_have_text(before)


def test_practice_tells_the_marks_of_one_task_at_once(hall, desk):
    one, username = desk(), hall.person()
    attempt = hall.attempt(username, hall.exam(mode="practice", closes_at=None, attempts_allowed=None))
    page = one.page()
    acts.open_attempt(page, username, attempt)
    acts.answer_theory(page, (1,))
    task = acts.item(page, 1)
    task.get_by_role("button", name="查看评分").click()
    expect(task.get_by_text("1 / 1 分")).to_be_visible()
    expect(task.get_by_text(re.compile("第 \\d 道题的解析"))).to_be_visible()


@pytest.mark.sandbox
def test_practice_tells_the_marks_of_a_program_when_a_worker_has_them(hall, desk):
    one, username = desk(), hall.person()
    attempt = hall.attempt(username, hall.exam(mode="practice", closes_at=None, attempts_allowed=None))
    page = one.page()
    acts.open_attempt(page, username, attempt)
    page.goto(f"/attempts/{attempt}/3")
    write_program(page, "import time\ntime.sleep(2)\n" + tree.PROGRAM)
    page.get_by_role("button", name="查看评分").click()
    expect(page.get_by_text("正在排队评分。").first).to_be_visible()
    expect(page.get_by_text("4 / 4 分")).to_be_visible(timeout=60_000)


def test_without_script_the_screen_still_saves(hall, desk):
    one, username = desk(java_script_enabled=False), hall.person()
    attempt = hall.attempt(username, hall.exam())
    page = one.page()
    acts.log_in(page, username)
    page.goto(f"/attempts/{attempt}/2")
    page.get_by_label("行数").fill("3")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text(re.compile(r"已保存 \d\d:\d\d:\d\d"))).to_be_visible()
    expect(page.get_by_label("行数")).to_have_value("3")
    assert hall.draft(attempt, 6) == {"rows": "3"}
