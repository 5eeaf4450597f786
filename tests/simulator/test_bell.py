from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from simulator.jobs.bell import Bell


@pytest.fixture
def folder(tmp_path):
    # Longer than the address of a socket may be.
    return tmp_path / ("a" * 60) / ("b" * 60) / "run"


@pytest.fixture
def listen(folder):
    """Return a function that makes a listening bell."""
    ears = []

    def listen():
        ears.append(Bell(folder))
        ears[-1].listen()
        return ears[-1]

    yield listen
    for ear in ears:
        ear.close()


def test_a_ring_ends_every_wait(folder, listen):
    ears = [listen() for _ in range(3)]
    threading.Timer(0.1, Bell(folder).ring).start()
    started = time.monotonic()
    assert [ear.wait(5) for ear in ears] == [True] * 3
    assert time.monotonic() - started < 2


def test_a_ring_between_two_waits_is_kept_and_many_count_as_one(folder, listen):
    ear = listen()
    assert ear.wait(0) is False
    for _ in range(1000):
        Bell(folder).ring()
    assert ear.wait(0) is True
    assert ear.wait(0) is False


def test_ringing_where_nobody_listens_is_no_error(folder):
    Bell(folder).ring()
    assert not folder.exists()


def test_the_socket_goes_when_its_process_ends_or_at_the_next_ring(folder, listen):
    listen().close()
    assert list(folder.iterdir()) == []
    killed = "import os, sys; from pathlib import Path; from simulator.jobs.bell import Bell; Bell(Path(sys.argv[1])).listen(); os._exit(1)"
    subprocess.run([sys.executable, "-c", killed, str(folder)], check=False)
    assert len(list(folder.iterdir())) == 1
    Bell(folder).ring()
    assert list(folder.iterdir()) == []


def test_nobody_else_may_ring(folder, listen):
    listen()
    assert folder.stat().st_mode & 0o077 == 0


def test_a_bell_that_cannot_ring_does_not_spoil_what_was_done(folder, listen, monkeypatch):
    listen()
    monkeypatch.setattr("simulator.jobs.bell.os.open", lambda *args: (_ for _ in ()).throw(OSError(24, "Too many open files")))
    Bell(folder).ring()
