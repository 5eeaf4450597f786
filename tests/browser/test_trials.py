"""Live trial runs: real workers, real sandbox; what the candidate sees while the program runs, and how it is stopped."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from simulator import workers
from tests.browser import acts, tree
from tests.browser.hall import Hall, now, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

RUN_MS = 60_000
WORKERS_S = 60
COUNTING = """\
import sys, time
for n in range(1, 25):
    print('第', n, '行')
    print(f'\\r{n * 4:3d}%', end='', file=sys.stderr, flush=True)
    time.sleep(0.25)
"""
PLOT = """\
import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
plt.show()
print('<b>画好了</b>')
"""
ENDLESS = "print('开始')\nwhile True:\n    pass\n"
GREEDY = "keep = []\nwhile True:\n    keep.append(bytearray(8_000_000))\n"


def have_workers(hall: Hall, count: int = 1) -> None:
    """Wait until so many workers have tested their sandbox."""

    def able() -> bool:
        with hall.services.db.read() as session:
            return workers.summary(session, now()).able >= count

    wait_until(able, WORKERS_S, "no worker has a sandbox")


@pytest.fixture
def page(hall, desk):
    """A candidate before the program task."""
    have_workers(hall)
    return sit(hall, desk())


def sit(hall: Hall, one) -> Page:
    username = hall.person()
    attempt = hall.attempt(username, hall.exam())
    page = one.page()
    page.desk = one
    acts.open_attempt(page, username, attempt, screen=3)
    acts.editor(page)
    return page


def write(page: Page, text: str) -> None:
    acts.editor(page).press("ControlOrMeta+a")
    page.keyboard.insert_text(text)


def run(page: Page, text: str) -> Locator:
    """Write a program and press 运行; return the panel."""
    write(page, text)
    page.get_by_role("button", name="运行").click()
    return trial(page)


def trial(page: Page) -> Locator:
    return page.get_by_role("region", name="试运行")


def output(page: Page, name: str = "标准输出") -> Locator:
    return trial(page).get_by_role("region", name=name)


def running(page: Page) -> Locator:
    return trial(page).get_by_text("运行中", exact=True)


def spoken(page: Page) -> Locator:
    return page.locator("#announce")


def test_output_appears_while_the_program_runs_and_a_reload_goes_on(page):
    run(page, COUNTING)
    expect(output(page)).to_contain_text("第 1 行", timeout=RUN_MS)
    expect(running(page)).to_be_visible()
    expect(spoken(page)).to_have_text("运行中")
    expect(output(page, "错误输出")).to_have_text(re.compile(r"^ *\d+%$"))
    expect(output(page)).to_contain_text("第 4 行")

    page.reload()
    acts.ready(page)
    expect(running(page)).to_be_visible()
    expect(output(page)).to_contain_text("第 4 行")
    expect(output(page)).not_to_contain_text("第 24 行")
    expect(page.get_by_role("button", name="停止")).to_be_visible()
    expect(output(page)).to_contain_text("第 24 行", timeout=RUN_MS)
    expect(trial(page).get_by_text("运行完成")).to_be_visible()
    assert output(page).inner_text().split("\n")[:-1] == [f"第 {n} 行" for n in range(1, 25)]
    expect(output(page, "错误输出")).to_have_text("96%")
    expect(spoken(page)).to_have_text("运行完成 程序正常结束。")
    expect(page.get_by_role("button", name="停止")).to_be_hidden()


def test_a_plot_is_seen_and_text_stays_text(page):
    page.desk.expect_error("default-src 'none'")  # the browser's own page around a single picture has a style
    run(page, PLOT)
    picture = trial(page).get_by_role("img", name="图 1")
    expect(picture).to_be_visible(timeout=RUN_MS)
    wait_until(lambda: picture.evaluate("one => one.complete && one.naturalWidth"), 10, "the picture does not load")
    expect(output(page)).to_have_text("<b>画好了</b>")
    with page.expect_popup() as popup:
        picture.click()
    expect(popup.value.locator("img")).to_be_visible()


def test_stop_works_within_two_seconds(page):
    run(page, ENDLESS)
    expect(output(page)).to_have_text("开始", timeout=RUN_MS)
    begin = time.monotonic()
    page.get_by_role("button", name="停止").click()
    expect(trial(page).get_by_text("已停止")).to_be_visible()
    assert time.monotonic() - begin < 2
    expect(output(page)).to_have_text("开始")
    expect(page.get_by_role("button", name="运行")).to_be_focused()


def test_a_memory_limit_is_told_in_words(page):
    panel = run(page, GREEDY)
    expect(panel.get_by_text("内存超过 512 MB，程序被终止。")).to_be_visible(timeout=RUN_MS)
    expect(panel.get_by_text("超过内存限制")).to_be_visible()


def test_the_editors_key_runs_and_esc_loses_nothing(page):
    write(page, tree.PROGRAM)
    acts.editor(page).press("ControlOrMeta+Enter")
    expect(output(page)).to_have_text("合计 6", timeout=RUN_MS)
    expect(acts.editor(page)).to_be_focused()
    expect(acts.editor(page)).to_have_value(tree.PROGRAM)
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(output(page)).to_have_text("合计 6")
    expect(acts.editor(page)).to_have_value(tree.PROGRAM)


def test_a_second_press_offers_to_stop_the_first(page):
    page.desk.expect_error("409")
    run(page, ENDLESS)
    expect(running(page)).to_be_visible(timeout=RUN_MS)
    write(page, "print('第二个')\n")
    page.get_by_role("button", name="运行").click()
    dialog = page.get_by_role("dialog", name="上一次试运行还没有结束。")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(running(page)).to_be_visible()
    page.get_by_role("button", name="运行").click()
    dialog.get_by_role("button", name="停止它并运行").click()
    expect(output(page)).to_have_text("第二个", timeout=RUN_MS)


def test_without_network_and_log_in_the_page_says_so_and_goes_on_later(page):
    page.desk.expect_error("ERR_INTERNET_DISCONNECTED")
    panel = run(page, COUNTING)
    expect(output(page)).to_contain_text("第 1 行", timeout=RUN_MS)
    page.context.set_offline(True)
    expect(panel.get_by_text("网络中断")).to_be_visible()
    page.context.set_offline(False)
    expect(panel.get_by_text("网络中断")).to_be_hidden()
    cookies = page.context.cookies()
    page.context.clear_cookies()
    expect(panel.get_by_text("登录已过期")).to_be_visible()
    expect(panel.get_by_role("link", name="在新标签页登录")).to_be_visible()
    page.context.add_cookies(cookies)
    expect(output(page)).to_contain_text("第 24 行", timeout=RUN_MS)
    expect(panel.get_by_text("登录已过期")).to_be_hidden()


@pytest.fixture
def small_hall(tmp_path):
    """A server with one worker."""
    hall = Hall(tmp_path, tree.write_tree(tmp_path / "tasks"), markers="1")
    try:
        yield hall.start()
    finally:
        hall.close()


def test_the_place_in_the_queue_is_shown_and_can_be_left(small_hall, desk):
    hall = small_hall
    have_workers(hall)
    first, second, third = (sit(hall, desk(hall)) for _ in range(3))
    run(first, ENDLESS)
    expect(running(first)).to_be_visible(timeout=RUN_MS)
    expect(run(second, "print('二')\n").get_by_text("下一个就是你。")).to_be_visible()
    expect(run(third, "print('三')\n").get_by_text("前面还有 1 个试运行。")).to_be_visible()
    second.get_by_role("button", name="停止").click()
    expect(trial(second).get_by_text("已取消")).to_be_visible()
    expect(trial(third).get_by_text("下一个就是你。")).to_be_visible()
    first.get_by_role("button", name="停止").click()
    expect(output(third)).to_have_text("三", timeout=RUN_MS)


def test_without_workers_there_is_a_sentence_and_the_answer_is_saved(own_hall, desk):
    own_hall.start("--web-only")
    one = desk(own_hall)
    one.expect_error("503")
    page = sit(own_hall, one)
    panel = run(page, tree.PROGRAM)
    expect(panel.get_by_text("现在没有可以运行程序的评分进程。请告诉监考教师；作答已保存，不受影响。")).to_be_visible()
    acts.saved(page)
