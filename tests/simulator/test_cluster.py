"""Several machines mark one exam: with Celery on Redis and on RabbitMQ, and with nothing but the database."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kombu import Connection
from sqlalchemy import select

from simulator.models import Marking
from tests.browser import tree
from tests.simulator.cluster import Cluster, wait_until

pytestmark = [pytest.mark.services, pytest.mark.sandbox, pytest.mark.slow]

BROKERS = {
    "redis": os.environ.get("SIMULATOR_TEST_REDIS", ""),
    "rabbitmq": os.environ.get("SIMULATOR_TEST_RABBITMQ", ""),
}
NOBODY = "redis://127.0.0.1:1/0"
SLOW = "import time\ntime.sleep(4)\n" + tree.PROGRAM


@contextlib.contextmanager
def cluster_at(folder: Path, broker: str = "") -> Iterator[Cluster]:
    cluster = Cluster(folder, broker)
    try:
        yield cluster
    finally:
        try:
            cluster.close()
        finally:
            if broker and broker in BROKERS.values():
                remove_queue(broker, cluster.queue)


def remove_queue(broker: str, queue: str) -> None:
    with Connection(broker) as connection, connection.channel() as channel:
        if broker.startswith("redis"):
            for key in channel.client.scan_iter(f"{queue}:*"):
                channel.client.delete(key)
        else:
            channel.queue_delete(queue)
            channel.exchange_delete(queue)


def broker_at(name: str) -> str:
    """Return the address of a broker; the test fails if none is given (and would say nothing without one)."""
    assert BROKERS[name], f"SIMULATOR_TEST_{name.upper()} is not set"
    return BROKERS[name]


@pytest.fixture(params=list(BROKERS))
def cluster(request, tmp_path) -> Iterator[Cluster]:
    with cluster_at(tmp_path, broker_at(request.param)) as cluster:
        yield cluster


def test_celery_marks_a_whole_exam(cluster):
    cluster.start("worker", "one")
    cluster.wait_for_workers(2)
    started = time.monotonic()
    attempts = cluster.hand_in(12)
    wait_until(lambda: cluster.all_marked(attempts), 60, "not marked")
    assert time.monotonic() - started < 20, "tickets, not the patrol, have woken the workers"
    cluster.check_marked_once(attempts)
    assert "Traceback" not in cluster.log("one").read_text()


def test_what_a_killed_worker_had_is_marked_once_by_another(cluster):
    cluster.start("scheduler", "clock")
    cluster.start("worker", "one", markers="1")
    cluster.wait_for_workers(1)
    attempts = cluster.hand_in(2, SLOW)
    child = wait_until(lambda: leaseholder(cluster, "one"), 20, "nobody has begun")
    os.kill(child, signal.SIGKILL)
    cluster.start("worker", "two", markers="1")
    wait_until(lambda: cluster.all_marked(attempts), 90, "not marked")
    cluster.check_marked_once(attempts)


def leaseholder(cluster: Cluster, node: str) -> int:
    """Return the process on `node` that marks something now, 0 if none does."""
    with cluster.services.db.read() as session:
        name = session.scalar(select(Marking.leased_by).where(Marking.state == "leased", Marking.leased_by.startswith(f"{node}:")))
    return int(name.partition(":")[2].partition("/")[0]) if name else 0


def test_what_a_dead_machine_had_is_marked_once_by_another(tmp_path):
    with cluster_at(tmp_path, broker_at("redis")) as cluster:
        cluster.start("scheduler", "clock")
        one = cluster.start("worker", "one", markers="1")
        cluster.wait_for_workers(1)
        attempts = cluster.hand_in(2, SLOW)
        child = wait_until(lambda: leaseholder(cluster, "one"), 20, "nobody has begun")
        one.kill()  # its children end by themselves
        wait_until(lambda: not Path(f"/proc/{child}").exists(), 10, "a worker without a master is left")
        cluster.start("worker", "two", markers="1")
        wait_until(lambda: cluster.all_marked(attempts), 120, "not marked")
        cluster.check_marked_once(attempts)


def test_without_a_broker_nothing_is_refused_and_all_is_marked(tmp_path):
    with cluster_at(tmp_path, NOBODY) as cluster:
        cluster.start("worker", "one")
        cluster.wait_for_workers(2)
        started = time.monotonic()
        attempts = cluster.hand_in(3)
        assert time.monotonic() - started < 3
        wait_until(lambda: cluster.all_marked(attempts), 60, "not marked")
        cluster.check_marked_once(attempts)


class Gate:
    """A way to the broker that can be shut: open connections are cut, new ones refused."""

    def __init__(self, host: str, port: int) -> None:
        self._to, self._pairs = (host, port), []
        self._door: socket.socket | None = None
        self.port = 0
        self.open()

    def open(self) -> None:
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._let_in, args=(self._door,), daemon=True).start()

    def shut(self) -> None:
        assert self._door is not None
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        while self._pairs:
            for end in self._pairs.pop():
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _let_in(self, door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = door.accept()
                far = socket.create_connection(self._to)
                self._pairs.append((near, far))
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError), source, target:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("broker", list(BROKERS))
def test_tickets_flow_again_when_the_broker_is_back(tmp_path, broker):
    parts = urlsplit(broker_at(broker))
    gate = Gate(parts.hostname, parts.port)
    with cluster_at(tmp_path, BROKERS[broker].replace(f":{parts.port}", f":{gate.port}")) as cluster:
        cluster.start("worker", "one")
        cluster.wait_for_workers(2)
        first = cluster.hand_in(2)
        wait_until(lambda: cluster.all_marked(first), 15, "not marked")
        gate.shut()
        time.sleep(1)
        second = cluster.hand_in(2)
        wait_until(lambda: cluster.all_marked(second), 60, "not marked without the broker")
        gate.open()
        time.sleep(25)  # workers try to reach it again, at growing intervals
        third = cluster.hand_in(2)
        wait_until(lambda: cluster.all_marked(third), 15, "not woken by tickets")
        cluster.check_marked_once(first + second + third)
    remove_queue(BROKERS[broker], cluster.queue)


def test_two_machines_mark_one_exam_together(cluster):
    machines_mark_together(cluster)


def test_two_machines_without_a_broker_mark_one_exam_together(tmp_path):
    with cluster_at(tmp_path) as cluster:
        machines_mark_together(cluster, "worker --all")


def machines_mark_together(cluster: Cluster, command: str = "worker") -> None:
    for node in ("one", "two"):
        cluster.start(command, node, markers="1")
    cluster.wait_for_workers(2)
    attempts = cluster.hand_in(10, "import time\ntime.sleep(0.5)\n" + tree.PROGRAM)
    wait_until(lambda: cluster.all_marked(attempts), 90, "not marked")
    cluster.check_marked_once(attempts)
    by = cluster.marked_by()
    assert set(by) == {"one", "two"}
    assert min(by.values()) > 2, by
    for node in ("one", "two"):  # each has what it needed, and only that, in its own folder
        instance = cluster.folder / node / "instance"
        assert not (instance / "simulator.sqlite").exists()
        assert not (instance / "blobs").exists()
        assert list((instance / "cache" / "tasks").iterdir())
