"""The picture field from blank to marks: choose, paste, refuse, reorder, remove, try out, hand in, look at the evidence."""

from __future__ import annotations

import base64
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from simulator import workers
from simulator.config import ROOT
from tests import factories
from tests.browser import acts
from tests.browser.hall import Hall, now, wait_until
from tests.grading.clip import tiny

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

TASK = ROOT / "tasks" / "generation" / "posters"
FULL = sorted((TASK / "samples" / "full").glob("*.png"))
RUN_MS = 60_000
PAPER = """\
title: 图片卷
minutes: 20
marks: 7
modules:
  - {id: pictures, title: 图片生成, part: practical, minutes: 20, slots: [{task: generation/posters}]}
"""


def write_tree(root: Path) -> Path:
    factories.write_tree(root)
    shutil.copytree(TASK, root / "generation" / "posters", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "papers" / "pictures.yaml").write_text(PAPER, "utf-8")
    return root


@pytest.fixture(scope="module")
def picture_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder = tmp_path_factory.mktemp("pictures")
    hall = Hall(folder, write_tree(folder / "tasks"), markers="1")
    try:
        yield hall.start()
    finally:
        hall.close()


@pytest.fixture(scope="module")
def clip_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A hall whose school has put a (tiny) CLIP model beside the runtimes."""
    folder = tmp_path_factory.mktemp("clip")
    built = Path(os.environ.get("SIMULATOR_TEST_RUNTIMES") or ROOT / "instance" / "runtimes")
    (folder / "models").mkdir()
    tiny.build(built, folder / "models" / "clip")
    hall = Hall(folder, write_tree(folder / "tasks"), markers="1", runtimes_dir=str(tiny.instance(built, folder)))
    try:
        yield hall.start()
    finally:
        hall.close()


@pytest.fixture
def sitting(picture_hall: Hall, desk: Any) -> tuple[Page, int]:
    """A candidate before the task: the page, and the number of the attempt."""
    return seated(picture_hall, desk)


def seated(hall: Hall, desk: Any) -> tuple[Page, int]:
    username = hall.person()
    attempt = hall.attempt(username, hall.exam(paper="pictures"))
    one = desk(hall)
    page = one.page()
    page.desk = one
    acts.open_attempt(page, username, attempt)
    acts.ready(page)
    have_workers(hall)
    return page, attempt


def cards(page: Page) -> Locator:
    return page.get_by_role("list", name="已交的图片，按顺序").get_by_role("listitem")


def names(page: Page) -> list[str]:
    return cards(page).locator(".images__name").all_inner_texts()


def choose(page: Page, *files: Any) -> None:
    as_sent = [one if isinstance(one, dict) else {"name": one.name, "mimeType": "image/png", "buffer": one.read_bytes()} for one in files]
    page.get_by_label("添加图片").set_input_files(as_sent)


def errors(page: Page) -> Locator:
    return page.get_by_role("group", name="四张海报").get_by_role("alert")


def stored(hall: Hall, attempt: int) -> list[str]:
    return [item["name"] for item in hall.draft(attempt, 1).get("posters", [])]


def loaded(pictures: Locator, count: int) -> None:
    """Wait until so many pictures are really shown."""
    wait_until(
        lambda: pictures.evaluate_all("all => all.filter((one) => one.complete && one.naturalWidth > 10).length") == count, 20,
        "the pictures do not load",
    )


def test_four_posters_from_blank_to_marks(sitting: tuple[Page, int], picture_hall: Hall) -> None:
    page, attempt = sitting
    hall = picture_hall
    choose(page, FULL[1], FULL[0], FULL[2])
    expect(cards(page)).to_have_count(3)
    loaded(cards(page).get_by_role("img", include_hidden=True).or_(cards(page).locator("img")), 3)
    assert names(page) == ["1 poster-2.png", "2 poster-1.png", "3 poster-3.png"]

    # Reorder with a button, then with keys; the order is saved although the set of files is the same.
    acts.saved(page)
    page.get_by_role("button", name="把 poster-1.png 往前移").click()
    assert names(page) == ["1 poster-1.png", "2 poster-2.png", "3 poster-3.png"]
    wait_until(lambda: stored(hall, attempt) == ["poster-1.png", "poster-2.png", "poster-3.png"], 10, "the order is not saved")
    page.get_by_role("button", name="移除 poster-3.png").focus()
    page.keyboard.press("Shift+ArrowLeft")
    assert names(page)[1] == "2 poster-3.png"
    page.keyboard.press("Shift+ArrowRight")
    assert names(page)[2] == "3 poster-3.png"
    expect(page.get_by_role("button", name="移除 poster-3.png")).to_be_focused()

    # A wrong one is taken out after a question, the right one comes in its place.
    choose(page, TASK / "samples" / "wrong-noise" / "noise-4.png")
    expect(cards(page)).to_have_count(4)
    page.get_by_role("button", name="移除 noise-4.png").click()
    dialog = page.get_by_role("dialog", name="移除这张图片？")
    dialog.get_by_role("button", name="取消").click()
    expect(cards(page)).to_have_count(4)
    page.get_by_role("button", name="移除 noise-4.png").click()
    dialog.get_by_role("button", name="移除").click()
    expect(cards(page)).to_have_count(3)
    choose(page, FULL[3])
    expect(cards(page)).to_have_count(4)
    wait_until(lambda: len(stored(hall, attempt)) == 4, 10, "the fourth picture is not saved")

    # After a reload the pictures come from the candidate's own uploads.
    acts.saved(page)
    page.reload()
    acts.ready(page)
    loaded(cards(page).locator("img"), 4)
    page.get_by_role("button", name="放大查看 poster-4.png").click()
    expect(page.get_by_role("dialog", name="poster-4.png").get_by_role("img", name="poster-4.png")).to_be_visible()
    page.keyboard.press("Escape")

    # A trial measures; nothing is marked.
    try_out(page)
    table = page.get_by_role("region", name="图片的测量结果")
    loaded(table.locator("thead img"), 4)
    expect(table.get_by_role("row", name="宽 × 高")).to_contain_text("768 × 1024")
    expect(table.get_by_role("row", name="读到的文字")).to_contain_text("一壶山泉清早装满")
    expect(table.get_by_role("row", name="元数据标识")).to_contain_text("POSTER-003")
    expect(page.get_by_text("没有评判提示词是否相符：本机没有 CLIP 模型。")).to_be_visible()
    expect(table.get_by_role("row", name="提示词相符")).to_have_count(0)

    acts.hand_in(page)
    expect(page.get_by_text("没有评完")).to_have_count(0, timeout=RUN_MS)
    expect(acts.total(page)).to_have_text("7 / 7")
    rows = acts.points(page, "产品海报四张")
    assert [row[4] for row in rows] == ["0.4", "0.8", "0.8", "1.2", "0.8", "0.8", "0.6", "0.8", "0.8"]
    evidence = page.get_by_role("region", name="图片的测量结果")
    expect(evidence).to_be_visible()
    loaded(evidence.locator("thead img"), 4)


def test_with_a_model_of_the_school_prompts_are_compared_and_not_marked(clip_hall: Hall, desk: Any) -> None:
    page, _ = seated(clip_hall, desk)
    choose(page, *FULL)
    expect(cards(page)).to_have_count(4)
    acts.saved(page)
    try_out(page)
    table = page.get_by_role("region", name="图片的测量结果")
    row = table.get_by_role("row", name="提示词相符 仅供参考，不计分")
    expect(row.get_by_role("cell")).to_have_count(4)
    expect(row).to_contain_text("海报：轻得像羽毛的保温水壶")
    expect(row.get_by_role("cell").first).to_contain_text(re.compile(r"10 句里第 \d+ 名 份额 \d+% · 余弦 -?[01]\.\d{3}"))
    expect(page.get_by_text("它会看错，仅供参考，不计分。")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1366, "height": 768})
    acts.hand_in(page)
    expect(page.get_by_text("没有评完")).to_have_count(0, timeout=RUN_MS)
    expect(acts.total(page)).to_have_text("7 / 7")
    expect(page.get_by_role("row", name="提示词相符 仅供参考，不计分")).to_be_visible()


def try_out(page: Page) -> None:
    page.get_by_role("button", name="运行").click()
    expect(page.get_by_role("region", name="测量图片").get_by_text("运行完成")).to_be_visible(timeout=RUN_MS)


def test_what_cannot_be_taken_is_told_file_by_file(sitting: tuple[Page, int]) -> None:
    page, _ = sitting
    empty = {"name": "空.png", "mimeType": "image/png", "buffer": b""}
    vector = {"name": "矢量.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    choose(page, empty, vector, FULL[0])
    expect(cards(page)).to_have_count(1)
    expect(errors(page)).to_contain_text("空.png：文件是空的，没有上传。")
    expect(errors(page)).to_contain_text("矢量.svg：只接受 .png .jpg .jpeg .webp 文件，没有上传。")
    choose(page, FULL[0])
    expect(errors(page)).to_have_text("poster-1.png：这张图片已经在里面了，没有再加。")
    choose(page, *FULL[1:], TASK / "samples" / "wrong-size" / "square-1.png")
    expect(cards(page)).to_have_count(4)
    expect(errors(page)).to_contain_text("square-1.png：最多 4 张，这一张没有上传。")


def test_a_picture_in_disguise_is_refused_by_the_server(sitting: tuple[Page, int]) -> None:
    page, _ = sitting
    page.desk.expect_error("422")
    gif = {"name": "图.png", "mimeType": "image/png", "buffer": b"GIF89a" + b"\0" * 40}
    with page.expect_response(lambda answer: answer.status == 422):
        choose(page, gif)
    expect(errors(page)).to_contain_text("图.png：“图.png”其实是GIF 图片")
    expect(cards(page)).to_have_count(0)


def test_a_screenshot_can_be_pasted_and_a_card_dragged(sitting: tuple[Page, int]) -> None:
    page, _ = sitting
    data = base64.b64encode(FULL[2].read_bytes()).decode()
    page.wait_for_function(  # until the widget is there and takes it
        """(data) => {
          const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
          const box = new DataTransfer();
          box.items.add(new File([bytes], 'image.png', { type: 'image/png' }));
          return !document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: box, bubbles: true, cancelable: true }));
        }""",
        arg=data,
    )
    expect(cards(page)).to_have_count(1)
    expect(cards(page).first).to_contain_text("粘贴-")
    choose(page, FULL[0])
    expect(cards(page)).to_have_count(2)
    cards(page).nth(1).drag_to(cards(page).nth(0))
    expect(cards(page).first).to_contain_text("poster-1.png")


def test_at_phone_width_nothing_is_cut_off(sitting: tuple[Page, int]) -> None:
    page, _ = sitting
    page.set_viewport_size({"width": 390, "height": 844})
    choose(page, *FULL)
    expect(cards(page)).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def have_workers(hall: Hall) -> None:
    def able() -> bool:
        with hall.services.db.read() as session:
            return workers.summary(session, now()).able >= 1

    wait_until(able, 60, "no worker has a sandbox")
