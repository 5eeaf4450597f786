"""Fixtures of the browser tests: the exam hall (a real server process) and desks (browsers that watch for errors).

Deselect all of them with `-m "not browser"`. Without a browser they fail; they are never skipped.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from simulator.config import ROOT
from tests import box_tree
from tests.browser import acts, tree
from tests.browser.hall import Hall
from tests.browser.picture import surface

ARGS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
PATIENCE_MS = 15_000
LOCAL = ("data:", "blob:", "about:")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium of the system; tests fail without it."""
    path = Path(os.environ.get("SIMULATOR_TEST_BROWSER") or "/usr/bin/chromium")
    if not path.is_file():
        pytest.fail(f"没有浏览器 {path}：请安装 Chromium 或设 SIMULATOR_TEST_BROWSER；不跑浏览器测试时用 -m 'not browser'。")
    args = [*ARGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=args)
        yield browser
        browser.close()


class Desk:
    """One PC of the classroom: a browser context of its own that collects what must not happen."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        settings: dict[str, Any] = {
            "locale": "zh-CN", "timezone_id": "Asia/Shanghai", "viewport": {"width": 1366, "height": 768}, "reduced_motion": "reduce",
        }
        self.context: BrowserContext = browser.new_context(base_url=url, **{**settings, **options})
        self.context.set_default_timeout(PATIENCE_MS)
        self.url = url
        self.troubles: list[str] = []
        self._expected: list[str] = []
        self.context.on("weberror", lambda error: self._trouble(f"uncaught: {error.error}"))
        self.context.on("console", lambda line: line.type == "error" and self._trouble(f"console: {line.text} ({line.location['url']})"))
        self.context.on("request", self._leaves)

    def page(self) -> Page:
        """Open a new tab."""
        return self.context.new_page()

    def expect_error(self, pattern: str) -> None:
        """Allow console errors that match `pattern` in this test."""
        self._expected.append(pattern)

    def _trouble(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in self._expected):
            self.troubles.append(text)

    def _leaves(self, request: Any) -> None:
        if not request.url.startswith((self.url + "/", *LOCAL)):
            self.troubles.append(f"left the origin: {request.url}")


@pytest.fixture
def desk(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Callable[..., Desk]]:
    """Return a function that opens a desk: `desk()` in the common hall, `desk(hall)` in another. Errors there fail the test."""
    desks: list[Desk] = []

    def open_desk(hall: Hall | None = None, **options: Any) -> Desk:
        desks.append(Desk(browser, (hall or request.getfixturevalue("hall")).url, **options))
        return desks[-1]

    yield open_desk
    for one in desks:
        one.context.close()
    assert [trouble for one in desks for trouble in one.troubles] == []


@pytest.fixture(scope="session")
def common_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """One server for all tests that do not break it; each brings its own people and exams."""
    folder = tmp_path_factory.mktemp("hall")
    hall = Hall(folder, tree.write_tree(folder / "tasks"))
    try:
        yield hall.start()
    finally:
        hall.close()


@pytest.fixture
def hall(common_hall: Hall) -> Iterator[Hall]:
    """The common hall; a test fails if the server logs an exception meanwhile."""
    before = common_hall.log.stat().st_size
    yield common_hall
    logged = common_hall.log.read_bytes()[before:].decode()
    assert "Traceback" not in logged, logged


@pytest.fixture(scope="session")
def shipped_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A server with the shipped tasks: real lengths of texts and papers."""
    hall = Hall(tmp_path_factory.mktemp("shipped"), ROOT / "tasks")
    try:
        yield hall.start()
    finally:
        hall.close()


@pytest.fixture
def own_hall(tmp_path: Path) -> Iterator[Hall]:
    """A server of the test's own, not started: to be killed and started at will."""
    hall = Hall(tmp_path, tree.write_tree(tmp_path / "tasks"))
    try:
        yield hall
    finally:
        hall.close()


@pytest.fixture(scope="session")
def box_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A server with the two annotation tasks, without a sandbox."""
    folder = tmp_path_factory.mktemp("boxes")
    hall = Hall(folder, box_tree.write_tree(folder / "tasks"))
    try:
        yield hall.start("--web-only")
    finally:
        hall.close()


@pytest.fixture
def sit(box_hall: Hall, desk: Callable[..., Desk]) -> Callable[..., tuple[Page, int]]:
    """Return a function that opens screen n of a new attempt at the annotation tasks: (page, attempt id)."""

    def opened(screen: int = 1, **options: Any) -> tuple[Page, int]:
        username = box_hall.person()
        attempt = box_hall.attempt(username, box_hall.exam())
        one = desk(box_hall, **options)
        page = one.page()
        page.desk = one
        acts.open_attempt(page, username, attempt, screen)
        acts.ready(page)
        expect(surface(page)).to_be_visible()
        return page, attempt

    return opened
