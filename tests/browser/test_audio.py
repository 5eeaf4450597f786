"""The voice-cloning task in the browser: upload a clip, hear and see it, measure it, hand it in, read the marks."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import expect

from simulator.config import ROOT
from tests import factories
from tests.browser import acts
from tests.browser.hall import Hall, wait_until
from tests.browser.test_trials import RUN_MS, have_workers

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

TASK = ROOT / "tasks" / "generation" / "voice-clone"
CONSENT = "说话人本人已书面同意。声音只用于本次考试。播放时会注明是 AI 合成的声音。"
TITLE = "声音克隆"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A server whose paper ends with the task."""
    folder = tmp_path_factory.mktemp("studio")
    tasks = factories.write_tree(folder / "tasks")
    shutil.copytree(TASK, tasks / "generation" / "voice-clone")
    shutil.copy(ROOT / "tasks" / "standard" / "level3.yaml", tasks / "standard")  # its tags
    paper = factories.PAPER.replace("minutes: 30\nmarks: 16", "minutes: 55\nmarks: 22").replace("minutes: 20", "minutes: 45")
    (tasks / "papers" / "small.yaml").write_text(paper + "      - {task: generation/voice-clone}\n", "utf-8")
    hall = Hall(folder, tasks)
    try:
        yield hall.start()
    finally:
        hall.close()


@pytest.fixture
def page(studio, desk):
    """A candidate before the task."""
    have_workers(studio)
    username = studio.person()
    attempt = studio.attempt(username, studio.exam())
    one = desk(studio)
    page = one.page()
    page.desk = one
    acts.open_attempt(page, username, attempt, screen=4)
    acts.ready(page)
    return page


def choose(page, sample, name="answer.flac"):
    page.get_by_label("选择文件").or_(page.get_by_label("更换文件")).set_input_files(TASK / "samples" / sample / name)


def panel(page):
    return page.get_by_role("group", name="试听：克隆的声音")


def test_from_blank_to_marks(page):
    expect(panel(page)).to_be_hidden()
    choose(page, "full")
    expect(panel(page)).to_contain_text("3.60 秒 · 16000 Hz · 单声道")
    player = panel(page).locator("audio")
    assert player.get_attribute("src").startswith("blob:")
    assert len(panel(page).locator("path").get_attribute("d")) > 1000
    page.get_by_label("授权与用途说明").fill(CONSENT)
    acts.saved(page)
    page.reload()
    acts.ready(page)
    expect(panel(page)).to_contain_text("16000 Hz")
    assert re.search(r"/uploads/8/clip$", player.get_attribute("src"))
    wait_until(lambda: player.evaluate("one => one.duration > 3"), 15, "the clip of the server does not load")

    page.get_by_role("button", name="运行").click()
    trial = page.get_by_role("region", name="测量声音")
    measures = trial.get_by_role("region", name="测量")
    expect(measures).to_contain_text("与目标", timeout=RUN_MS)
    for figure in ("FLAC PCM_16", "-20.0 LUFS", "0.81", "0.62", "never use the", '"ContentProducer"'):
        expect(measures).to_contain_text(figure)
    expect(trial.get_by_label("交上的声音", exact=True)).to_be_visible()
    expect(trial.get_by_role("img", name=re.compile("波形"))).to_be_visible()

    acts.hand_in(page)
    expect(acts.total(page)).to_have_text("6 / 22", timeout=RUN_MS)
    rows = {row[0]: row for row in acts.points(page, TITLE)}
    assert any("与目标 0.81，与原声 0.62" in " ".join(row) for row in rows.values())
    evidence = page.locator("details.evidence").filter(has_text="测量声音")
    expect(evidence.get_by_role("region", name="测量")).to_be_visible()
    source = evidence.get_by_label("交上的声音", exact=True).get_attribute("src")
    assert page.request.get(source).body() == (TASK / "samples" / "full" / "answer.flac").read_bytes()


def test_the_keyboard_plays_and_another_file_takes_its_place(page):
    choose(page, "wrong-silence")
    expect(panel(page)).to_contain_text("听起来没有声音")
    choose(page, "full-other-way")
    expect(panel(page)).to_contain_text("3.47 秒")
    player = panel(page).locator("audio")
    player.focus()
    page.keyboard.press("Space")
    wait_until(lambda: player.evaluate("one => one.currentTime > 0.1"), 15, "the clip does not play")
    page.get_by_role("button", name="移除").click()
    page.get_by_role("dialog").get_by_role("button", name="移除").click()
    expect(panel(page)).to_be_hidden()
    assert page.locator("[data-upload-value]").input_value() == ""


def test_another_kind_of_file_is_refused_before_it_is_sent(page):
    page.get_by_label("选择文件").set_input_files({"name": "a.mp3", "mimeType": "audio/mpeg", "buffer": b"ID3" + b"\0" * 100})
    expect(page.get_by_role("alert").filter(has_text=".wav")).to_be_visible()
    expect(panel(page)).to_be_hidden()
    page.desk.expect_error("422")
    page.get_by_label("选择文件").set_input_files({"name": "a.wav", "mimeType": "audio/wav", "buffer": b"ID3" + b"\0" * 100})
    expect(page.get_by_role("alert").filter(has_text="不要只改文件名")).to_be_visible()


@pytest.mark.parametrize("width", [1366, 390])
def test_nothing_is_wider_than_the_page(page, width):
    page.set_viewport_size({"width": width, "height": 768})
    choose(page, "full")
    expect(panel(page)).to_contain_text("16000 Hz")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
