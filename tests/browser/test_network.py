"""What goes wrong between browser and server: no network, two tabs, an expired log-in, bad files."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser import acts
from tests.browser.hall import wait_until

pytestmark = pytest.mark.browser

OFFLINE = "离线：已存在本机，联网后自动上传"
NO_NETWORK = "ERR_INTERNET_DISCONNECTED"


@pytest.fixture
def sitting(hall):
    username = hall.person()
    return username, hall.attempt(username, hall.exam())


def note_is(hall, attempt, text):
    wait_until(lambda: hall.draft(attempt, 6).get("note") == text, 15, f"the server does not hold {text}")


def test_a_page_closed_while_offline_leaves_its_text_for_the_next_one(hall, desk, sitting):
    username, attempt = sitting
    one = desk()
    page = one.page()
    acts.open_attempt(page, username, attempt, screen=2)
    page.get_by_label("行数").fill("3")
    acts.saved(page)
    one.expect_error(NO_NETWORK)
    one.context.set_offline(True)
    page.get_by_label("说明").fill("断网时写的")
    expect(acts.state(page)).to_have_text(OFFLINE)
    page.close()
    one.context.set_offline(False)
    assert hall.draft(attempt, 6)["rows"] == "3"  # the closing page's last request may have brought the text as well

    # Another screen sends it too: the candidate need not come back to the task.
    page = one.page()
    page.goto(f"/attempts/{attempt}/1")
    note_is(hall, attempt, "断网时写的")
    page.goto(f"/attempts/{attempt}/2")
    expect(page.get_by_label("说明")).to_have_value("断网时写的")
    expect(page.get_by_label("行数")).to_have_value("3")
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('draft|'))") == []


def test_the_outbox_is_put_back_into_the_fields(hall, desk, sitting):
    username, attempt = sitting
    one = desk()
    page = one.page()
    acts.open_attempt(page, username, attempt, screen=2)
    one.expect_error(NO_NETWORK)
    one.context.set_offline(True)
    page.get_by_label("说明").fill("断网时写的")
    expect(acts.state(page)).to_have_text(OFFLINE)
    page.close()
    one.context.set_offline(False)
    page = one.page()
    page.goto(f"/attempts/{attempt}/2")
    expect(page.get_by_label("说明")).to_have_value("断网时写的")
    acts.saved(page)
    note_is(hall, attempt, "断网时写的")


def test_nobody_else_at_the_same_pc_gets_the_text(hall, desk, sitting):
    username, attempt = sitting
    one = desk()
    page = one.page()
    acts.open_attempt(page, username, attempt, screen=2)
    one.expect_error(NO_NETWORK)
    one.context.set_offline(True)
    page.get_by_label("说明").fill("我的答案")
    expect(acts.state(page)).to_have_text(OFFLINE)
    page.close()
    one.context.set_offline(False)
    one.context.clear_cookies()
    other = hall.person()
    other_attempt = hall.attempt(other, hall.look(attempt).exam_id)
    page = one.page()
    acts.open_attempt(page, other, other_attempt, screen=2)
    expect(page.get_by_label("说明")).to_have_value("")
    page.get_by_label("行数").fill("7")
    acts.saved(page)
    assert hall.draft(other_attempt, 6) == {"rows": "7"}
    # The closing page's last request may have reached the server after all, as its owner; nothing else may change there.
    assert hall.draft(attempt, 6) in ({}, {"note": "我的答案"})


def two_tabs(one, username, attempt) -> tuple[Page, Page]:
    """The older tab has typed on a revision that the newer one has passed."""
    older = one.page()
    acts.open_attempt(older, username, attempt, screen=2)
    newer = one.page()
    newer.goto(f"/attempts/{attempt}/2")
    expect(older.get_by_role("alert").filter(has_text="另一个标签页")).to_be_visible()
    newer.get_by_label("说明").fill("新标签页的内容")
    acts.saved(newer)
    one.expect_error("409")
    older.get_by_label("说明").fill("旧标签页的内容")
    return older, newer


@pytest.mark.parametrize(("button", "kept"), [("使用本机内容", "旧标签页的内容"), ("使用服务器内容", "新标签页的内容")])
def test_of_two_versions_the_candidate_chooses_one(hall, desk, sitting, button, kept):
    username, attempt = sitting
    older, _newer = two_tabs(desk(), username, attempt)
    dialog = older.get_by_role("dialog", name="1 题有两个版本")
    expect(dialog).to_contain_text("旧标签页的内容")
    expect(dialog).to_contain_text("新标签页的内容")
    for _ in range(3):
        older.keyboard.press("Escape")  # a choice has to be made
    expect(dialog).to_be_visible()
    assert hall.draft(attempt, 6) == {"note": "新标签页的内容"}
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0)
    expect(older.get_by_label("说明")).to_have_value(kept)
    acts.saved(older)
    note_is(hall, attempt, kept)
    older.get_by_label("说明").fill("之后的内容")
    acts.saved(older)
    note_is(hall, attempt, "之后的内容")


def test_an_expired_log_in_keeps_the_text_and_sends_it_after_the_next(hall, desk, sitting):
    username, attempt = sitting
    one = desk()
    page = one.page()
    acts.open_attempt(page, username, attempt, screen=2)
    page.get_by_label("行数").fill("3")
    acts.saved(page)
    one.expect_error("40[01]")
    one.context.clear_cookies()
    page.get_by_label("说明").fill("登录过期时写的")
    banner = page.get_by_role("alert").filter(has_text="登录已过期，作答已存在本机。")
    expect(banner).to_be_visible()
    expect(acts.state(page)).to_have_text(OFFLINE)
    with one.context.expect_page() as opened:
        banner.get_by_role("link", name="在新标签页登录").click()
    login = opened.value
    login.get_by_label("账号").fill(username)
    login.get_by_label("密码").fill(factories.PASSWORD)
    login.get_by_role("button", name="登录").click()
    expect(login.get_by_role("timer")).to_be_visible()
    login.close()
    page.bring_to_front()
    page.get_by_label("说明").press("End")
    page.keyboard.type("，接着写")
    acts.saved(page)
    expect(banner).to_have_count(0)
    note_is(hall, attempt, "登录过期时写的，接着写")
    page.get_by_role("link", name="交卷", exact=True).click()
    page.get_by_role("button", name="确认交卷").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("成绩单")


def test_a_file_that_cannot_be_read_is_refused_and_the_former_stays(hall, desk, sitting):
    username, attempt = sitting
    one = desk()
    page = one.page()
    acts.open_attempt(page, username, attempt, screen=2)
    group = page.get_by_role("group", name="清洗后的表")
    group.get_by_label("选择文件").set_input_files({"name": "好.csv", "mimeType": "text/csv", "buffer": b"a\n1\n"})
    acts.saved(page)
    one.expect_error("422")
    group.get_by_label("更换文件").set_input_files({"name": "坏.csv", "mimeType": "text/csv", "buffer": b"PK\x03\x04" + bytes(99)})
    expect(group.get_by_role("alert")).to_have_text(re.compile("。$"))
    expect(group).to_contain_text("好.csv")
    group.get_by_label("更换文件").set_input_files({"name": "大.csv", "mimeType": "text/csv", "buffer": b"1\n" * 3_000_000})
    expect(group.get_by_role("alert")).to_have_text("文件有 5.7 MB，超过 5 MB 的上限，没有上传。")
    page.reload()
    expect(group.get_by_role("link", name="好.csv")).to_be_visible()
    with page.expect_download() as download:
        group.get_by_role("link", name="好.csv").click()
    assert download.value.path().read_bytes() == b"a\n1\n"
    group.get_by_role("button", name="移除").click()
    page.get_by_role("dialog").get_by_role("button", name="移除").click()
    acts.saved(page)
    assert hall.draft(attempt, 6) == {}
