"""A contest's board from freeze to release: an instructor reveals row by row, the wall and a candidate's page follow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from simulator.models import Exam
from tests import factories as f
from tests.browser import acts
from tests.browser.hall import now

pytestmark = pytest.mark.browser


@pytest.fixture
def contest(hall):
    """Three candidates; all have handed in, the first before the freeze, the others after it."""
    group = f"班 {now().timestamp()}"
    people = [hall.person(group=group) for _ in range(3)]
    exam = hall.exam(mode="contest", opens_at=now() - timedelta(hours=2), closes_at=now() + timedelta(hours=1))
    for right, username in zip((2, 3, 5), people, strict=True):
        attempt = hall.attempt(username, exam)

        def answers(session, found, right=right):
            return {item.position: f.right_answer(hall.services, session, item) for item in found.tasks[:right]}

        hall.finish(attempt, answers)
        if username == people[0]:
            with hall.services.db.write() as session:
                session.get_one(Exam, exam).freeze_at = hall.look(attempt).ended_at
    return exam, people


def row(page, username):
    return page.get_by_role("row").filter(has_text=username)


def test_freeze_staged_release_and_end(hall, desk, contest):
    exam, (first, second, third) = contest
    staff, wall, room = desk().page(), desk(viewport={"width": 1920, "height": 1080}).page(), desk().page()

    acts.log_in(staff, hall.person("instructor"))
    staff.goto(f"/desk/exams/{exam}/board-settings")
    staff.get_by_label("奖项").fill("一等奖 1 人\n二等奖 50%")
    staff.get_by_role("button", name="保存").click()
    expect(staff.get_by_text("排行榜设置已保存")).to_be_visible()
    staff.get_by_role("button", name="生成投影链接").click()
    wall.goto(staff.get_by_label("投影链接").input_value())

    acts.log_in(room, second)
    room.goto(f"/exams/{exam}/board")
    expect(row(wall, third)).to_contain_text("封榜")
    expect(row(room, third)).to_contain_text("封榜")
    expect(row(room, second)).not_to_contain_text("封榜")
    expect(row(room, second)).to_contain_text("本人实时")

    staff.get_by_role("link", name="逐名揭晓").click()
    expect(staff.get_by_role("heading", name="已揭晓 0 / 2")).to_be_visible()
    expect(staff.get_by_role("button", name="下一名")).to_be_focused()
    staff.keyboard.press("Space")
    expect(staff.get_by_role("heading", name="已揭晓 1 / 2")).to_be_visible()
    expect(wall.locator("#latest")).to_contain_text("刚揭晓")
    expect(wall.locator("tbody").get_by_text("封榜")).to_have_count(2)  # one row of two modules is left

    staff.get_by_role("heading", level=1).click()  # the focus is elsewhere
    staff.keyboard.press("Enter")
    expect(staff.get_by_role("heading", name="已揭晓 2 / 2")).to_be_visible()
    expect(wall.locator("tbody").get_by_text("封榜")).to_have_count(0)
    staff.get_by_role("button", name="撤回一步").click()
    expect(staff.get_by_role("heading", name="已揭晓 1 / 2")).to_be_visible()
    expect(wall.locator("tbody").get_by_text("封榜")).to_have_count(2)

    staff.get_by_role("button", name="全部公布").click()
    staff.get_by_role("dialog", name="请确认").get_by_role("button", name="确定").click()
    expect(staff.get_by_role("heading", level=1)).to_contain_text("排行榜")
    expect(row(wall, third)).to_contain_text("一等奖")
    room.reload()
    expect(row(room, second)).to_contain_text("二等奖")
    expect(row(room, first).get_by_role("cell").first).to_have_text("3")
