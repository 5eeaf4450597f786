"""The time runs out: with the browser closed, with the page open, and with the network gone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from simulator.phases import GRACE
from tests.browser import acts
from tests.browser.hall import now, wait_until

pytestmark = pytest.mark.browser

SCHEDULER_S = 10  # the scheduler looks every 3 s; the rest is for a busy machine


def closed(hall, attempt_id):
    return wait_until(
        lambda: (found := hall.look(attempt_id)).state == "closed" and found, GRACE.total_seconds() + SCHEDULER_S,
        "the attempt was not closed",
    )


def test_with_the_browser_closed_the_last_draft_is_marked(hall, desk):
    one, username = desk(), hall.person()
    attempt_id = hall.attempt(username, hall.exam(title="到时考试"))
    page = one.page()
    acts.open_attempt(page, username, attempt_id, screen=2)
    page.get_by_label("行数").fill("3")
    acts.saved(page)
    page.get_by_label("说明").fill("去重")
    acts.saved(page)
    one.context.close()
    deadline = hall.end_in(attempt_id, 1)

    attempt = closed(hall, attempt_id)
    assert (attempt.ended_at, attempt.closed_by) == (deadline, "deadline")
    assert now() >= deadline + GRACE

    two = desk()
    page = two.page()
    acts.log_in(page, username)
    row = page.get_by_role("region", name="作答记录").get_by_role("row", name="到时考试")
    row.get_by_role("link", name="成绩单").click()
    expect(page.get_by_text("到时自动收卷")).to_be_visible()
    expect(page.get_by_text("正在评分")).to_have_count(0, timeout=60_000)
    assert [row[4] for row in acts.points(page, "1 一题多类")] == ["2", "2", "0"]
    expect(acts.total(page)).to_have_text("4 / 18")


def test_at_zero_the_open_page_sends_what_was_typed_and_lands_on_the_result(hall, desk):
    one, username = desk(), hall.person()
    attempt_id = hall.attempt(username, hall.exam())
    page = one.page()
    acts.open_attempt(page, username, attempt_id, screen=2)
    deadline = hall.end_in(attempt_id, 6)
    page.reload()
    expect(page.get_by_role("timer")).to_contain_text("00:01", timeout=10_000)
    page.get_by_label("说明").press_sequentially("去重")  # too late for the autosave, which waits 1.5 s
    expect(page.get_by_role("heading", level=1)).to_contain_text("成绩单", timeout=20_000)
    assert [row[4] for row in acts.points(page, "1 一题多类")] == ["0", "2", "0"]
    attempt = hall.look(attempt_id)
    assert (attempt.ended_at, attempt.closed_by) == (deadline, "deadline")


def test_more_time_given_meanwhile_is_noticed_at_zero(hall, desk):
    one, username = desk(), hall.person()
    attempt_id = hall.attempt(username, hall.exam())
    hall.end_in(attempt_id, 5)
    page = one.page()
    acts.open_attempt(page, username, attempt_id, screen=2)
    hall.end_in(attempt_id, 600)
    expect(page.get_by_role("timer")).to_contain_text("09:", timeout=15_000)
    page.get_by_label("行数").fill("3")
    acts.saved(page)


def test_an_exam_closed_by_the_instructor_stops_the_page_and_keeps_the_text(hall, desk):
    one, username = desk(), hall.person()
    exam = hall.exam(title="提前结束")
    attempt_id = hall.attempt(username, exam)
    one.expect_error("410")
    page = one.page()
    acts.open_attempt(page, username, attempt_id, screen=2)
    page.get_by_label("说明").fill("已保存的")
    acts.saved(page)

    staff = desk().page()
    acts.log_in(staff, hall.person("instructor"))
    staff.goto(f"/desk/exams/{exam}")
    staff.get_by_role("button", name="结束").click()
    staff.get_by_role("dialog", name="请确认").get_by_role("button", name="确定").click()
    wait_until(lambda: hall.look(attempt_id).state == "closed", 10, "not closed")

    page.get_by_label("说明").fill("太晚的")
    expect(page.get_by_role("alert").filter(has_text="考试已结束")).to_be_visible()
    expect(page.get_by_label("说明")).not_to_be_editable()
    expect(page.get_by_label("说明")).to_have_value("太晚的")
    page.get_by_role("link", name="查看结果").click()
    expect(page.get_by_text("监考结束考试")).to_be_visible()
    expect(page.get_by_text("没来得及上传的作答")).to_be_visible()
    assert hall.draft(attempt_id, 6) == {"note": "已保存的"}
