"""The parts of the check: its plan, its way to find who writes, its candidates' patience, its services, its tasks."""

from __future__ import annotations

import http.server
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from random import Random

import pytest

from grading.library import load_library
from grading.model import Upload
from simulator.config import ROOT
from tools.chaos import candidates, school
from tools.chaos.candidates import Browser, GaveUp
from tools.chaos.processes import Unit, children
from tools.chaos.strikes import Killer, Striker, plan, writer

WEIGHTS = {"a": 1, "b": 2, "c": 3}


def test_a_plan_is_decided_by_the_seed_and_leaves_no_kind_out():
    made = plan(WEIGHTS, 12, 60, Random(1))
    assert made == plan(WEIGHTS, 12, 60, Random(1))
    assert made != plan(WEIGHTS, 12, 60, Random(2))
    assert Counter(kind for _, kind in made) == {"a": 2, "b": 4, "c": 6}
    assert 40 < sum(pause for pause, _ in made) < 80


def test_a_striker_takes_another_kind_when_nobody_is_there(monkeypatch):
    monkeypatch.setattr("tools.chaos.strikes.TRY_S", 0.2)
    striker = Striker({"gone": lambda _: "", "there": lambda _: "7"}, [(0.0, "gone"), (0.0, "there")], Random(1))
    striker.run()
    assert [(blow.kind, blow.hit) for blow in striker.blows] == [("there", "7"), ("there", "7")]


def test_who_writes_to_sqlite_is_found(tmp_path):
    path, shm = tmp_path / "a.sqlite", tmp_path / "a.sqlite-shm"
    assert writer(shm) is None
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (a)")
    assert writer(shm) is None
    connection.execute("BEGIN IMMEDIATE")
    assert writer(shm) == os.getpid()
    assert Killer().writer(shm)(Random(1)) == ""  # never the check itself
    connection.execute("ROLLBACK")
    connection.close()


def test_nobody_is_killed_twice(tmp_path):
    unit = Unit("sleeper", ["sleep", "60"], os.environ, tmp_path / "log")
    unit.look_after(time.monotonic())
    strike = Killer().one_of(lambda: [unit.process.pid])
    assert strike(Random(1)) == str(unit.process.pid)
    assert strike(Random(1)) == ""
    assert unit.process.wait(5) == -signal.SIGKILL


def test_a_unit_is_started_again_after_a_pause(tmp_path):
    unit = Unit("sleeper", ["sleep", "60"], os.environ, tmp_path / "log", pause=2.0)
    unit.look_after(10.0)
    first = unit.pid
    assert first in children(os.getpid())
    unit.look_after(11.0)
    assert unit.pid == first
    unit.process.kill()
    unit.process.wait()
    unit.look_after(20.0)
    assert unit.pid is None
    unit.look_after(21.0)
    assert unit.pid is None
    unit.look_after(22.0)
    assert unit.pid not in (None, first)
    assert unit.starts == 2
    unit.process.kill()
    unit.process.wait()


DEAF = """\
import os, pathlib, sys, time
from tools.chaos import processes
processes.STOP_S = 0.5
processes.adopt_orphans()
deaf = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); os.fork() or time.sleep(60)"
log = pathlib.Path(sys.argv[1])
units = processes.Units([processes.Unit("deaf", [sys.executable, "-c", deaf], os.environ, log)])
units.start()
while "deaf" not in (log.read_text() if log.exists() else ""):
    time.sleep(0.05)
[left] = units.stop()
assert "SIG_IGN" in left, left
assert processes.children(os.getpid()) == []
"""


def test_what_is_left_after_the_end_is_told_and_killed(tmp_path):
    """In a process of its own: it ends every descendant."""
    subprocess.run([sys.executable, "-c", DEAF, str(tmp_path / "log")], cwd=ROOT, timeout=30, check=True)


class Flaky(http.server.BaseHTTPRequestHandler):
    """Fails twice before it answers: with an error page, and with no answer at all."""

    failures = ["500", "close"]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        failure = self.failures.pop() if self.failures else ""
        if failure != "close":
            self.send_response(500 if failure else 303)
            self.send_header("Set-Cookie", "session=abc; Path=/")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def flaky(monkeypatch):
    monkeypatch.setattr(candidates, "PAUSES_S", (0.01,))
    monkeypatch.setattr(Flaky, "failures", ["500", "close"])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Flaky) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_browser_sends_again_until_there_is_an_answer(flaky):
    browser = Browser([flaky], Random(1), Counter(), time.monotonic() + 10)
    assert browser.expect(303, "POST", "/attempts/1/submit").status == 303
    assert browser.again == {"RemoteDisconnected": 1, "500": 1}
    assert browser.cookies == {"session": "abc"}
    with pytest.raises(GaveUp, match="303"):
        browser.expect(200, "POST", "/attempts/1/submit")


def test_a_browser_gives_up_when_time_is_over(flaky):
    with pytest.raises(GaveUp, match="RemoteDisconnected"):
        Browser([flaky], Random(1), Counter(), until=0.0).ask("POST", "/")


def test_everybody_answers_something_else_and_the_same_each_time():
    tasks = dict(enumerate(load_library(school.TASKS).tasks.values(), 1))
    first = [school.answers(tasks, number, 1) for number in range(200)]
    assert first == [school.answers(tasks, number, 1) for number in range(200)]
    programs = [text for sitting in first for response in sitting.values() if (text := response.get("program"))]
    assert len(set(programs)) == len(programs) > 180
    assert any("time.sleep(3.5)" in text for text in programs)
    uploads = {school.stored({"data": v})["data"]["blob"] for s in first for r in s.values() for v in r.values() if isinstance(v, Upload)}
    assert len(uploads) == 200
