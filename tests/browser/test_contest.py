"""The small contest as one candidate sits it: theory and all five modules through their widgets, one score sheet, one board."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from simulator.config import ROOT
from tests.browser import acts
from tests.browser.hall import Hall
from tests.browser.test_trials import have_workers

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.slow]

TASKS = ROOT / "tasks"
MODULES = ("理论知识", "智能家居搭建", "数据信息处理", "模型的调试和运用", "智能体搭建", "图片与声音生成")
MARKED_MS = 180_000
PAGE_MS = 20_000


def sample(task: str, name: str) -> str:
    return (TASKS / task / "samples" / "full" / name).read_text("utf-8")


def next_page(page: Page, heading: str) -> None:
    acts.saved(page)
    page.get_by_role("link", name="下一页").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading, timeout=PAGE_MS)
    acts.ready(page)


def theory(page: Page) -> None:
    acts.ready(page)
    for label in range(1, 14):
        acts.item(page, label).locator("label.option").first.click()


def home(page: Page) -> None:
    page.get_by_role("tab", name="YAML").click()
    page.get_by_role("textbox", name="自动化", exact=True).fill(sample("home/arrive-leave", "automations.yaml"))
    page.get_by_role("tab", name="表单").click()
    expect(page.get_by_role("tabpanel", name="表单").get_by_label("名称").first).to_be_visible()


def labelling(page: Page) -> None:
    page.get_by_text("导入与导出").click()
    page.get_by_label("导入文件").set_input_files(TASKS / "data/steel-defects/key/truth.json")
    expect(page.get_by_role("table").get_by_role("row").nth(1)).to_be_visible()


def model(page: Page) -> None:
    acts.editor(page).press("ControlOrMeta+a")
    page.keyboard.insert_text(sample("tuning/onnx-export", "program.py"))


def agent(page: Page) -> None:
    page.get_by_role("button", name="YAML", exact=True).click()
    page.get_by_role("textbox", name="客服流程").fill(sample("agent/order-service", "flow.yml"))
    page.get_by_role("button", name="节点和流程图", exact=True).click()
    expect(page.get_by_role("list", name="节点表").locator("> li").nth(3)).to_be_visible()


def pictures(page: Page) -> None:
    page.get_by_label("添加图片").set_input_files(sorted((TASKS / "generation/posters/samples/full").glob("*.png")))
    expect(page.get_by_role("list", name="已交的图片，按顺序").get_by_role("listitem")).to_have_count(4)


def test_every_module_is_worked_handed_in_marked_and_ranked(shipped_hall: Hall, desk):
    have_workers(shipped_hall)
    username = shipped_hall.person()
    exam = shipped_hall.exam(paper="contest-mini", mode="contest")
    page = desk(shipped_hall).page()
    acts.open_attempt(page, username, shipped_hall.attempt(username, exam))
    for number, work in enumerate((theory, home, labelling, model, agent, pictures)):
        expect(page.get_by_role("heading", level=1)).to_contain_text(MODULES[number])
        work(page)
        if number < 5:
            next_page(page, MODULES[number + 1])
    acts.saved(page)
    acts.hand_in(page)

    expect(page.get_by_text("没有评完")).to_have_count(0, timeout=MARKED_MS)
    parts = page.get_by_role("group", name="各部分得分")
    for module, marks in zip(MODULES[1:], ("10", "10", "10", "10", "7"), strict=True):
        row = parts.get_by_role("row").filter(has=page.get_by_role("cell", name=module, exact=True))
        expect(row.get_by_role("cell").nth(1)).to_have_text(marks)
    expect(page.locator("details.evidence").first).to_be_visible()

    page.get_by_role("link", name="排行榜").click()
    for module in MODULES:
        expect(page.get_by_role("columnheader", name=module)).to_be_visible()
    me = page.get_by_role("row").filter(has_text=username)
    expect(me.get_by_role("cell").first).to_have_text("1")
