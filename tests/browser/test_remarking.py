"""A wrong key, found after the exam: the folder is changed, read again, the exam re-marked; and a candidate who doubts a point."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from simulator import queueing
from tests.browser import acts
from tests.browser.hall import Hall, wait_until
from tests.browser.test_trials import have_workers

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

MARKED_S = 60
BOARD_S = 60
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def hall(own_hall: Hall) -> Hall:
    own_hall.start()
    have_workers(own_hall)
    return own_hall


def sit(hall: Hall, exam: int, rows: str) -> str:
    """Somebody sits the exam and answers the sheet; return who."""
    username = hall.person()
    attempt_id = hall.attempt(username, exam)
    hall.finish(attempt_id, lambda _session, _attempt: {6: {"rows": rows, "note": "不知道"}})
    return username


def marked(hall: Hall) -> None:
    def idle() -> bool:
        with hall.services.db.read() as session:
            return queueing.waiting(session) == 0

    wait_until(idle, MARKED_S, "not marked")


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "tasks" / "data" / "sheet" / "task.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def confirm(page: Page) -> None:
    page.get_by_role("dialog", name="请确认").get_by_role("button", name="确定").click()


def ranks(page: Page, exam: int) -> list[str]:
    """The names on the board, from the top."""
    page.goto(f"/exams/{exam}/board")
    rows = page.get_by_role("row").all()[1:]
    return [re.search(r"student\d+", row.inner_text())[0] for row in rows]  # type: ignore[index]


def first_places(page: Page, exam: int) -> int:
    """How many share the first place."""
    page.goto(f"/exams/{exam}/board")
    return sum(row.inner_text().split()[0] == "1" for row in page.get_by_role("row").all()[1:])


def fits(page: Page) -> None:
    """Nothing sticks out sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_wrong_key_is_put_right(hall, desk, tmp_path):
    exam = hall.exam(title="改答案")
    first, second = sit(hall, exam, "3"), sit(hall, exam, "4")
    marked(hall)
    staff = desk(hall).page()
    acts.log_in(staff, hall.person("instructor"))
    assert ranks(staff, exam) == [first, second]
    edit(tmp_path, "of: rows, args: {equals: 3}", "of: rows, args: {equals: 4}")
    staff.goto("/catalog/")
    staff.get_by_role("button", name="重新读取试题").click()
    expect(staff.get_by_text("1 道试题、1 份试卷有新版本")).to_be_visible()
    staff.goto(f"/desk/exams/{exam}")
    staff.get_by_role("link", name="重评").click()
    expect(staff.get_by_text("M1 的 equals：3 → 4")).to_be_visible()
    staff.get_by_label("说明").fill("行数应为 4")
    staff.get_by_role("button", name="开始试评").click()
    expect(staff.get_by_role("button", name="应用重评")).to_be_visible(timeout=MARKED_S * 1000)  # the page follows by itself
    changes = staff.get_by_role("group", name="谁有变化")
    expect(changes.get_by_role("row")).to_have_count(3)
    expect(changes).to_contain_text("2 → 0 / 2")
    staff.set_viewport_size(PHONE)
    fits(staff)
    assert ranks(staff, exam) == [first, second], "nothing counts before it is applied"
    staff.go_back()
    staff.get_by_role("button", name="应用重评").click()
    confirm(staff)
    expect(staff.get_by_text("已应用：2 份成绩有变化")).to_be_visible()
    # A board that is slow to render on a busy machine may rest for a moment on what it showed before.
    wait_until(lambda: ranks(staff, exam) == [second, first], BOARD_S, "the board does not follow")
    candidate = desk(hall).page()
    acts.log_in(candidate, second)
    expect(candidate.get_by_role("region", name="通知")).to_contain_text("按新版试题重评，你的总分 0 → 2")
    candidate.get_by_role("button", name="看成绩单").click()
    expect(candidate.get_by_text("按新版试题重评：M1 0 → 2")).to_be_visible()
    candidate.goto("/")
    expect(candidate.get_by_text("你的总分")).to_have_count(0)


def test_a_wrong_folder_is_named_and_nothing_changes(hall, desk, tmp_path):
    edit(tmp_path, "marks: 6", "marks: 7")
    teacher = desk(hall)
    teacher.expect_error("status of 422")
    page = teacher.page()
    acts.log_in(page, hall.person("teacher"))
    page.goto("/catalog/")
    with page.expect_response(lambda answer: answer.status == 422):
        page.get_by_role("button", name="重新读取试题").click()
    expect(page.get_by_text("data/sheet/task.yaml : marks").first).to_be_visible()


def test_a_doubt_is_answered_with_other_marks(hall, desk):
    exam = hall.exam(title="有疑问")
    first, second = sit(hall, exam, "3"), sit(hall, exam, "4")
    marked(hall)
    candidate, staff = desk(hall).page(), desk(hall).page()
    acts.log_in(candidate, second)
    candidate.goto(f"/attempts/{hall.attempt_of(second)}/result")
    candidate.get_by_role("region", name="一题多类").get_by_role("link", name="对这个评分点有疑问 M2").click()
    candidate.get_by_label("你的疑问").fill("“不知道”就是去重的意思，请再看看。")
    candidate.set_viewport_size(PHONE)
    fits(candidate)
    candidate.get_by_role("button", name="提交疑问").click()
    doubts = candidate.get_by_role("region", name="对评分的疑问")
    expect(doubts).to_contain_text("等待答复")
    acts.log_in(staff, hall.person("instructor"))
    assert ranks(staff, exam) == [first, second]
    staff.goto("/desk/")
    staff.get_by_role("link", name="评分疑问").click()
    staff.get_by_role("link", name=re.compile("^处理")).click()
    expect(staff.get_by_text("请再看看")).to_be_visible()
    expect(staff.get_by_role("group", name="大家在这个评分点的得分")).to_contain_text("2")
    staff.get_by_role("textbox", name="答复").fill("同意，另外三分之二也算对。")
    staff.get_by_label("这个评分点得分").fill("2")
    fits(staff)
    staff.get_by_role("button", name="提交答复").click()
    expect(staff.get_by_text("已答复，考生会看到通知")).to_be_visible()
    wait_until(lambda: first_places(staff, exam) == 2, BOARD_S, "the board does not follow")
    candidate.goto("/")
    candidate.get_by_role("button", name="看成绩单").click()
    expect(candidate.get_by_role("region", name="对评分的疑问")).to_contain_text("已改判")
    expect(candidate.get_by_text("人工改判：M2 0 → 2")).to_be_visible()
