"""What a person does on the picture of a boxes field, with the mouse and with fingers, in pixels of the image (400 × 300)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect

Point = tuple[float, float]


def surface(page: Page) -> Locator:
    return page.locator(".a9s-annotationlayer")


def answer(page: Page) -> dict[str, list[dict]]:
    """What the widget has written into its textarea."""
    return json.loads(page.locator("[data-value]").input_value() or "{}")


def boxes(page: Page, image: str) -> list[tuple[str, list[float]]]:
    return [(entry["label"], entry["box"]) for entry in answer(page).get(image, [])]


def at(page: Page, x: float, y: float) -> Point:
    """Where a pixel of the image is on the screen."""
    place = surface(page).bounding_box()
    return place["x"] + x * place["width"] / 400, place["y"] + y * place["height"] / 300


def drag(page: Page, start: Point, end: Point) -> None:
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, (start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    page.mouse.move(*at(page, *end))
    page.mouse.up()


def draw(page: Page, box: list[float]) -> None:
    """Draw a box and wait until it is in the table."""
    rows = page.get_by_role("region", name="框的表格").get_by_role("button", name=re.compile("^删除框"))
    before = rows.count()
    surface(page).scroll_into_view_if_needed()
    drag(page, (box[0], box[1]), (box[0] + box[2], box[1] + box[3]))
    expect(rows).to_have_count(before + 1)


def side(page: Page, n: int, name: str) -> Locator:
    return page.get_by_role("textbox", name=f"框 {n} 的 {name}", exact=True)


def near(found: list[float], wanted: list[float]) -> bool:
    """A mouse hits the pixel or the one beside it."""
    return all(abs(a - b) <= 1.5 for a, b in zip(found, wanted, strict=True))


class Fingers:
    """Fingers on the screen: real touch input of the browser, so that it scrolls where the page lets it. Points are screen pixels."""

    def __init__(self, page: Page) -> None:
        self._page, self._session = page, page.context.new_cdp_session(page)

    def _send(self, kind: str, points: Sequence[Point]) -> None:
        touches = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def move(self, starts: Sequence[Point], ends: Sequence[Point], steps: int = 8) -> None:
        """Put one finger after the other down at `starts`, move all of them to `ends`, lift them."""
        for n in range(len(starts)):
            self._send("touchStart", starts[: n + 1])
        for step in range(1, steps + 1):
            part = step / steps
            self._send("touchMove", [(x + (u - x) * part, y + (v - y) * part) for (x, y), (u, v) in zip(starts, ends, strict=True)])
        self._send("touchEnd", [])

    def tap(self, point: Point) -> None:
        self._send("touchStart", [point])
        self._send("touchEnd", [])
