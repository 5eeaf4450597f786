"""Every page with the shipped tasks, on a classroom PC and on a phone: layout, names, focus, weight, origin."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from grading.response import load_response
from simulator.models import Marking, Submission
from tests import factories
from tests.browser import acts
from tests.browser.hall import now, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

SIZES = {"pc": (1366, 768), "phone": (390, 844)}
SURVEY = Path(__file__).with_name("survey.js").read_text("utf-8")
FOCUS = Path(__file__).with_name("focus.js").read_text("utf-8")
STOPS = 40
MAX_KB = 40

PAGES = {
    "": ["/login"],
    "student": [
        "/", "/account", "/exams/{mock}", "/exams/{later}", "/attempts/{running}/1", "/attempts/{running}/2", "/attempts/{running}/3",
        "/attempts/{running}/hand-in", "/attempts/{closed}/result", "/attempts/{held}/result", "/exams/{mock}/board", "/nowhere",
    ],
    "instructor": [
        "/desk/", "/desk/exams/new", "/desk/exams/{mock}", "/catalog/", "/catalog/tasks/tuning/churn-model", "/attempts/{held}/result",
    ],
    "admin": ["/admin/people", "/admin/system"],
}


@pytest.fixture(scope="module")
def world(shipped_hall):
    """An open, a held, a practice and a later exam; one candidate who has sat two of them and is sitting one."""
    hall = shipped_hall
    mini = {"paper": "level3-mini"}
    exams = {
        "mock": hall.exam(title="三级模拟考试（人工智能 2401 班）", attempts_allowed=2, **mini),
        "contest": hall.exam(title="校内选拔赛", mode="contest", release="held", **mini),
        "later": hall.exam(title="下周的模拟考试", opens_at=now() + timedelta(days=7), closes_at=now() + timedelta(days=7, hours=2), **mini),
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
    hall_tasks, found = _cache(session), {}
    for item in attempt.tasks[1:]:
        task = hall_tasks.tasks[item.version.task_id]
        if task.form:
            found[item.position] = {"answer": [next(iter(getattr(task.fields[0], "options", None) or ["T"]))]}
        else:
            sample = sorted(path for path in (task.root / "samples").iterdir() if path.name.startswith("wrong"))[0]
            found[item.position] = {name: value for name, value in load_response(task, sample).items() if isinstance(value, str)}
    return found


def _cache(_session):
    from grading.library import load_library
    from simulator.config import ROOT

    return load_library(ROOT / "tasks")


def marked(hall) -> bool:
    with hall.services.db.read() as session:
        return session.scalar(select(func.count()).select_from(Marking).join(Submission).where(Marking.state != "done")) == 0


def visit(page: Page, path: str) -> None:
    page.goto(path)
    if page.locator("[data-kind=code]").count():
        expect(page.locator(".editor textarea").first).to_be_visible()


@pytest.mark.parametrize("role", PAGES, ids=lambda role: role or "nobody")
def test_pages_fit_and_everything_has_a_name(world, desk, role):
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
    assert problems == []


@pytest.mark.parametrize("role", PAGES, ids=lambda role: role or "nobody")
def test_the_focus_shows_wherever_tab_leads(world, desk, role):
    one = desk(world["hall"])
    one.expect_error("404")
    page = one.page()
    if role:
        acts.log_in(page, world[role])
    problems = []
    for path in PAGES[role]:
        visit(page, path.format(**world))
        for _ in range(STOPS):
            page.keyboard.press("Tab")
            found = page.evaluate(FOCUS)
            if found is None:
                break
            if not (found["shows"] and found["inView"]):
                problems.append(f"{path}: {found}")
    assert problems == []


def test_the_theory_screen_is_light(world, desk):
    """HTML, CSS and scripts of 40 items, compressed, without what only a code field needs."""
    page = desk(world["hall"]).page()
    acts.log_in(page, world["student"])
    weights: dict[str, int] = {}

    def weigh(response) -> None:
        if response.ok and response.request.resource_type in ("document", "stylesheet", "script") and "/vendor/prism" not in response.url:
            weights[urlsplit(response.url).path] = len(gzip.compress(response.body()))

    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"/attempts/{world['running']}/1")
    acts.ready(page)
    for response in answers:
        weigh(response)
    assert page.get_by_role("group").count() == 40
    assert len(weights) > 10
    total = sum(weights.values()) / 1024
    table = "\n".join(f"{size:7} {path}" for path, size in sorted(weights.items(), key=lambda pair: -pair[1]))
    assert total <= MAX_KB, f"{total:.1f} KB gzipped > {MAX_KB} KB:\n{table}"
