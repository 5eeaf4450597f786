"""Every page with the shipped tasks, on a classroom PC and on a phone: layout, names, focus, weight, origin."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from grading.library import load_library
from grading.response import load_response
from simulator.config import ROOT
from simulator.models import Marking, Submission
from tests.browser import acts
from tests.browser.hall import now, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

SIZES = {"pc": (1366, 768), "phone": (390, 844)}
SURVEY = Path(__file__).with_name("survey.js").read_text("utf-8")
FOCUS = Path(__file__).with_name("focus.js").read_text("utf-8")
COUNTED = ("document", "stylesheet", "script")
MAX_KB = 40

PAGES = {
    "": ["/login"],
    "student": [
        "/", "/account", "/exams/{mock}", "/exams/{later}", "/attempts/{running}/1", "/attempts/{running}/2", "/attempts/{running}/3",
        "/attempts/{running}/hand-in", "/attempts/{closed}/result", "/attempts/{held}/result", "/exams/{mock}/board", "/nowhere",
    ],
    "instructor": [
        "/desk/", "/desk/exams/new", "/desk/exams/{mock}", "/catalog/", "/catalog/tasks/tuning/churn-model", "/attempts/{held}/result",
        "/exams/{mock}/board", "/exams/{mock}/board/projector", "/desk/exams/{mock}/board-settings", "/desk/exams/{mock}/reveal",
        "/desk/exams/{mock}/monitor", "/desk/exams/{mock}/candidates/1",
    ],
    "admin": ["/admin/people", "/admin/system", "/admin/people/import", "/admin/classes", "/admin/classes/1"],
}


@pytest.fixture(scope="module")
def world(shipped_hall):
    """An open, a held, a practice and a later exam; one candidate who has sat two of them and is sitting one."""
    hall = shipped_hall
    mini, week = {"paper": "level3-mini"}, now() + timedelta(days=7)
    exams = {
        "mock": hall.exam(title="三级模拟考试（人工智能 2401 班）", attempts_allowed=2, **mini),
        "contest": hall.exam(title="校内选拔赛", mode="contest", release="held", **mini),
        "later": hall.exam(title="下周的模拟考试", opens_at=week, closes_at=week + timedelta(hours=2), **mini),
        "practice": hall.exam(title="理论小练", mode="practice", closes_at=None, attempts_allowed=None, paper="level3-theory-drill"),
    }
    people = {role: hall.person(role, "人工智能 2401 班" if role == "student" else "") for role in ("student", "instructor", "admin")}
    attempts = {"closed": hall.attempt(people["student"], exams["mock"]), "held": hall.attempt(people["student"], exams["contest"])}
    hall.finish(attempts["closed"], sample_answers)
    hall.finish(attempts["held"], lambda session, attempt: {})
    running = hall.attempt(people["student"], exams["mock"])
    wait_until(lambda: marked(hall), 120, "not marked")
    return {**exams, **people, **attempts, "running": running, "hall": hall}


def sample_answers(session, attempt):
    """Theory: the first option everywhere, one item blank. Practical tasks: the first wrong sample, in what it writes."""
    library, found = load_library(ROOT / "tasks"), {}
    for item in attempt.tasks[1:]:
        task = library.tasks[item.version.task_id]
        if task.form:
            found[item.position] = {"answer": [next(iter(getattr(task.fields[0], "options", None) or ["T"]))]}
        else:
            sample = sorted(path for path in (task.root / "samples").iterdir() if path.name.startswith("wrong"))[0]
            found[item.position] = {name: value for name, value in load_response(task, sample).items() if isinstance(value, str)}
    return found


def marked(hall) -> bool:
    with hall.services.db.read() as session:
        return session.scalar(select(func.count()).select_from(Marking).join(Submission).where(Marking.state != "done")) == 0


def visit(page: Page, path: str) -> None:
    page.goto(path)
    if page.locator("[data-kind=code]").count():
        expect(page.locator(".editor textarea").first).to_be_visible()


@pytest.mark.parametrize("role", PAGES, ids=lambda role: role or "nobody")
def test_pages_fit_name_everything_and_show_the_focus(world, desk, role):
    one = desk(world["hall"])
    one.expect_error("404")
    page = one.page()
    if role:
        acts.log_in(page, world[role])
    problems = []
    for path in PAGES[role]:
        visit(page, path.format(**world))
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            problems += [f"{path} ({size}): {problem}" for problem in page.evaluate(SURVEY)]
            page.keyboard.press("Tab")
            problems += [f"{path} ({size}): {problem}" for problem in page.evaluate(FOCUS)]
    assert problems == []


def test_the_theory_screen_is_light(world, desk):
    """CSS, scripts and the frame around the 40 items, compressed, with nothing in the browser's cache.

    What only a code field needs is not asked for at all; the items themselves are the paper's weight, not the page's.
    """
    first = desk(world["hall"])
    acts.log_in(first.page(), world["student"])
    page = desk(world["hall"], storage_state=first.context.storage_state()).page()
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"/attempts/{world['running']}/1")
    acts.ready(page)
    assert page.get_by_role("group").count() == 40

    weights = {urlsplit(answer.url).path: weight(answer) for answer in answers if answer.request.resource_type in COUNTED}
    assert len(weights) > 10
    assert not [path for path in weights if "/vendor/" in path or "/widgets/" in path]
    total = sum(weights.values()) / 1024
    table = "\n".join(f"{size:7} {path}" for path, size in sorted(weights.items(), key=lambda pair: -pair[1]))
    assert total <= MAX_KB, f"{total:.1f} KB gzipped > {MAX_KB} KB:\n{table}"


def weight(answer) -> int:
    """Return the compressed size of an answer in bytes; of a page without the content of its answer form."""
    text = answer.body().decode()
    return len(gzip.compress(re.sub(r'(<form id="answers"[^>]*>).*?</form>', r"\1</form>", text, flags=re.DOTALL).encode()))
