"""试运行: asking, looking on, stopping; what a worker writes down, whatever the program, the database or its own death do."""

from __future__ import annotations

import dataclasses
import struct
import threading
import zlib
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from grading.errors import SandboxError
from grading.sandbox.contract import RunResult
from simulator import attempts, feed, trials, workers
from simulator.models import Attempt, Trial
from simulator.phases import GRACE
from tests import factories as f
from tests.simulator.fake_sandbox import FakeSandbox, until_cancelled, wait_until

PROGRAM = "print('合计', 6)\n"
OK = RunResult("ok", exit_code=0, wall_s=0.5, memory_mb=40, stdout="合计 6\n", files={"out.csv": b"a\n1\n2\n3\n"}, message="程序正常结束。")


def png(size: int = 0) -> bytes:
    """A picture of one pixel, made larger by a comment of `size` bytes."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head, line = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0), zlib.compress(b"\0\x80")
    chunks = chunk(b"IHDR", head), chunk(b"tEXt", b"c" * size), chunk(b"IDAT", line), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class Sitting:
    """A candidate with a program on the page, and a worker whose sandbox plays `play`."""

    def __init__(self, db, services, clock, log_in, username="s1"):
        self.db, self.services, self.clock, self.client = db, services, clock, log_in(username)
        self.sandbox = FakeSandbox(lambda _job, _observer: OK)
        self.marker = dataclasses.replace(services.marker(), sandbox=lambda: self.sandbox, name="host:1/1")
        with db.write() as session:
            self.attempt_id = f.make_attempt(session, clock(), username).id
            workers.seen(session, self.marker.name, clock(), backend="fake")
        self.save(PROGRAM)

    def save(self, program):
        answer = self.client.put(f"/attempts/{self.attempt_id}/drafts/7", json={"rev": 99, "response": {"program": program}})
        assert answer.status_code == 200

    def ask(self, run="main"):
        return self.client.post(f"/attempts/{self.attempt_id}/trial/7/{run}", headers={"Accept": "application/json"})

    def row(self):
        with self.db.read() as session:
            return session.scalars(select(Trial).order_by(Trial.id.desc())).first()

    def claim(self):
        with self.db.write() as session:
            return trials.claim(session, self.marker.name, self.clock())

    def run(self, play=None):
        """Ask, and let the worker do it; return the trial."""
        if play:
            self.sandbox.play = play
        assert self.ask().status_code == 201
        trials.execute(self.marker, self.claim())
        return self.row()

    def url(self, rest=""):
        return f"/attempts/{self.attempt_id}/trials/{self.row().id}{rest}"

    def news(self, **have):
        answer = self.client.get(self.url(), query_string=have)
        return answer.json if answer.status_code == 200 else answer.status_code

    def page(self):
        return self.client.get(f"/attempts/{self.attempt_id}/3").text


@pytest.fixture
def sitting(db, services, clock, log_in):
    return Sitting(db, services, clock, log_in)


# Asking ------------------------------------------------------------------------------------------------------------------


def test_asking_queues_the_draft_and_wakes_the_workers(sitting, services):
    rung = []
    services.notify = lambda: rung.append(1)
    answer = sitting.ask()
    assert answer.status_code == 201
    assert "排队中" in answer.json["panel"]
    assert "下一个就是你" in answer.json["panel"]
    trial = sitting.row()
    assert (trial.state, trial.position, trial.run_id, trial.response) == ("queued", 7, "main", {"program": PROGRAM})
    assert rung == [1]


@pytest.mark.parametrize("draft, status, words", [
    ({}, 422, "还没有可以运行的内容"), ({"program": " \n"}, 422, "还没有可以运行的内容"), ({"program": "a\0b"}, 422, "NUL"),
])
def test_what_cannot_be_run_is_refused(sitting, db, clock, draft, status, words):
    with db.write() as session:
        attempts.save_draft(session, session.get_one(Attempt, sitting.attempt_id), 7, 99, draft, clock())
    answer = sitting.ask()
    assert answer.status_code == status
    assert words in answer.json["error"]
    assert sitting.row() is None


def test_an_unknown_run_is_refused(sitting):
    assert sitting.ask("other").status_code == 404


def test_without_a_worker_it_is_refused_and_the_answer_is_saved(sitting, clock):
    clock.forward(minutes=5)
    answer = sitting.ask()
    assert answer.status_code == 503
    assert "评分进程" in answer.json["error"]
    assert "作答已保存" in answer.json["hint"]


def test_after_the_deadline_it_is_refused(sitting, db, clock):
    with db.read() as session:
        clock.now = attempts.deadline(session.get_one(Attempt, sitting.attempt_id)) + GRACE
    assert sitting.ask().status_code == 410


def test_one_at_a_time_for_each_attempt(sitting, db, clock, log_in):
    sitting.ask()
    second = sitting.ask()
    assert second.status_code == 409
    assert "还没有结束" in second.json["error"]
    assert sitting.client.post(second.json["cancel_url"]).json == {"state": "cancelled"}
    assert sitting.ask().status_code == 201
    other = Sitting(db, sitting.services, clock, log_in, "s2")
    assert other.ask().status_code == 201
    assert other.news()["said"] == "排队中 前面还有 1 个试运行。"


def test_two_presses_at_once_queue_one(sitting):
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(sitting.ask().status_code)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [201, 409, 409, 409]


def test_only_the_last_trial_of_a_run_is_kept(sitting, db):
    first = sitting.run(lambda _job, observer: (observer.figure(png()), OK)[1])
    second = sitting.run()
    assert second.id > first.id
    with db.read() as session:
        assert session.scalars(select(Trial.id)).all() == [second.id]


# Looking on ----------------------------------------------------------------------------------------------------------------


def test_output_and_pictures_are_there_before_the_program_ends(sitting):
    def play(_job, observer):
        observer.output("stdout", "第一行\n 10%\r".encode())
        observer.output("stderr", b"warning\n")
        observer.figure(png())
        wait_until(lambda: sitting.row().stdout)
        first = sitting.news()
        assert (first["state"], first["live"]) == ("leased", True)
        assert first["streams"]["stdout"]["settled"] + first["streams"]["stdout"]["open"] == "第一行\n 10%"
        assert first["streams"]["stderr"]["open"] == "warning\n"
        assert first["figures"].count("<img") == 1
        assert "产物" not in first.get("products", "")
        have = {"seen": first["seen"], "stdout": first["streams"]["stdout"]["keep"], "figures": 1}
        assert sitting.news(**have) == 204
        observer.output("stdout", b"100%\n")
        wait_until(lambda: "100%" in sitting.row().stdout)
        second = sitting.news(**have)
        assert second["streams"]["stdout"]["open"].endswith("100%\n")
        assert "<img" not in second["figures"]
        return OK

    trial = sitting.run(play)
    assert (trial.state, trial.stdout, trial.stderr) == ("done", "第一行\n100%\n", "warning\n")
    news = sitting.news()
    assert news["live"] is False
    assert "共 3 行" in news["products"]
    assert "没有变量 total" in news["products"]
    assert "用时 0.5 秒，内存 40 MB" in news["head"]


def test_the_page_shows_the_last_run_after_a_reload(sitting):
    assert "data-trial=" not in sitting.page()
    sitting.ask()
    assert 'data-live="true"' in sitting.page()
    trials.execute(sitting.marker, sitting.claim())
    page = sitting.page()
    assert 'data-live="false"' in page
    assert "共 3 行" in page


def test_what_is_printed_is_text_and_never_markup(sitting):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    sitting.run(lambda _job, observer: (observer.output("stdout", evil.encode()), dataclasses.replace(OK, message=evil))[1])
    page, news = sitting.page(), sitting.news()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<script>" not in news["head"] + news["products"]
    assert news["streams"]["stdout"]["settled"] == evil


def test_of_very_long_output_the_end_is_shown_and_the_page_says_so(sitting):
    trial = sitting.run(lambda _job, observer: ([observer.output("stdout", f"line {n}\n".encode()) for n in range(9000)], OK)[1])
    assert len(trial.stdout) <= feed.MAX_OUTPUT
    assert trial.stdout.endswith("line 8999\n")
    stream = sitting.news()["streams"]["stdout"]
    assert stream["cut"] > 0
    assert stream["begin"] == stream["cut"]
    assert len(stream["settled"]) == len(trial.stdout)


def test_no_more_is_sent_than_is_new(sitting):
    def play(_job, observer):
        for n in range(100):
            observer.output("stdout", f"line {n}\n".encode())
        wait_until(lambda: sitting.row().stdout)
        first = sitting.news()
        keep = first["streams"]["stdout"]["keep"]
        observer.output("stdout", b"last\n")
        wait_until(lambda: "last" in sitting.row().stdout)
        second = sitting.news(seen=first["seen"], stdout=keep)["streams"]["stdout"]
        assert second["begin"] == keep
        text = first["streams"]["stdout"]["settled"] + second["settled"] + second["open"]
        assert text == "".join(f"line {n}\n" for n in range(100)) + "last\n"
        assert len(second["settled"]) < 20
        return OK

    sitting.run(play)


def test_pictures_are_pictures_few_and_small(sitting):
    def play(_job, observer):
        observer.figure(b"<svg onload=alert(1)>")
        observer.figure(png(feed.MAX_FIGURE))
        for _ in range(feed.MAX_FIGURES + 5):
            observer.figure(png())
        return OK

    sitting.run(play)
    page = sitting.page()
    assert page.count("/figures/") == 2 * feed.MAX_FIGURES
    assert "另有 7 张图没有显示" in page


def test_a_picture_is_served_as_nothing_but_a_picture_to_its_owner(sitting, log_in):
    sitting.run(lambda _job, observer: (observer.figure(png()), OK)[1])
    answer = sitting.client.get(sitting.url("/figures/1"))
    assert answer.data == png()
    assert answer.mimetype == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"].startswith("private")
    assert sitting.client.get(sitting.url("/figures/2")).status_code == 404
    for other in ("s2", "a1"):
        client = log_in(other)
        assert [client.get(sitting.url(rest)).status_code for rest in ("", "/figures/1")] == [404, 404]
        assert client.post(sitting.url("/cancel")).status_code == 404


def test_the_number_of_another_attempts_trial_leads_nowhere(sitting, db, clock, log_in):
    sitting.ask()
    other = Sitting(db, sitting.services, clock, log_in, "s2")
    assert other.client.get(f"/attempts/{other.attempt_id}/trials/{sitting.row().id}").status_code == 404


@pytest.mark.parametrize("status, message, state, title", [
    ("memory_limit", "内存超过 512 MB，程序被终止。", "done", "超过内存限制"), ("runtime_error", "NameError。", "done", "程序出错"),
    ("sandbox_error", "沙箱没有按时启动。", "error", "未能运行"),
])
def test_how_it_ended_is_said_in_words(sitting, status, message, state, title):
    assert sitting.run(lambda _job, _observer: RunResult(status, message=message)).state == state
    assert sitting.news()["said"].startswith(f"{title} {message}")


# What may go wrong -----------------------------------------------------------------------------------------------------------


def test_hidden_inputs_are_never_used(sitting):
    class Tasks:
        """Gives every run a hidden input."""

        def get(self, session, version):
            task = sitting.services.tasks.get(session, version)
            runs = tuple(run.model_copy(update={"hidden": ("secret.txt",)}) for run in task.runs)
            return dataclasses.replace(task, runs=runs)

    sitting.marker = dataclasses.replace(sitting.marker, tasks=Tasks())
    assert sitting.run().state == "done"
    assert set(sitting.sandbox.jobs[0].files) == {"data.csv", "starter.py", "_harness.py"}


def test_a_database_that_fails_meanwhile_costs_no_result(sitting, monkeypatch):
    tried = threading.Event()

    def fail(self):
        tried.set()
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    def play(_job, observer):
        observer.output("stdout", "合计 6\n".encode())
        observer.figure(png())
        assert tried.wait(5)
        return OK

    monkeypatch.setattr(feed.Feed, "_write", fail)
    monkeypatch.setattr(feed.Feed, "_look", lambda self: None)
    trial = sitting.run(play)
    assert (trial.state, trial.stdout) == ("done", "合计 6\n")
    assert sitting.client.get(sitting.url("/figures/1")).status_code == 200


@pytest.mark.parametrize("error, words", [(SandboxError("沙箱坏了。"), "沙箱坏了。"), (RuntimeError("bug"), trials.NOT_RUN)])
def test_our_faults_are_told_as_ours(sitting, error, words):
    def play(_job, _observer):
        raise error

    trial = sitting.run(play)
    assert (trial.state, trial.result["message"]) == ("error", words)
    assert "告诉监考教师" in sitting.news()["said"]


def test_a_worker_without_a_sandbox_says_so(sitting):
    sitting.marker = dataclasses.replace(sitting.marker, sandbox=lambda: None)
    assert sitting.run().state == "error"


def test_a_queued_trial_is_cancelled_at_once(sitting):
    sitting.ask()
    assert sitting.client.post(sitting.url("/cancel")).json == {"state": "cancelled"}
    assert sitting.claim() is None
    assert sitting.news()["said"] == "已取消"


def running(sitting, play=until_cancelled):
    """Ask and let a worker run it in a thread."""
    sitting.sandbox.play = play
    sitting.ask()
    thread = threading.Thread(target=trials.execute, args=(sitting.marker, sitting.claim()))
    thread.start()
    return thread


def test_a_running_trial_is_stopped(sitting):
    thread = running(sitting)
    assert sitting.client.post(sitting.url("/cancel")).json == {"state": "leased"}
    assert sitting.news()["said"] == "正在停止"
    thread.join(5)
    assert sitting.row().state == "cancelled"
    assert sitting.news()["said"] == "已停止"
    assert sitting.news()["products"].strip() == ""
    assert sitting.client.post(sitting.url("/cancel")).json == {"state": "cancelled"}


def test_a_running_trial_ends_with_its_attempt(sitting):
    thread = running(sitting)
    assert sitting.client.post(f"/attempts/{sitting.attempt_id}/submit").status_code == 303
    thread.join(5)
    assert sitting.row().state == "cancelled"


def test_the_sweep_ends_trials_of_closed_attempts(sitting, db, clock):
    sitting.ask()
    with db.write() as session:
        session.get_one(Attempt, sitting.attempt_id).state = "closed"
    with db.write() as session:
        assert trials.sweep(session, clock()) == 1
        assert trials.sweep(session, clock()) == 0
    assert sitting.row().state == "cancelled"


def test_a_dead_workers_trial_is_run_once_more_and_no_more(sitting, db, clock):
    sitting.ask()
    for state in ("queued", "error"):
        assert sitting.claim() is not None
        with db.write() as session:
            assert trials.renew(session, sitting.row().id, sitting.marker.name, clock.forward(seconds=50))
            assert trials.sweep(session, clock.forward(seconds=50)) == 0
            assert trials.sweep(session, clock.forward(seconds=20)) == 1
        assert sitting.row().state == state
    assert sitting.row().result["message"] == trials.INTERRUPTED
    assert sitting.claim() is None


def test_a_killed_workers_trial_need_not_wait_for_its_lease(sitting, db, clock):
    sitting.ask()
    assert sitting.claim() is not None
    host, _, number = sitting.marker.name.rpartition(":")
    with db.write() as session:
        assert workers.expire_leases(session, host, lambda pid: True, clock()) == 0
        assert workers.expire_leases(session, host, lambda pid: str(pid) != number.partition("/")[0], clock()) == 1
    with db.write() as session:
        assert trials.sweep(session, clock()) == 1
    assert sitting.row().state == "queued"


def test_who_lost_the_lease_neither_writes_nor_runs_on(sitting, db, clock):
    thread = running(sitting)
    with db.write() as session:
        trials.sweep(session, clock.forward(seconds=61))
    thread.join(5)
    assert (sitting.row().state, sitting.row().result) == ("queued", {})
    with db.write() as session:
        assert not trials.renew(session, sitting.row().id, sitting.marker.name, clock())


def test_the_oldest_is_claimed_first(sitting, db, clock, log_in):
    sitting.ask()
    first = sitting.row().id
    Sitting(db, sitting.services, clock, log_in, "s2").ask()
    assert sitting.claim() == first
    assert sitting.claim() == sitting.row().id
    assert sitting.claim() is None


def test_old_trials_are_removed_with_their_pictures(sitting, db, clock):
    sitting.run(lambda _job, observer: (observer.figure(png()), OK)[1])
    with db.write() as session:
        assert trials.prune(session, clock() + timedelta(days=6)) == 0
        assert trials.prune(session, clock() + timedelta(days=8)) == 1
    assert sitting.row() is None
