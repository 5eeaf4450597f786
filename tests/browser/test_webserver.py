"""The web server as a process: clients that hang, processes that die, ports that are taken. No browser needed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from simulator.config import ROOT
from simulator.models import Marking
from tests.browser import tree
from tests.browser.client import Client
from tests.browser.hall import Hall, wait_until

pytestmark = pytest.mark.slow

THREADS = 4
STALLED = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nusername=s1"


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    """Two web processes, few threads, a strict limit on log-ins."""
    hall = Hall(tmp_path, tree.write_tree(tmp_path / "tasks"), web_workers="2", threads=str(THREADS), login_rate="5")
    try:
        yield hall.start()
    finally:
        hall.close()


def ask(hall: Hall, path: str = "/login") -> float:
    """Return the seconds until a page has been answered."""
    start = time.monotonic()
    with urllib.request.urlopen(hall.url + path, timeout=20) as answer:
        assert answer.status == 200
        answer.read()
    return time.monotonic() - start


def test_uploads_that_hang_keep_nobody_else_waiting(hall):
    with contextlib.ExitStack() as open_lines:
        for _ in range(10 * THREADS):
            line = open_lines.enter_context(socket.create_connection(("127.0.0.1", hall.port)))
            line.sendall(STALLED)
        time.sleep(0.5)
        assert max(ask(hall) for _ in range(10)) < 2


def test_idle_connections_keep_nobody_else_waiting(hall):
    with contextlib.ExitStack() as open_lines:
        for _ in range(400):
            open_lines.enter_context(socket.create_connection(("127.0.0.1", hall.port)))
        assert max(ask(hall) for _ in range(10)) < 2


def test_the_limit_on_log_ins_holds_for_all_processes_together(hall):
    assert len(hall.web_pids()) == 2
    hall.person()
    form = urllib.parse.urlencode({"username": "nobody", "password": "x"}).encode()
    statuses = []
    for _ in range(12):
        page = urllib.request.urlopen(hall.url + "/login", timeout=20)
        token = page.read().decode().split('name="csrf-token" content="')[1].split('"')[0]
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        request = urllib.request.Request(hall.url + "/login", form, {"Cookie": cookie, "X-CSRFToken": token})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=20)
        statuses.append(refused.value.code)
        refused.value.close()
        page.close()
    assert statuses == [401] * 5 + [429] * 7


def test_a_web_process_that_dies_is_replaced(hall):
    before = hall.web_pids()
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(set(hall.web_pids()) - set(before)) == 1, 20, "no new web process")
    wait_until(lambda: _answers(hall), 20, "the new process does not answer")
    assert max(ask(hall) for _ in range(10)) < 5


def test_web_processes_that_die_one_soon_after_the_other_are_replaced_too(hall):
    def kill() -> bool:
        for pid in hall.web_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return "they are started again" in hall.log.read_text("utf-8")

    wait_until(kill, 20, "the server is content with what is killed")
    wait_until(lambda: _answers(hall), 30, "no new process answers")
    hall.stop()
    assert hall.returncode == 0  # the serving process has been the same all the time, with pool and scheduler


def _answers(hall: Hall) -> bool:
    try:
        return all(ask(hall) < 5 for _ in range(8))
    except OSError:
        return False


def test_web_processes_end_with_the_server_however_it_dies(hall):
    pids = hall.web_pids()
    hall.kill()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 5, "a web process is left")
    hall.start()
    assert ask(hall) < 5


def test_a_running_request_is_answered_before_the_server_stops(hall):
    client = Client(hall.port, hall.person())
    line = socket.create_connection(("127.0.0.1", hall.port))
    line.sendall(STALLED)  # and one that never ends must not keep the server
    answers: list[int] = []
    form = urllib.parse.urlencode({"old": "wrong", "new": "longer secret", "again": "longer secret"}).encode()

    def change_password() -> None:  # hashing takes a while
        answers.append(client.send("POST", "/account", form, {"Content-Type": "application/x-www-form-urlencoded"}).status)

    requests = [threading.Thread(target=change_password) for _ in range(THREADS)]
    for request in requests:
        request.start()
    time.sleep(0.05)
    hall.stop()
    for request in requests:
        request.join()
    line.close()
    assert answers == [422] * THREADS
    assert hall.returncode == 0
    assert not [word for word in ("Traceback", "panicked") if word in hall.log.read_text("utf-8")]


def test_a_taken_port_is_one_clear_sentence(hall):
    environment = {**os.environ, "SIMULATOR_INSTANCE": str(hall.instance)}
    command = [sys.executable, "-m", "simulator", "serve", "--port", str(hall.port)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "端口已被占用" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert ask(hall) < 5


def test_web_only_leaves_marking_to_others(tmp_path):
    hall = Hall(tmp_path, tree.write_tree(tmp_path / "tasks"))
    try:
        hall.start("--web-only")
        username = hall.person()
        attempt_id = hall.attempt(username, hall.exam())
        hall.finish(attempt_id, lambda session, attempt: {6: {"rows": "3", "note": "x"}})
        time.sleep(4)
        assert hall.look(attempt_id).state == "closed"
        with hall.services.db.read() as session:
            assert set(session.scalars(select(Marking.state))) == {"queued"}
    finally:
        hall.close()
