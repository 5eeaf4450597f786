"""The monitor, the list of people and a roster on PostgreSQL, whose grouping and JSON are stricter than SQLite's."""

from __future__ import annotations

import pytest

from grading.library import load_library
from simulator import attempts, catalog, create_app, credits, messages, people, rosters, schema
from simulator.config import load_settings
from simulator.models import Exam
from tests import factories as f
from tests.simulator.test_postgresql import database

pytestmark = pytest.mark.services
__all__ = ["database"]


def test_the_desk_and_people(database, tree, tmp_path, clock):
    app = create_app(load_settings(tmp_path / "instance", tasks_dir=str(tree), database_url=database))
    app.config.update(WTF_CSRF_ENABLED=False)
    services = app.extensions["services"]
    services.clock = clock
    schema.upgrade(services.db)
    with services.db.write() as session:
        catalog.sync(session, load_library(tree), clock())
        f.add_people(session, clock())
    with services.db.write() as session:
        exam = f.make_exam(session, clock(), groups=["一班"], release="held")
        attempt = f.make_attempt(session, clock(), exam=exam)
        attempts.save_draft(session, attempt, 1, 0, {"answer": ["T"]}, clock())
        attempts.save_draft(session, attempt, 2, 0, {}, clock())
        credits.propose(session, attempt, clock(), clock.forward(minutes=2), clock())
        exam_id, user_id = exam.id, attempt.user_id
    client = app.test_client()
    client.post("/login", data={"username": "a1", "password": f.PASSWORD})
    page = client.get(f"/desk/exams/{exam_id}/monitor").text
    assert "<b>1</b> / 7" in page
    assert "测得的中断" in page
    assert client.post(f"/desk/exams/{exam_id}/credits", data={"grant": "all"}).status_code == 302
    assert client.post(f"/desk/exams/{exam_id}/extend", data={"minutes": "5"}).status_code == 302
    assert client.post(f"/desk/exams/{exam_id}/collect", data={"user": user_id}).status_code == 302
    assert client.post(f"/desk/exams/{exam_id}/reopen", data={"user": user_id}).status_code == 302
    assert client.get(f"/desk/exams/{exam_id}/candidates/{user_id}").status_code == 200
    assert "甲同学" in client.get("/admin/people?q=甲&page=1").text
    assert client.get("/admin/classes").status_code == 200
    with services.db.write() as session:
        messages.send(session, session.get_one(Exam, exam_id), "坐好。", clock(), user_id)
        roster = rosters.read("账号,姓名,班级,组别\nx01,张三,三班,学生组\ns2,乙同学,三班,\n".encode())
        plan = rosters.plan(session, roster)
        assert len(rosters.carry_out(session, roster, plan.fingerprint, people.one_time(1), clock(), user_id)) == 1
    services.db.engine.dispose()
