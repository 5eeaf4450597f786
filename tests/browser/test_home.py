"""The smart-home task, worked as a person does: form and YAML are one answer, a trial day is played, the marks are right."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from simulator.config import ROOT
from tests import factories
from tests.browser import acts
from tests.browser.hall import Hall
from tests.browser.test_trials import RUN_MS, have_workers

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

TASK = "arrive-leave"
FULL = (ROOT / "tasks" / "home" / TASK / "samples" / "full" / "automations.yaml").read_text("utf-8")
PAPER = """\
title: 家
level: 3
minutes: 60
marks: 10
pass: {practical: 60}
modules:
  - id: home
    title: 智能家居搭建
    part: practical
    minutes: 60
    slots:
      - {task: home/arrive-leave}
"""
DOOR = """\
- alias: 大门没关
  # 只提醒一次
  triggers:
    - trigger: state
      entity_id: binary_sensor.door
      to: "on"
  actions:
    - choose:
        - conditions: "{{ true }}"
          sequence:
            - action: notify.phone
              data: {message: 大门开着}
"""


@pytest.fixture(scope="module")
def home_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A server with the smart-home task."""
    folder = tmp_path_factory.mktemp("home")
    tasks = factories.write_tree(folder / "tasks")
    shutil.copytree(ROOT / "tasks" / "home" / TASK, tasks / "home" / TASK)
    (tasks / "papers" / "home.yaml").write_text(PAPER, "utf-8")
    hall = Hall(folder, tasks)
    try:
        yield hall.start()
    finally:
        hall.close()


@pytest.fixture
def page(home_hall, desk) -> Page:
    have_workers(home_hall)
    username = home_hall.person()
    attempt = home_hall.attempt(username, home_hall.exam(paper="home"))
    page = desk(home_hall).page()
    acts.open_attempt(page, username, attempt)
    acts.ready(page)
    expect(page.get_by_role("tab", name="表单")).to_be_visible()
    page.attempt = attempt
    return page


def yaml(page: Page) -> Locator:
    page.get_by_role("tab", name="YAML").click()
    return page.get_by_role("textbox", name="自动化", exact=True)


def form(page: Page) -> Locator:
    page.get_by_role("tab", name="表单").click()
    return page.get_by_role("tabpanel", name="表单")


def write(page: Page, text: str) -> None:
    yaml(page).fill(text)
    acts.saved(page)


def test_an_automation_is_made_in_the_form_and_reads_as_yaml(page):
    panel = form(page)
    panel.get_by_role("button", name="添加自动化").click()
    name = panel.get_by_label("名称").nth(1)
    expect(name).to_be_focused()
    name.fill("门开提醒")
    card = panel.get_by_role("listitem").nth(1)
    card.get_by_role("button", name="添加触发器").click()
    trigger = card.get_by_role("group", name="触发器 1")
    expect(trigger.get_by_label("类型")).to_be_focused()
    trigger.get_by_label("实体 1").select_option("binary_sensor.door")
    trigger.get_by_label("变为").fill("on")
    trigger.get_by_label("持续").fill("00:05:00")
    card.get_by_role("button", name="添加动作").click()
    action = card.get_by_role("group", name="动作 1")
    action.get_by_label("服务").select_option("notify.phone")
    action.get_by_label("数据（YAML）").fill("message: 大门没关")
    action.get_by_label("数据（YAML）").press("Tab")
    acts.saved(page)
    text = yaml(page).input_value()
    assert text.startswith("# 每条自动化以短横线开头")
    assert "示例：23 点关客厅灯" in text
    assert 'entity_id: binary_sensor.door\n      to: "on"\n      for: "00:05:00"' in text or "to: \"on\"" in text
    assert "action: notify.phone" in text
    assert "message: 大门没关" in text
    expect(page.get_by_text("YAML 写法正确，共 2 条自动化。")).to_be_visible()


def test_what_the_form_does_not_know_is_never_lost(page, home_hall):
    write(page, DOOR)
    panel = form(page)
    action = panel.get_by_role("group", name="动作 1")
    expect(action.get_by_label("YAML 片段")).to_have_value(re.compile("choose:"))
    panel.get_by_label("持续").fill("00:05:00")
    panel.get_by_label("持续").press("Tab")
    acts.saved(page)
    text = yaml(page).input_value()
    assert "# 只提醒一次" in text
    assert 'conditions: "{{ true }}"' in text
    assert re.search(r"for: [\"']?00:05:00", text)
    assert home_hall.draft(page.attempt, 1)["automations"] == text


def test_copy_and_delete_with_a_question(page):
    write(page, DOOR)
    panel = form(page)
    panel.get_by_role("button", name="复制 大门没关").click()
    expect(panel.get_by_label("名称")).to_have_count(2)
    expect(panel.get_by_label("名称").nth(1)).to_have_value("大门没关（副本）")
    panel.get_by_role("button", name="删除 大门没关", exact=True).click()
    question = page.get_by_role("dialog", name="删除这条自动化？")
    question.get_by_role("button", name="取消").click()
    expect(panel.get_by_label("名称")).to_have_count(2)
    panel.get_by_role("button", name="删除 大门没关", exact=True).click()
    question.get_by_role("button", name="删除").click()
    expect(panel.get_by_label("名称")).to_have_count(1)
    panel.get_by_label("启用").uncheck()
    assert "initial_state: false" in yaml(page).input_value()


def test_mistakes_in_the_yaml_are_named_with_their_line(page):
    area = yaml(page)
    lint = page.locator("[data-lint]")
    for text, said in (
        ("- alias: a\n  triggers: [\n", r"^第 \d 行：括号没有结束"), ("- alias: a\n  alias: b\n", r"^第 2 行：同一个键写了两次$"),
        ("- alias: a\n  triggers:\n    - to: on\n", r"^第 3 行：on 没有加引号"), ("- alias: !include x\n", r"^第 1 行：不能使用标签"),
        ("- alias: &a x\n- alias: *a\n", r"^第 \d 行：不能使用锚点和别名$"),
    ):
        area.fill(text)
        expect(lint).to_have_text(re.compile(said))
    area.fill("- alias: [\n")
    expect(form(page).get_by_text("YAML 有错，改好以后才能用表单。")).to_be_visible()


def test_a_trial_day_is_played_and_the_marks_follow(page, home_hall):
    write(page, FULL.replace("above: 28", "above: 25"))
    form(page)
    page.get_by_role("button", name="运行").click()
    trial = page.get_by_role("region", name="过一天（公开情景）")
    play = trial.get_by_role("button", name="播放")
    expect(play).to_be_visible(timeout=RUN_MS)
    slider = trial.get_by_role("slider", name="时刻")
    expect(trial.locator("[data-clock]")).to_have_text("17:00:00")
    slider.press("ArrowRight")
    expect(trial.locator("[data-clock]")).to_have_text("17:05:00")
    expect(trial.locator("[data-story]")).to_have_text("李女士出门买菜")
    device = trial.locator(".plan__device", has_text="客厅空调")
    expect(device).to_contain_text("关")
    for _ in range(2):
        slider.press("ArrowRight")
    expect(device).to_contain_text("制冷")
    expect(trial.locator("tr.homeday__now", has_text="climate.set_temperature")).to_have_count(1)
    slider.press("Home")
    play.click()
    expect(trial.locator("[data-clock]")).to_have_text("17:08:00", timeout=10_000)
    trial.get_by_role("button", name="暂停").click()
    trial.get_by_text("过程记录（调用与状态变化）").click()
    expect(trial.get_by_role("region", name="过程记录").get_by_role("cell", name="大门没关").first).to_be_visible()

    page.get_by_role("link", name="检查并交卷").click()
    page.get_by_role("button", name="确认交卷").click()
    expect(page.get_by_text("没有评完")).to_have_count(0, timeout=RUN_MS)
    expect(acts.total(page)).to_have_text("9.5 / 10", timeout=RUN_MS)
    rows = {row[0].split()[0]: row for row in acts.points(page, "1 智能家居：回家与离家")}
    assert rows["M6"][4] == "0"
    assert "不允许" in rows["M6"][5]
    sheet = page.locator("details.evidence", has_text="评分用的一天")
    if not sheet.get_by_role("slider").is_visible():
        sheet.locator("summary").first.click()
    expect(sheet.get_by_role("slider", name="时刻")).to_be_visible()


def test_without_scripts_the_yaml_is_there(home_hall, desk):
    username = home_hall.person()
    attempt = home_hall.attempt(username, home_hall.exam(paper="home"))
    one = desk(home_hall, java_script_enabled=False)
    page = one.page()
    acts.log_in(page, username)
    page.goto(f"/attempts/{attempt}/1")
    page.get_by_role("textbox", name="自动化", exact=True).fill("- alias: a\n")
    page.get_by_role("button", name="保存").click()
    assert home_hall.draft(attempt, 1)["automations"].strip() == "- alias: a"
