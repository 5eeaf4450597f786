"""The boxes widget: drawn with the mouse, corrected in the table by keyboard, undone, imported, handed in, seen on the score sheet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from grading.boxformats.coco import read_coco
from simulator.config import ROOT
from tests.browser import acts
from tests.browser.picture import answer, at, boxes, drag, draw, near, side, surface

pytestmark = pytest.mark.browser

KEY = ROOT / "tasks" / "data" / "steel-defects" / "key" / "truth.json"
FIRST = [("pit", [20, 150, 121, 98]), ("scratch", [256, 111, 53, 40])]
"""The true boxes of steel-01.png."""


def test_from_blank_to_marks_with_mouse_and_keyboard(sit):
    page, _ = sit()
    expect(page.get_by_text("第 1/10 张，已标 0 个框")).to_be_visible()

    draw(page, FIRST[0][1])
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="麻点")).to_have_attribute("aria-pressed", "true")
    draw(page, [100, 20, 60, 50])  # a wrong place, to be corrected by keyboard
    page.keyboard.press("1")
    assert [label for label, _ in boxes(page, "steel-01.png")] == ["pit", "scratch"]
    assert near(boxes(page, "steel-01.png")[0][1], FIRST[0][1])

    for name, value in zip(("宽", "高", "x", "y"), (53, 40, 256, 111), strict=True):
        side(page, 2, name).focus()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(str(value))
        page.keyboard.press("Tab")
    assert boxes(page, "steel-01.png")[1] == FIRST[1]
    page.get_by_label("框 1 的程度").select_option("严重")
    page.get_by_label("框 2 的程度").select_option("轻微")

    draw(page, [200, 230, 60, 40])  # one too many: undone
    expect(page.get_by_text("第 1/10 张，已标 3 个框")).to_be_visible()
    page.keyboard.press("ControlOrMeta+z")
    expect(page.get_by_text("第 1/10 张，已标 2 个框")).to_be_visible()
    acts.saved(page)

    acts.hand_in(page)
    expect(acts.total(page)).to_have_text(re.compile(r"^0 / 20$"))  # two of 23 are too few for F1 above 0.2
    rows = acts.points(page, "钢板表面缺陷标注")
    assert "画了 2 个：标对 2，标签错 0，漏 21，多 0" in rows[0][3]
    proof = page.locator(".boxproof")
    expect(proof.get_by_text("实线：你的框")).to_be_visible()
    first = proof.locator("details").filter(has_text="steel-01.png")
    expect(first.get_by_text("全部标对")).to_be_visible()
    first.locator("summary").click()
    assert first.locator("svg .boxproof__box--own").count() == first.locator("svg .boxproof__box--truth").count() == 2
    expect(first.get_by_role("row").filter(has_text="麻点")).to_contain_text("标对")
    picture = first.get_by_role("img", name="steel-01.png，框见下表")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth === 400", arg=picture.element_handle())
    expect(proof.locator("details").filter(has_text="steel-02.png").get_by_text("3 处不对")).to_be_visible()


def test_a_coco_file_earns_all_marks_after_one_confirmation(sit, tmp_path):
    page, _ = sit()
    draw(page, [10, 10, 40, 40])
    page.get_by_text("导入与导出").click()
    page.get_by_label("导入文件").set_input_files(KEY)
    dialog = page.get_by_role("dialog", name="用文件里的标注替换现有的标注？")
    expect(dialog).to_contain_text("现有 1 个框会换成文件“truth.json”里的 23 个。")
    dialog.get_by_role("button", name="取消").click()
    assert len(boxes(page, "steel-01.png")) == 1
    page.get_by_label("导入文件").set_input_files(KEY)
    dialog.get_by_role("button", name="替换").click()
    expect(page.get_by_text("第 1/10 张，已标 23 个框")).to_be_visible()
    page.get_by_role("button", name="撤销").click()
    assert len(boxes(page, "steel-01.png")) == 1
    page.get_by_role("button", name="重做").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="COCO JSON").click()
    assert download.value.suggested_filename == "boxes-coco.json"
    assert read_coco(Path(download.value.path()).read_bytes()).count == 23
    for name in ("Pascal VOC", "YOLO"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert Path(download.value.path()).read_bytes().startswith(b"PK")
    acts.saved(page)
    acts.hand_in(page)
    expect(acts.total(page)).to_have_text("10 / 20")
    assert [row[4].split()[0] for row in acts.points(page, "钢板表面缺陷标注")] == ["4", "2", "2", "1", "1"]


def test_a_wrong_file_changes_nothing_and_is_told_in_a_sentence(sit, tmp_path):
    page, _ = sit()
    page.desk.expect_error("422")
    draw(page, [10, 10, 40, 40])
    (tmp_path / "bad.json").write_text('{"images": []}', "utf-8")
    page.get_by_text("导入与导出").click()
    page.get_by_label("导入文件").set_input_files(tmp_path / "bad.json")
    expect(page.get_by_role("alert").filter(has_text="三个列表")).to_be_visible()
    assert len(boxes(page, "steel-01.png")) == 1


def test_everything_works_without_a_mouse(sit):
    page, _ = sit()
    page.get_by_role("button", name="添加一个框").press("Enter")
    expect(side(page, 1, "x")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("20")
    page.keyboard.press("Tab")
    page.get_by_label("框 1 的类别").focus()
    page.keyboard.press("ArrowDown")
    assert boxes(page, "steel-01.png") == [("pit", [20, 120, 80, 60])]
    side(page, 1, "宽").fill("999")
    side(page, 1, "宽").press("Enter")
    expect(page.get_by_role("alert").filter(has_text="框超出了图片（400×300 像素）")).to_be_visible()
    assert boxes(page, "steel-01.png") == [("pit", [20, 120, 80, 60])]
    side(page, 1, "宽").fill("１２０")
    side(page, 1, "宽").press("Enter")
    assert boxes(page, "steel-01.png") == [("pit", [20, 120, 120, 60])]
    page.keyboard.press("ControlOrMeta+z")
    assert boxes(page, "steel-01.png") == [("pit", [20, 120, 80, 60])]
    page.keyboard.press("ControlOrMeta+y")
    page.get_by_role("region", name="图片与框").focus()
    page.keyboard.press("n")
    expect(page.get_by_text("第 2/10 张，已标 1 个框")).to_be_visible()
    expect(page.get_by_text("这张图还没有框。")).to_be_visible()
    page.get_by_role("region", name="图片与框").focus()
    page.keyboard.press("p")
    zoom = page.get_by_label("缩放比例")
    before = zoom.inner_text()
    page.get_by_role("region", name="图片与框").press("+")
    expect(zoom).not_to_have_text(before)
    page.get_by_role("region", name="图片与框").press("0")
    expect(zoom).to_have_text(before)
    page.get_by_role("button", name="删除框 1").press("Enter")
    expect(page.get_by_text("已删除一个框，按 Ctrl+Z 可以撤销。")).to_be_visible()
    assert answer(page) == {}
    expect(page.get_by_role("button", name="添加一个框")).to_be_focused()


def test_a_box_is_moved_resized_and_deleted_on_the_picture(sit):
    page, _ = sit()
    draw(page, [100, 100, 80, 60])
    page.mouse.click(*at(page, 140, 130))
    expect(page.locator(".a9s-corner-handle-topleft")).to_have_count(1)
    drag(page, (140, 130), (170, 120))
    page.wait_for_timeout(100)
    assert near(boxes(page, "steel-01.png")[0][1], [130, 90, 80, 60])
    assert near([float(side(page, 1, name).input_value()) for name in ("x", "y", "宽", "高")], [130, 90, 80, 60])
    drag(page, (210, 150), (240, 180))  # the lower right corner
    page.wait_for_timeout(100)
    assert near(boxes(page, "steel-01.png")[0][1], [130, 90, 110, 90])
    drag(page, (185, 135), (395, 290))  # out of the picture: cut off
    page.wait_for_timeout(100)
    x, y, w, h = boxes(page, "steel-01.png")[0][1]
    assert x + w <= 400
    assert y + h <= 300
    page.keyboard.press("Delete")
    assert answer(page) == {}
    for _ in range(4):
        page.keyboard.press("ControlOrMeta+z")
    assert near(boxes(page, "steel-01.png")[0][1], [100, 100, 80, 60])


def test_what_was_drawn_is_there_after_a_reload_and_when_zoomed(sit, box_hall):
    page, attempt = sit()
    page.get_by_role("button", name="放大").click()
    page.get_by_role("button", name="放大").click()
    place = surface(page).bounding_box()
    assert place["width"] > 600
    draw(page, [170, 120, 60, 50])
    acts.saved(page)
    assert near(json.loads(box_hall.draft(attempt, 1)["boxes"])["steel-01.png"][0]["box"], [170, 120, 60, 50])
    page.reload()
    acts.ready(page)
    expect(page.get_by_text("第 1/10 张，已标 1 个框")).to_be_visible()
    expect(page.locator(".boxes__shape")).to_have_count(1)


def test_the_review_begins_with_given_boxes_that_are_no_answer(sit, box_hall):
    page, attempt = sit(screen=2)
    expect(page.get_by_text("第 1/10 张，已标 28 个框")).to_be_visible()
    assert box_hall.draft(attempt, 2) == {}
    page.get_by_role("combobox", name="选择图片").select_option(index=6)
    page.get_by_role("button", name="删除框 1").click()
    acts.saved(page)
    page.get_by_role("button", name="恢复初始标注").click()
    page.get_by_role("dialog", name="恢复初始标注？").get_by_role("button", name="恢复").click()
    expect(page.get_by_text("第 7/10 张，已标 28 个框")).to_be_visible()
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_text("第 7/10 张，已标 27 个框")).to_be_visible()
    acts.saved(page)
    acts.hand_in(page)
    rows = acts.points(page, "标注质检")
    assert [row[4].split()[0] for row in rows] == ["0", "0.5", "0", "0", "0", "0"]
    assert "多标共 3 处，改好 1 处" in rows[1][5]


def test_on_a_phone_nothing_is_wider_than_the_screen(sit):
    page, _ = sit(viewport={"width": 390, "height": 844}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="画框").click()
    draw(page, [30, 40, 60, 50])
    assert near(boxes(page, "steel-01.png")[0][1], [30, 40, 60, 50])
