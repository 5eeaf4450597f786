"""/health and /metrics, and what candidates read while they wait."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from simulator import attempts, marking, metrics, workers
from simulator.config import ConfigError, load_settings
from simulator.models import Marking, Trial
from simulator.pages.wait import about
from simulator.services import Services
from tests import factories as f


@pytest.fixture
def handed_in(db, services, clock):
    """An attempt of s1 with one program in the queue, and s2 before it."""
    with db.write() as session:
        exam = f.make_exam(session, clock())
        ids = []
        for name in ("s2", "s1"):
            attempt = f.make_attempt(session, clock(), name, exam)
            attempts.save_draft(session, attempt, 7, 0, {"program": "total = 6"}, clock())
            attempts.submit(session, attempt, clock.forward(minutes=3), by="candidate")
            ids.append(attempt.id)
    for attempt_id in ids:
        marking.mark_quick(services.marker(), attempt_id)
    return ids[1]


def read(answer):
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


def test_metrics_are_those_of_the_database(client, db, clock, handed_in):
    clock.forward(seconds=7)
    with db.write() as session:
        workers.seen(session, "here:1/1", clock(), backend="zygote")
        workers.seen(session, "here:2/2", clock(), backend="zygote")
        workers.seen(session, "there:1/1", clock())
        session.add(Trial(attempt_id=handed_in, position=7, run_id="main", response={}, state="leased", queued_at=clock()))
        queued = session.scalars(select(Marking).where(Marking.state == "queued").order_by(Marking.id)).all()
        queued[0].state, queued[0].backend, queued[0].seconds = "error", "zygote", 2.5
    found = read(client.get("/metrics"))
    assert found["simulator_queue_length",] == 1
    assert found["simulator_queue_oldest_seconds",] == 7
    assert found["simulator_marking_errors",] == 1
    assert (found["simulator_markings_total", "done"], found["simulator_markings_total", "error"]) == (12, 1)
    assert found["simulator_marking_seconds", "0.5", "zygote"] == 2.5
    assert (found["simulator_workers", "zygote"], found["simulator_workers", "none"]) == (2, 1)
    assert (found["simulator_trials", "leased"], found["simulator_trials", "queued"]) == (1, 0)
    assert found["simulator_attempts_running",] == 0


def test_metrics_of_an_empty_hall(client):
    found = read(client.get("/metrics"))
    assert found["simulator_queue_length",] == 0
    assert found["simulator_workers", "none"] == 0


def test_metrics_are_for_the_monitors_of_this_school_and_administrators(app, services, log_in):
    elsewhere = {"environ_base": {"REMOTE_ADDR": "192.168.3.4"}}
    assert app.test_client().get("/metrics", **elsewhere).status_code == 403
    assert log_in("s1").get("/metrics", **elsewhere).status_code == 403
    assert log_in("i1").get("/metrics", **elsewhere).status_code == 403
    assert log_in("a1").get("/metrics", **elsewhere).status_code == 200
    services.metrics_from = metrics.networks("10.0.0.0/8, 192.168.0.0/16")
    assert app.test_client().get("/metrics", **elsewhere).status_code == 200
    assert app.test_client().get("/metrics").status_code == 403


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False), ("::2", False), ("", False), (None, False)],
)
def test_addresses(address, allowed):
    assert metrics.allowed(address, metrics.networks("127.0.0.1/32,::1/128")) is allowed


def test_a_bad_network_is_named_at_the_start(tmp_path):
    with pytest.raises(ConfigError, match=r"metrics_from.*10\.0\.0\.1/8"):
        Services(load_settings(tmp_path, metrics_from="10.0.0.1/8"))


def test_health_tells_queue_and_workers(client, db, clock, handed_in):
    with db.write() as session:
        workers.seen(session, "here:1/1", clock(), backend="zygote")
    found = client.get("/health").json
    assert found["ok"] is True
    assert (found["queue"], found["workers"], found["sandboxes"]) == (2, 1, {"zygote": 1})
    assert found["oldest_s"] == 180


def test_health_says_so_when_the_database_does_not_answer(client, db):
    with db.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE marking RENAME TO gone")
        connection.commit()
    answer = client.get("/health")
    assert (answer.status_code, answer.json["ok"]) == (503, False)


def test_the_result_page_tells_place_and_time(log_in, db, clock, handed_in):
    page = f"/attempts/{handed_in}/result"
    client = log_in("s1")
    assert "没有评分进程在线，作答已保存，启动后自动评分。" in client.get(page).text
    with db.write() as session:
        workers.seen(session, "here:1/1", clock(), problem="没有命名空间")
    assert "评分进程没有可用的沙箱，作答已保存，修复后自动评分。" in client.get(page).text
    with db.write() as session:
        workers.seen(session, "here:1/1", clock(), backend="zygote")
    assert "前面还有 1 份。" in client.get(page).text  # never measured: no time is named
    with db.write() as session:
        first = marking.claim(session, "here:1/1", clock())
        row = session.get_one(Marking, first)
        row.state, row.seconds = "done", 12.0
    assert "正在评分，约 15 秒。" in client.get(f"{page}/sheet").text
    with db.write() as session:
        row = session.get_one(Marking, first)
        row.state, row.seconds = "queued", None
        session.scalars(select(Marking).where(Marking.state == "done").order_by(Marking.id.desc())).first().seconds = 0.1
    assert "没有评完" in client.get(page).text


def test_times_are_never_named_too_short():
    from flask import Flask
    from flask_babel import Babel

    app = Flask(__name__)
    Babel(app, default_locale="zh_Hans_CN")
    with app.test_request_context():
        assert [about(s) for s in (0, 0.2, 5, 5.1, 20, 21, 60, 61, 3600)] == [
            "5 秒", "5 秒", "5 秒", "10 秒", "20 秒", "30 秒", "60 秒", "2 分钟", "60 分钟",
        ]


@pytest.fixture
def practice(db, clock):
    with db.write() as session:
        attempt = f.make_attempt(session, clock(), mode="practice", closes_at=None)
        attempts.save_draft(session, attempt, 7, 0, {"program": "total = 6"}, clock())
        return attempt.id


def test_in_practice_a_program_is_marked_by_a_worker_and_asked_for_again(log_in, db, clock, services, practice):
    rung = []
    services.notify = lambda: rung.append(1)
    client, url = log_in("s1"), f"/attempts/{practice}/check/7"
    first = client.post(url)
    assert f'data-again="{url}"' in first.text
    assert "没有评分进程在线" in first.text
    assert rung == [1]
    client.post(url)  # impatient: nothing more is queued
    with db.write() as session:
        [waiting] = session.scalars(select(Marking)).all()
        waiting.state = "error"
    assert "data-again" not in client.get(url).text
    assert client.post(url).status_code == 200
    with db.read() as session:
        assert len(session.scalars(select(Marking)).all()) == 2
    assert log_in("s2").get(url).status_code == 404


def test_theory_in_practice_is_marked_at_once(log_in, practice):
    answer = log_in("s1").post(f"/attempts/{practice}/check/1")
    assert "data-again" not in answer.text
    assert "正确答案" in answer.text


def test_feedback_is_for_practice_only(log_in, db, clock):
    with db.write() as session:
        mock = f.make_attempt(session, clock()).id
    assert log_in("s1").get(f"/attempts/{mock}/check/1").status_code == 403


def test_passwords_in_addresses_are_not_shown(tmp_path, app):
    from simulator.pages.admin import settings_view

    settings = load_settings(tmp_path, database_url="postgresql+psycopg://exam:s3cret@db/exam", broker_url="redis://:pw@127.0.0.1:6379/0")
    with app.test_request_context():
        shown = {row["key"]: row["value"] for row in settings_view(settings)}
    assert shown["database_url"] == "postgresql+psycopg://exam:***@db/exam"
    assert shown["broker_url"] == "redis://:***@127.0.0.1:6379/0"
    assert shown["metrics_from"] == "127.0.0.1/32,::1/128"
