"""The picture under mouse and fingers: what draws, what moves the picture and the page, and what a chosen box does meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.picture import Fingers, at, boxes, drag, draw, near, surface

pytestmark = pytest.mark.browser

IMAGE = "steel-01.png"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def mode(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="拖动图片时").get_by_role("button", name=name)


def zoom(page: Page) -> int:
    return int(page.get_by_label("缩放比例").inner_text().rstrip("%"))


def scrolled(page: Page) -> float:
    return page.evaluate("scrollY")


def seen(page: Page) -> list[float]:
    """How far the picture is scrolled within its frame."""
    return page.get_by_role("region", name="图片与框").evaluate("view => [view.scrollLeft, view.scrollTop]")


def in_the_middle(page: Page) -> None:
    """Scroll the picture to the middle of the screen, so that the page can go both ways."""
    surface(page).evaluate("layer => layer.scrollIntoView({block: 'center'})")


def choose(page: Page, x: float, y: float) -> None:
    """Click a box and wait until it can be edited."""
    page.mouse.click(*at(page, x, y))
    expect(page.locator(".a9s-annotation.selected")).to_have_count(1)


@pytest.fixture
def phone(sit):
    page, _ = sit(**PHONE)
    in_the_middle(page)
    return page


def test_a_drag_beside_the_chosen_box_draws_a_new_one_at_once(sit):
    page, _ = sit()
    draw(page, [60, 60, 80, 60])
    choose(page, 100, 90)
    draw(page, [200, 150, 60, 50])  # no Escape, no click on the empty place before
    first, second = (box for _, box in boxes(page, IMAGE))
    assert near(first, [60, 60, 80, 60])
    assert near(second, [200, 150, 60, 50])
    choose(page, 230, 175)
    drag(page, (230, 175), (250, 165))  # within it: the box moves
    expect(page.get_by_role("textbox", name="框 2 的 x", exact=True)).to_have_value(re.compile(r"^2(19|20|21)$"))
    assert len(boxes(page, IMAGE)) == 2
    draw(page, [300, 30, 60, 50])  # again at once
    for left in (2, 2, 1, 0):
        page.keyboard.press("ControlOrMeta+z")
        expect(page.get_by_text(f"第 1/10 张，已标 {left} 个框")).to_be_visible()
    page.keyboard.press("ControlOrMeta+y")
    assert near(boxes(page, IMAGE)[0][1], [60, 60, 80, 60])


def test_the_next_box_has_the_label_last_used(sit):
    page, _ = sit()
    label = lambda name: page.get_by_role("button", name=name)  # noqa: E731
    draw(page, [60, 60, 80, 60])
    label("麻点").click()  # the chosen box, and what follows
    draw(page, [200, 150, 60, 50])
    page.keyboard.press("1")
    choose(page, 100, 90)
    expect(label("麻点")).to_have_attribute("aria-pressed", "true")  # what the chosen box has …
    draw(page, [300, 30, 60, 50])
    expect(label("划痕")).to_have_attribute("aria-pressed", "true")  # … is not what was last used
    assert [name for name, _ in boxes(page, IMAGE)] == ["pit", "scratch", "scratch"]


def test_in_the_moving_mode_the_mouse_moves_the_picture_and_changes_nothing(sit):
    page, _ = sit()
    expect(mode(page, "画框")).to_have_attribute("aria-pressed", "true")
    draw(page, [60, 60, 80, 60])
    for _ in range(3):
        page.get_by_role("button", name="放大").click()
    page.keyboard.press("m")
    expect(mode(page, "移动")).to_have_attribute("aria-pressed", "true")
    expect(mode(page, "画框")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("status").filter(has_text="现在拖动是移动图片和页面。")).to_be_visible()
    before = boxes(page, IMAGE)
    left, top = seen(page)
    drag(page, (200, 150), (160, 130))
    right, down = seen(page)
    assert right > left
    assert down > top
    drag(page, (200, 150), (260, 190))  # the box comes into view again
    page.mouse.click(*at(page, 120, 100))
    expect(page.locator(".boxes__shape--chosen")).to_have_count(1)
    expect(page.locator(".a9s-annotation.selected")).to_have_count(0)  # nothing to pull at
    drag(page, (120, 100), (130, 105))
    assert boxes(page, IMAGE) == before
    page.keyboard.press("m")
    expect(page.locator(".a9s-annotation.selected")).to_have_count(1)
    draw(page, [170, 100, 40, 30])
    assert len(boxes(page, IMAGE)) == 2


def test_one_finger_scrolls_the_page_until_drawing_is_chosen(phone):
    fingers = Fingers(phone)
    expect(mode(phone, "移动")).to_have_attribute("aria-pressed", "true")
    start = scrolled(phone)
    fingers.move([at(phone, 200, 200)], [at(phone, 200, 60)])
    phone.wait_for_function("start => scrollY > start + 40", arg=start)
    assert boxes(phone, IMAGE) == []

    mode(phone, "画框").tap()
    in_the_middle(phone)
    start = scrolled(phone)
    fingers.move([at(phone, 60, 40)], [at(phone, 180, 160)])
    expect(phone.get_by_text("第 1/10 张，已标 1 个框")).to_be_visible()
    assert near(boxes(phone, IMAGE)[0][1], [60, 40, 120, 120])
    assert scrolled(phone) == start
    fingers.tap(at(phone, 120, 100))
    expect(phone.locator(".a9s-annotation.selected")).to_have_count(1)
    fingers.move([at(phone, 250, 180)], [at(phone, 350, 260)])  # beside the chosen box
    expect(phone.get_by_text("第 1/10 张，已标 2 个框")).to_be_visible()
    assert near(boxes(phone, IMAGE)[0][1], [60, 40, 120, 120])


@pytest.mark.parametrize("name", ["画框", "移动"])
def test_two_fingers_enlarge_and_move_the_picture_in_both_modes(phone, name):
    fingers = Fingers(phone)
    mode(phone, "画框").tap()
    in_the_middle(phone)
    fingers.move([at(phone, 60, 40)], [at(phone, 180, 160)])
    expect(phone.get_by_text("第 1/10 张，已标 1 个框")).to_be_visible()
    fingers.tap(at(phone, 120, 100))
    mode(phone, name).tap()
    in_the_middle(phone)
    before, fit = boxes(phone, IMAGE), zoom(phone)

    fingers.move([at(phone, 110, 100), at(phone, 190, 150)], [at(phone, 60, 70), at(phone, 240, 180)])
    phone.wait_for_function("fit => parseInt(document.querySelector('[data-zoom]').textContent) > 1.5 * fit", arg=fit)
    large = seen(phone)
    fingers.move([at(phone, 180, 120), at(phone, 220, 140)], [at(phone, 150, 100), at(phone, 190, 120)])
    phone.wait_for_function("left => document.querySelector('[data-view]').scrollLeft > left", arg=large[0])
    assert boxes(phone, IMAGE) == before
    assert phone.evaluate("visualViewport.scale") == 1  # the page itself has its size

    phone.get_by_role("button", name="适应").tap()
    mode(phone, "画框").tap()
    in_the_middle(phone)
    fingers.move([at(phone, 250, 180)], [at(phone, 350, 260)])
    expect(phone.get_by_text("第 1/10 张，已标 2 个框")).to_be_visible()
    assert boxes(phone, IMAGE)[:1] == before
