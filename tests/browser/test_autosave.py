"""The order of saves of one task: an answer lost on the way, text typed while a save is under way, a hand-in with unsent text."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import acts
from tests.browser.hall import wait_until

pytestmark = pytest.mark.browser

DRAFTS = "**/drafts/*"
OFFLINE = "离线：已存在本机，联网后自动上传"
SLOW_S = 2.5


@pytest.fixture
def sitting(hall, desk):
    """A candidate on the screen of the task at position 6, and what the server holds of it."""
    username = hall.person()
    attempt = hall.attempt(username, hall.exam())
    one = desk()
    page = one.page()
    acts.open_attempt(page, username, attempt, screen=2)
    acts.ready(page)
    return one, page, lambda: hall.draft(attempt, 6)


def lose_answers(page: Page) -> None:
    """The server gets every save and stores it; its answer never arrives."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route(DRAFTS, lose)


def test_an_answer_lost_on_the_way_is_no_conflict(sitting):
    one, page, draft = sitting
    one.expect_error("ERR_CONNECTION_RESET")
    lose_answers(page)
    page.get_by_label("说明").fill("先写的")
    expect(acts.state(page)).to_have_text(OFFLINE)
    assert draft() == {"note": "先写的"}
    page.get_by_label("说明").fill("先写的，后写的")
    page.unroute(DRAFTS)
    acts.saved(page)
    wait_until(lambda: draft() == {"note": "先写的，后写的"}, 10, "the later text is not stored")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_nor_is_it_after_the_page_was_loaded_again(sitting):
    one, page, draft = sitting
    one.expect_error("ERR_CONNECTION_RESET|ERR_FAILED")
    lose_answers(page)
    page.get_by_label("说明").fill("先写的")
    expect(acts.state(page)).to_have_text(OFFLINE)
    page.unroute(DRAFTS)
    page.route(DRAFTS, lambda route: route.abort())
    page.get_by_label("说明").fill("先写的，后写的")
    wait_until(lambda: "后写的" in page.evaluate("JSON.stringify(localStorage)"), 5, "not kept on this PC")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_label("说明")).to_have_value("先写的，后写的")
    assert draft() == {"note": "先写的"}
    page.unroute(DRAFTS)
    acts.saved(page)
    wait_until(lambda: draft() == {"note": "先写的，后写的"}, 10, "the later text is not stored")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_is_typed_during_a_save_is_one_follow_up(sitting):
    _one, page, draft = sitting
    sent: list[tuple[int, str]] = []

    def delay(route: Route) -> None:
        body = json.loads(route.request.post_data or "")
        sent.append((body["rev"], body["response"]["note"]))
        time.sleep(SLOW_S)
        route.continue_()

    page.route(DRAFTS, delay)
    page.get_by_label("说明").fill("一")
    expect(acts.state(page)).to_have_text("保存中…")
    for text in ("一二", "一二三", "一二三四"):
        page.get_by_label("说明").fill(text)
    acts.saved(page)
    assert draft() == {"note": "一二三四"}
    assert sent == [(0, "一"), (1, "一二三四")]


def test_a_hand_in_with_unsent_text_asks_and_takes_what_the_server_has(sitting):
    one, page, draft = sitting
    page.get_by_label("说明").fill("已保存的")
    acts.saved(page)
    one.expect_error("422")
    page.route(DRAFTS, lambda route: route.fulfill(status=422, json={"ok": False, "error": "这道题的作答太长。"}))
    page.get_by_label("说明").fill("存不上的")
    expect(acts.state(page)).to_have_text("保存失败：这道题的作答太长。")
    page.get_by_role("link", name="交卷", exact=True).click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("dialog", name="还有作答没有上传").get_by_role("button", name="仍然离开").click()
    expect(page.get_by_role("heading", level=1, name="检查并交卷")).to_be_visible()
    page.get_by_role("button", name="确认交卷").click()
    dialog = page.get_by_role("dialog", name="还有作答没有上传")
    expect(dialog.get_by_role("button", name="重试")).to_be_focused()
    dialog.get_by_role("button", name="仍然交卷").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("成绩单")
    expect(page.get_by_text("没来得及上传的作答")).to_be_visible()
    assert draft() == {"note": "已保存的"}
    page.get_by_role("button", name="已处理，从本机删除").click()
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('draft|'))") == []
