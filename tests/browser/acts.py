"""What people do on the pages, found the way a screen reader finds it: by role and name."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.browser import tree

SAVED = re.compile(r"^已保存 \d\d:\d\d:\d\d$")


def log_in(page: Page, username: str, path: str = "/login") -> None:
    page.goto(path)
    page.get_by_label("账号").fill(username)
    page.get_by_label("密码").fill(factories.PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()


def start(page: Page, title: str) -> None:
    """From the home page through the lobby into the exam."""
    page.get_by_role("link", name=re.compile(rf"^进入\s*{title}$")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    page.get_by_role("button", name="开始作答").click()
    page.get_by_role("dialog", name="请确认").get_by_role("button", name="确定").click()
    expect(page.get_by_role("timer")).to_be_visible()


def open_attempt(page: Page, username: str, attempt_id: int, screen: int = 1) -> None:
    """Log in and go straight to one screen of an attempt."""
    log_in(page, username)
    page.goto(f"/attempts/{attempt_id}/{screen}")
    expect(page.get_by_role("timer")).to_be_visible()


def ready(page: Page) -> None:
    """Wait until the scripts of the exam run: keys pressed before would be lost."""
    expect(page.get_by_role("button", name="隐藏")).to_be_visible()


def item(page: Page, label: int) -> Locator:
    """A theory task by its number."""
    return page.get_by_role("region", name=re.compile(rf"^第\s*{label}\s*题"))


def state(page: Page) -> Locator:
    """The one line that says whether the work is safe."""
    return page.locator("#save-state")


def saved(page: Page) -> None:
    expect(state(page)).to_have_text(SAVED)


def right_options(task: Locator) -> list[str]:
    """The options that earn the marks of a theory task, from its stem."""
    stem = task.inner_text()
    for number, text in tree.JUDGE.items():
        if f"第 {number} 道题" in stem:
            return [text]
    return ["甲项", "丙项"] if task.get_by_role("checkbox").count() else ["乙项"]


def editor(page: Page) -> Locator:
    """The code editor, once it has taken the place of the plain field."""
    expect(page.locator(".prism-code-editor")).to_be_visible()
    return page.get_by_role("textbox", name="程序")


def answer_theory(page: Page, labels: Any) -> None:
    """Choose the right options of the given tasks."""
    for label in labels:
        task = item(page, label)
        for text in right_options(task):
            choice(task, text).check()


def choice(task: Locator, text: str) -> Locator:
    return task.get_by_role("radio", name=text).or_(task.get_by_role("checkbox", name=text))


def next_screen(page: Page, heading: str) -> None:
    page.get_by_role("link", name="下一页").click()
    expect(page.get_by_role("heading", level=2, name=heading)).to_be_visible()


def hand_in(page: Page) -> None:
    """From the exam over the list of blanks to the result."""
    page.get_by_role("link", name="交卷", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="检查并交卷")).to_be_visible()
    page.get_by_role("button", name="确认交卷").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("成绩单")


def total(page: Page) -> Locator:
    """The total on the score sheet, as "16 / 18"."""
    return page.get_by_role("region", name="总分").get_by_text(re.compile(r"^[\d.]+ / [\d.]+$"))


def points(page: Page, title: str) -> list[list[str]]:
    """The rows of a practical task's score sheet, cell texts in the order of the columns."""
    rows = page.get_by_role("region", name=title).get_by_role("row").all()[1:]
    return [[" ".join(cell.inner_text().split()) for cell in row.locator("th, td").all()] for row in rows]
