"""While candidates stand under numbers, no page that shows marks tells whose they are."""

from __future__ import annotations

from simulator import attempts, marking
from simulator.models import Exam
from tests import factories as f


def test_next_to_a_name_there_are_no_marks_until_the_release(db, clock, services, log_in):
    with db.write() as session:
        exam = f.make_exam(session, clock(), mode="contest", blind=True, release="held")
        attempt = f.make_attempt(session, clock(), exam=exam)
        attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock())
        attempts.submit(session, attempt, clock(), by="candidate")
        exam_id, attempt_id, user_id = exam.id, attempt.id, attempt.user_id
    marking.mark_quick(services.marker(), attempt_id)
    sheet = f"/attempts/{attempt_id}/result"
    desk, candidate = f"/desk/exams/{exam_id}", f"/desk/exams/{exam_id}/candidates/{user_id}"
    staff = log_in("i1")
    pages = [staff.get(path).text for path in (desk, candidate)]
    assert "按考号评分" in pages[0]
    assert all(sheet not in page for page in pages)
    with db.write() as session:
        session.get_one(Exam, exam_id).release = "released"
    pages = [staff.get(path).text for path in (desk, candidate)]
    assert "按考号评分" not in pages[0]
    assert all(sheet in page for page in pages)
