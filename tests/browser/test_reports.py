"""Redo a mistake by keyboard, and open the score sheet."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import acts
from tests.browser.hall import Hall, wait_until

pytestmark = pytest.mark.browser


def sat(hall: Hall) -> tuple[str, int]:
    """A candidate who has handed in a practice paper with every theory item blank; the marks are there."""
    username = hall.person()
    attempt = hall.attempt(username, hall.exam(mode="practice", attempts_allowed=None))
    hall.finish(attempt, lambda session, attempt: {})
    return username, attempt


def open_book(page: Page) -> None:
    """Open the book when all five items are marked."""
    wait_until(lambda: page.goto("/me/mistakes") and page.get_by_role("link", name="重做全部（5）").count(), 60, "no five mistakes")


def ready(page: Page) -> None:
    """Wait until the keys work."""
    expect(page.locator("[data-redo][data-ready]")).to_be_visible()


def order(page: Page) -> list[str]:
    return [" ".join(label.inner_text().split()) for label in page.locator(".option").all()]


def press_right(page: Page) -> None:
    """Choose the right options of the item by their digits."""
    names = acts.right_options(page.locator("[data-redo]"))
    for name in names:
        page.keyboard.press(str(next(n for n, text in enumerate(order(page), 1) if text.endswith(name))))


def test_mistakes_are_redone_by_keyboard(hall, desk):
    username, _ = sat(hall)
    page = desk().page()
    acts.log_in(page, username)
    open_book(page)
    page.get_by_role("link", name="重做全部（5）").press("Enter")
    for number in range(1, 6):
        expect(page.get_by_text(f"第 {number} 题，共 5 题")).to_be_visible()
        expect(page.get_by_text("解析")).to_have_count(0)
        ready(page)
        if number == 1:
            page.keyboard.press("a")
            expect(page.locator(".option input").first).to_be_checked()
            page.keyboard.press("a" if page.get_by_role("checkbox").count() else "b")  # not chosen any more
            expect(page.locator(".option input").first).not_to_be_checked()
        press_right(page)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="答对了")).to_be_focused()
        expect(page.get_by_text("解析", exact=True)).to_be_visible()
        page.keyboard.press("Enter")
    expect(page.get_by_text("做了 5 题，答对 5 题。")).to_be_visible()


def test_nothing_chosen_says_so_and_keeps_the_item(hall, desk):
    username, _ = sat(hall)
    one = desk()
    one.expect_error("422")
    page = one.page()
    acts.log_in(page, username)
    open_book(page)
    page.get_by_role("link", name=re.compile(r"^重做\s*第 1 题")).click()
    ready(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("还没有选择答案。")
    ready(page)
    press_right(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="答对了")).to_be_visible()


def test_the_score_sheet_opens_and_prints_on_a4(hall, desk):
    username, attempt = sat(hall)
    page = desk().page()
    acts.log_in(page, username)
    page.goto(f"/attempts/{attempt}/result")
    page.get_by_role("link", name="评分表").click()
    sheet = page.get_by_role("article", name=re.compile("评分表"))
    expect(sheet).to_contain_text("人工智能训练师 4-04-05-05")
    expect(sheet.get_by_role("columnheader", name="规定或标称值").first).to_be_visible()
    expect(page.get_by_role("button", name="打印")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="主导航")).to_be_hidden()
    expect(page.get_by_role("button", name="打印")).to_be_hidden()
    assert page.locator(".scoresheet").evaluate("one => getComputedStyle(one).color") == "rgb(0, 0, 0)"
    assert page.locator(".scoresheet thead").first.evaluate("one => getComputedStyle(one).display") == "table-header-group"
    pdf = page.pdf(prefer_css_page_size=True)
    assert re.search(rb"/MediaBox\s*\[0 0 59[45][\d.]* 84[12]", pdf)
