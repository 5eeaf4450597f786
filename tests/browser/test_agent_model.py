"""A language model that the school has connected: a candidate of a practice chooses it, reads its words and how they came about."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.agent_tree import asking_flow, write_tree
from tests.browser import acts
from tests.browser.hall import Hall
from tests.browser.test_trials import have_workers
from tests.fake_model import KEY, MODEL, FakeModel, fake_model

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

RUN_MS = 60_000
BY_MODEL, BUILT_IN = re.compile("^用学校接入的大模型"), "用内置引擎"


@pytest.fixture(scope="module")
def model() -> Iterator[FakeModel]:
    with fake_model() as fake:
        yield fake


@pytest.fixture(scope="module")
def model_hall(tmp_path_factory: pytest.TempPathFactory, model: FakeModel) -> Iterator[Hall]:
    """A server that is connected to a model, with the shipped agent task."""
    folder = tmp_path_factory.mktemp("model")
    hall = Hall(folder, write_tree(folder / "tasks"), markers="1", llm_url=model.url, llm_model=MODEL)
    (hall.instance / "llm_key").write_text(KEY)
    try:
        yield hall.start()
    finally:
        hall.close()
    assert KEY not in hall.log.read_text("utf-8")


def sit(hall: Hall, one, mode: str, flow: str) -> Page:
    """A candidate before the agent task with `flow` written."""
    have_workers(hall)
    username, page = hall.person(), one.page()
    acts.open_attempt(page, username, hall.attempt(username, hall.exam(mode=mode)), screen=1)
    acts.ready(page)
    page.get_by_role("button", name="YAML", exact=True).click()
    page.get_by_role("textbox", name="客服流程").fill(flow)
    return page


def chat(page: Page) -> Locator:
    return page.get_by_role("region", name="对话预览", exact=True)


def send(page: Page, words: str) -> None:
    chat(page).get_by_label("你说").fill(words)
    chat(page).get_by_label("你说").press("Enter")


def test_the_models_words_its_prompt_and_what_they_count_for(model_hall, desk, model):
    model.reply = lambda body: f"小李答：{body['messages'][-1]['content']}"
    page = sit(model_hall, desk(model_hall), "practice", asking_flow())
    expect(chat(page).get_by_role("radio", name=BUILT_IN)).to_be_checked()
    chat(page).get_by_role("radio", name=BUILT_IN).focus()
    page.keyboard.press("ArrowDown")
    expect(chat(page).get_by_role("radio", name=BY_MODEL)).to_be_checked()
    expect(chat(page).get_by_text("分数只由内置引擎评出")).to_be_visible()
    send(page, "东西坏了")
    expect(chat(page).locator(".bubble--agent").last).to_have_text("智能体：小李答：东西坏了", timeout=RUN_MS)
    expect(chat(page).get_by_text(f"由学校接入的大模型 {MODEL} 回答")).to_be_visible()
    chat(page).locator("summary").filter(has_text="生成回答1").click()
    expect(chat(page).locator("[data-prompt]")).to_have_text("【系统】你是客服小李。\n\n【用户】东西坏了")
    expect(chat(page).locator("[data-reply]")).to_have_text("小李答：东西坏了")
    page.reload()
    acts.ready(page)
    expect(chat(page).get_by_role("radio", name=BY_MODEL)).to_be_checked()
    expect(chat(page).locator(".bubble--agent").last).to_contain_text("小李答：东西坏了")
    chat(page).get_by_role("radio", name=BUILT_IN).check()
    send(page, "在吗")
    expect(chat(page).get_by_text("内嵌语义引擎")).to_be_visible(timeout=RUN_MS)
    expect(chat(page).locator(".bubble--agent")).to_have_count(2)
    expect(chat(page).locator(".bubble--agent").last).not_to_contain_text("小李答")
    assert set(model.keys) == {f"Bearer {KEY}"}


def test_stopping_it_while_it_thinks_and_a_failure_in_words(model_hall, desk, model):
    model.release.clear()
    model.reply = model.wait
    page = sit(model_hall, desk(model_hall, viewport={"width": 390, "height": 844}), "practice", asking_flow("慢"))
    chat(page).get_by_role("radio", name=BY_MODEL).check()
    send(page, "您好")
    expect(chat(page).get_by_text("等大模型回答")).to_be_visible(timeout=RUN_MS)
    chat(page).get_by_role("button", name="停止").click()
    expect(chat(page).get_by_text("已停止")).to_be_visible()
    model.release.set()
    model.reply = lambda _: (429, {})
    send(page, "还在吗")
    expect(chat(page).get_by_text("大模型接口现在太忙")).to_be_visible(timeout=RUN_MS)
    expect(chat(page).get_by_label("你说")).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_mock_exam_has_no_choice(model_hall, desk, model):
    before = len(model.asked)
    page = sit(model_hall, desk(model_hall), "mock", asking_flow())
    expect(page.get_by_role("radio", name=BY_MODEL)).to_have_count(0)
    send(page, "您好")
    expect(chat(page).get_by_text("内嵌语义引擎")).to_be_visible(timeout=RUN_MS)
    assert len(model.asked) == before
