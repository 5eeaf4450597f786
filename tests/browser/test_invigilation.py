"""What the invigilator grants or stops reaches pages that are open, by itself; modules with clocks of their own, worked one by one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from simulator import catalog
from simulator.models import Exam, PaperVersion
from tests.browser import acts
from tests.browser.hall import now
from tests.browser.test_desk import monitor, panel, sitting  # noqa: F401  a fixture

pytestmark = pytest.mark.browser

BEAT_MS = 15_000
"""An open page asks the server at least so often."""


def confirm(page):
    page.get_by_role("dialog", name="请确认").get_by_role("button", name="确定").click()


def told(page, sentence):
    expect(page.get_by_role("status").filter(has_text=sentence)).to_be_visible()


def minutes_left(page):
    """Return the minutes that the clock of an exam page shows."""
    found = re.search(r"(?:(\d+):)?(\d+):(\d+)", page.get_by_role("timer").inner_text())
    hours, minutes, _seconds = (int(part) for part in found.groups("0"))
    return 60 * hours + minutes


def test_extra_time_reaches_an_open_page_within_one_beat(hall, desk, sitting):  # noqa: F811
    exam, _group, people = sitting
    username, other = people
    for attempt in people.values():
        hall.end_in(attempt, 600)
    page, second = desk().page(), desk().page()
    acts.open_attempt(page, username, people[username])
    acts.open_attempt(second, other, people[other])
    page.evaluate("window.here = true")
    before = [hall.look(attempt).extra_s for attempt in people.values()]
    assert max(minutes_left(page), minutes_left(second)) < 10
    staff = monitor(hall, desk, exam)
    one = panel(staff, username)
    one.get_by_label("分钟").first.fill("30")
    one.get_by_role("button", name="加时").click()
    told(staff, "已给 1 人加时 30 分钟")
    expect(page.get_by_role("timer")).to_contain_text(re.compile(r"3[89]:\d\d"), timeout=BEAT_MS)
    assert page.evaluate("window.here"), "the page was loaded anew"
    assert minutes_left(second) < 10
    assert [hall.look(attempt).extra_s for attempt in people.values()] == [before[0] + 1800, before[1]]


def test_a_pause_covers_the_open_page_takes_no_input_and_is_given_back(hall, desk, sitting):  # noqa: F811
    exam, _group, people = sitting
    username = next(iter(people))
    one = desk()
    one.expect_error("status of 423")
    page = one.page()
    acts.open_attempt(page, username, people[username], screen=2)
    page.get_by_label("说明").fill("去")
    acts.saved(page)
    staff = monitor(hall, desk, exam)
    panel(staff, username).get_by_role("button", name="暂停计时").click()
    told(staff, "已暂停 1 人的计时")
    cover = page.get_by_role("dialog", name="考试已暂停")
    expect(cover).to_be_visible(timeout=BEAT_MS)
    stood = page.get_by_role("timer").inner_text()

    page.keyboard.press("Escape")
    page.keyboard.type("重")
    expect(cover).to_be_visible()
    assert page.evaluate("document.elementFromPoint(400, 500).closest('#answers')") is None
    assert page.get_by_label("说明").input_value() == "去"
    saving = (
        f"fetch('/attempts/{people[username]}/drafts/6', {{method: 'PUT', headers: {{'Content-Type': 'application/json',"
        " 'X-CSRFToken': document.querySelector('[name=csrf_token]').value}, body: JSON.stringify({rev: 9, response: {note: 'x'}})})"
        ".then((answer) => answer.status)"
    )
    assert page.evaluate(saving) == 423, "the server takes nothing either"
    page.reload()
    expect(cover).to_be_visible()
    page.wait_for_timeout(2000)
    assert page.get_by_role("timer").inner_text()[:-1] == stood[:-1]

    panel(staff, username).get_by_role("button", name="恢复计时").click()
    told(staff, "已恢复 1 人的计时")
    expect(cover).to_be_hidden(timeout=BEAT_MS)
    page.get_by_label("说明").fill("去重")
    acts.saved(page)
    attempt = hall.look(people[username])
    assert (hall.draft(people[username], 6), attempt.paused_at) == ({"note": "去重"}, None)
    assert attempt.extra_s > 0


def test_with_a_code_the_exam_goes_on_at_another_machine(hall, desk):
    username, exam = hall.person(), hall.exam(title=f"换机 {now().timestamp()}")
    first, second = desk(), desk()
    for one in (first, second):
        one.expect_error("status of 42[23]")
    page, other = first.page(), second.page()
    acts.log_in(page, username)
    page.goto(f"/exams/{exam}")
    page.get_by_role("button", name="开始作答").click()
    confirm(page)
    expect(page.get_by_role("timer")).to_be_visible()
    attempt = hall.attempt_of(username)
    page.goto(f"/attempts/{attempt}/2")
    page.get_by_label("行数").fill("3")
    acts.saved(page)

    acts.log_in(other, username)
    expect(other.get_by_text("正在另一台电脑")).to_be_visible()
    other.goto(f"/attempts/{attempt}/2")
    expect(other.get_by_label("接续码")).to_be_visible()
    assert other.get_by_label("行数").count() == 0
    staff = monitor(hall, desk, exam)
    panel(staff, username).get_by_role("button", name="生成接续码").click()
    shown = staff.get_by_role("status").filter(has_text="的接续码：")
    code = re.search(r"接续码：(\d{6})", shown.inner_text())[1]

    other.get_by_label("接续码").fill(f"{(int(code) + 1) % 1_000_000:06}")
    other.get_by_role("button", name="在这里继续").click()
    expect(other.get_by_text("接续码不对")).to_be_visible()
    other.get_by_label("接续码").fill(code)
    other.get_by_role("button", name="在这里继续").click()
    expect(other.get_by_text("已在这台电脑上继续")).to_be_visible()
    other.goto(f"/attempts/{attempt}/2")
    expect(other.get_by_label("行数")).to_have_value("3")
    other.get_by_label("行数").fill("4")
    acts.saved(other)

    page.get_by_label("行数").fill("5")
    expect(page.get_by_text("正在另一台电脑").first).to_be_visible(timeout=BEAT_MS)
    page.reload()
    expect(page.get_by_label("接续码")).to_be_visible()
    page.get_by_label("接续码").fill(code)
    page.get_by_role("button", name="在这里继续").click()
    expect(page.get_by_text("接续码不对")).to_be_visible()  # it was good for one time
    assert hall.draft(attempt, 6)["rows"] == "4"


@pytest.fixture
def modular(hall):
    """An exam on the hall's paper in which each module has its own clock, in order; returns its id."""
    with hall.services.db.write() as session:
        old = catalog.latest_papers(session)[0]
        spec = {**old.spec, "paper": {**old.spec["paper"], "clock": "module", "order": "linear", "breaks": 5}}
        paper = PaperVersion(
            hash=f"modular {now().timestamp()}", paper_id="modular", title="分模块", spec=spec, created_at=now(), current=False
        )
        session.add(paper)
        session.flush()
        number = paper.id
    exam = hall.exam(title=f"分模块 {now().timestamp()}")
    with hall.services.db.write() as session:
        session.get_one(Exam, exam).paper_version_id = number
    return exam


def test_modules_with_clocks_of_their_own_are_worked_one_by_one(hall, desk, modular):
    username = hall.person()
    page = desk().page()
    acts.log_in(page, username)
    page.goto(f"/exams/{modular}")
    page.get_by_role("button", name="开始作答").click()
    confirm(page)
    attempt = hall.attempt_of(username)
    acts.ready(page)  # in order, so the first module has begun
    assert minutes_left(page) in (9, 10)  # the module's own 10, not the paper's 35
    expect(page.get_by_role("timer")).to_contain_text("本模块剩余")
    page.goto(f"/attempts/{attempt}/2")  # the other module's screen is not there: the list is
    modules = page.get_by_role("table")
    theory, practical = (modules.get_by_role("row").filter(has_text=title) for title in ("理论知识", "操作技能"))
    expect(practical).to_contain_text("未开始")
    expect(practical.get_by_role("button")).to_have_count(0)
    theory.get_by_role("button", name="继续作答").click()
    acts.ready(page)
    acts.answer_theory(page, [1])
    acts.saved(page)
    page.get_by_role("link", name="交本模块").click()
    page.get_by_role("button", name="确认交卷").click()
    expect(theory).to_contain_text("已交卷")
    expect(theory.get_by_role("button")).to_have_count(0)
    page.goto(f"/attempts/{attempt}/1")
    expect(theory).to_contain_text("已交卷")  # it stays closed

    practical.get_by_role("button", name="进入").click()
    confirm(page)
    acts.ready(page)
    assert minutes_left(page) in (24, 25)
    expect(page.get_by_role("heading", level=2, name="一题多类")).to_be_visible()
    assert page.get_by_text("理论知识").count() == 0
    page.get_by_label("行数").fill("3")
    acts.saved(page)
    page.get_by_role("link", name="交本模块").click()
    page.get_by_role("button", name="确认交卷").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("成绩单")
    assert hall.look(attempt).state == "closed"
