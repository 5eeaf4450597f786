"""The web bench: its client against a server that answers oddly, and a tiny school measured end to end."""

from __future__ import annotations

import json
import math
import socket
import threading

import pytest
from click.testing import CliRunner

from simulator.cli import main
from simulator.commands.benches.web.bench import Plan, without_postgresql
from simulator.commands.benches.web.client import Outcome, ask, closed_loop, open_loop
from tests.grading.sandbox.fixtures import python_runtime, runtimes_dir  # noqa: F401

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=1\r\ndefg\r\n0\r\n\r\n"
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def answering():
    """Start servers that give each connection the same answer to everything."""
    opened, threads = [], []

    def start(answer: bytes) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        opened.append(server)

        def serve(connection: socket.socket) -> None:
            with connection:
                while connection.recv(65536):
                    connection.sendall(answer)
                    if answer == CLOSING:
                        return

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                threads[-1].start()

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[-1].start()
        return server.getsockname()[1]

    yield start
    for server in opened:
        server.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        server.close()
    for thread in threads:
        thread.join(5)


@pytest.mark.parametrize(("answer", "size"), [(PLAIN, 2), (CHUNKED, 7), (CLOSING, 2)])
def test_every_kind_of_answer_is_read_whole(answering, answer, size):
    outcome = open_loop(answering(answer), lambda _: ask("GET", "/", ""), rate=500, count=20)
    assert (len(outcome.seconds), outcome.failed, outcome.size) == (20, {}, size)


def test_an_answer_that_does_not_count_is_told(answering):
    outcome = closed_loop(answering(BUSY), lambda _: ask("GET", "/", ""), seconds=0.1, connections=2)
    assert outcome.seconds == []
    assert set(outcome.failed) == {"503"}


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outcome = open_loop(port, lambda _: ask("GET", "/", ""), rate=500, count=3)
    assert outcome.failed == {"ConnectionRefusedError": 3}


def test_quantiles_are_of_the_nearest_rank():
    outcome = Outcome([n / 100 for n in range(100, 0, -1)], lasted_s=2.0)
    assert (outcome.quantile(0.5), outcome.quantile(0.99), outcome.quantile(1.0), outcome.rate) == (0.51, 1.0, 1.0, 50.0)
    assert math.isnan(Outcome().quantile(0.5))


TINY = Plan(rounds=1, turn_s=0.2, steady_s=0.5, hand_ins=20, markings=20)
IDS = {"save-cpu", "board-unchanged", "board", "exam", "exam-p99", "save-p99", "save-busy-p99", "save-busy-p50", "hand-ins"}


@pytest.mark.slow
@pytest.mark.sandbox
def test_the_web_bench_measures_every_goal(python_runtime, tmp_path, monkeypatch):  # noqa: F811
    """Its shape, not its figures, but for the one that must hold on every machine: nothing that was handed in is lost."""
    monkeypatch.setenv("SIMULATOR_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setattr("simulator.commands.benches.web.bench.QUICK", TINY)
    words = ["bench", "web", "--students", "50", "--quick", "--json", "--runtimes-dir", str(python_runtime)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    goals = {goal["id"]: goal for goal in json.loads(done.stdout)["goals"]}
    assert set(goals) == {f"{name}-{kind}" for name in IDS for kind in ("sqlite", "postgresql")}
    assert all(goals[f"{name}-sqlite"]["measured"] is not None for name in IDS)
    assert goals["hand-ins-sqlite"]["met"], goals["hand-ins-sqlite"]
    assert {goal.id for goal in without_postgresql()} == {f"{name}-postgresql" for name in IDS}
