"""The whole exam by keyboard: no pointer touches the page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.browser import acts

pytestmark = pytest.mark.browser

MAX_TABS = 60
COUNT_POINTERS = """
for (const kind of ['pointerdown', 'mousedown', 'touchstart']) {
  addEventListener(kind, () => { sessionStorage.pointers = String(Number(sessionStorage.pointers ?? 0) + 1); }, true);
}
"""


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until `target` has the focus."""
    for _ in range(MAX_TABS):
        if target.count() == 1 and target.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press(key)
    pytest.fail(f"{MAX_TABS} × {key} does not reach {target}; the focus is on {page.evaluate('document.activeElement.outerHTML')}")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def log_in(page: Page, username: str) -> None:
    page.goto("/login")
    tab_to(page, page.get_by_label("账号"))
    page.keyboard.type(username)
    press(page, "Tab")
    page.keyboard.type(factories.PASSWORD)
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1, name="我的考试")).to_be_visible()


def start(page: Page, title: str) -> None:
    tab_to(page, page.get_by_role("link", name=re.compile(rf"^进入\s*{title}$")))
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    tab_to(page, page.get_by_role("button", name="开始作答"))
    press(page, "Enter")
    dialog = page.get_by_role("dialog", name="请确认")
    expect(dialog).to_be_visible()
    tab_to(page, dialog.get_by_role("button", name="确定"))
    press(page, "Enter")
    acts.ready(page)


def answer_theory(page: Page) -> None:
    """Items by j, letters, digits and arrows; flags and the panel by their letters."""
    judge, single, multiple = (acts.item(page, label) for label in (1, 3, 5))
    press(page, "1")  # without a focus, keys act on the first item in view
    expect(judge.get_by_role("radio").first).to_be_checked()
    right = judge.get_by_role("radio", name=acts.right_options(judge)[0])
    press(page, *(["ArrowDown"] if not right.is_checked() else []))
    expect(right).to_be_checked()
    expect(right).to_be_focused()

    press(page, "j", "f")
    expect(acts.item(page, 2).get_by_role("button", name="标记")).to_have_attribute("aria-pressed", "true")

    press(page, "j")
    names = [box.get_attribute("value") for box in single.get_by_role("radio").all()]
    press(page, "abcd"[names.index("B")])
    expect(single.get_by_role("radio", name="乙项")).to_be_checked()

    press(page, "j", "j")
    names = [box.get_attribute("value") for box in multiple.get_by_role("checkbox").all()]
    press(page, str(names.index("A") + 1), str(names.index("B") + 1), "abcde"[names.index("C")], str(names.index("B") + 1))
    checked = multiple.get_by_role("checkbox", checked=True)
    expect(checked).to_have_count(2)
    assert {box.get_attribute("value") for box in checked.all()} == {"A", "C"}
    tab_to(page, multiple.get_by_role("button", name="标记"))
    press(page, "Space")
    expect(multiple.get_by_role("button", name="标记")).to_have_attribute("aria-pressed", "true")
    press(page, "Space")
    acts.saved(page)


def help_and_panel(page: Page) -> None:
    press(page, "?")
    expect(page.get_by_role("dialog", name="键盘操作")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_role("dialog", name="键盘操作")).to_have_count(0)
    panel = page.get_by_role("button", name="题目导航", exact=True)
    for state in ("false", "true"):
        press(page, "g")
        expect(panel).to_have_attribute("aria-expanded", state)


def upload(page: Page, group: str) -> None:
    tab_to(page, page.get_by_role("group", name=group).get_by_label("选择文件"))
    with page.expect_file_chooser() as chooser:
        press(page, "Enter")
    chooser.value.set_files({"name": "t.csv", "mimeType": "text/csv", "buffer": b"a\n1\n2\n3\n"})
    expect(page.get_by_role("table", name="共 3 行，前 3 行：")).to_be_visible()


def test_the_whole_exam_by_keyboard_only(hall, desk):
    one, username = desk(), hall.person()
    hall.exam(title="键盘考试")
    one.context.add_init_script(COUNT_POINTERS)
    page = one.page()
    page.on("filechooser", lambda _chooser: None)  # from now on: asked for just before the key, it may come too late
    log_in(page, username)
    start(page, "键盘考试")
    answer_theory(page)
    help_and_panel(page)

    press(page, "]")
    expect(page.get_by_role("heading", level=2, name="1 一题多类")).to_be_visible()
    tab_to(page, page.get_by_label("行数"))
    page.keyboard.type("3")
    press(page, "Tab")
    page.keyboard.type("f 1 ] 去重")  # shortcuts are letters again where somebody types
    upload(page, "清洗后的表")
    acts.saved(page)
    expect(page.get_by_label("说明")).to_have_value("f 1 ] 去重")

    press(page, "]")
    expect(page.get_by_role("heading", level=2, name="2 程序题")).to_be_visible()
    editor = page.get_by_role("textbox", name="程序")
    tab_to(page, editor)
    press(page, "Control+End", "Enter")
    page.keyboard.type("if True:")
    press(page, "Enter")
    page.keyboard.type("pass")
    acts.saved(page)
    press(page, "Tab")
    expect(editor).to_be_focused()
    expect(editor).to_have_value(re.compile(r"# 在这里写\n\nif True:\n {4}pass +$"))
    press(page, "Escape")
    tab_to(page, page.get_by_role("button", name="运行"))
    press(page, "[")
    expect(page.get_by_role("heading", level=2, name="1 一题多类")).to_be_visible()

    tab_to(page, page.get_by_role("link", name="交卷", exact=True), "Shift+Tab")
    press(page, "Enter")
    expect(page.get_by_role("region", name="标记过的题").get_by_role("link")).to_have_text([re.compile("^2")])
    tab_to(page, page.get_by_role("button", name="确认交卷"))
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("成绩单")
    assert [row[4] for row in acts.points(page, "1 一题多类")] == ["2", "0", "2"]  # the note says more than the one word
    summary = page.get_by_role("region", name="理论知识").locator("summary").first
    tab_to(page, summary)
    press(page, "Enter")
    expect(page.get_by_text("第 2 道题的解析").or_(page.get_by_text(re.compile(r"第 \d 道题的解析"))).first).to_be_visible()
    assert page.evaluate("sessionStorage.pointers") is None
