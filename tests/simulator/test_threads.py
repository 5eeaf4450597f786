"""The pool of the web server: few threads for quick work, more while some are held up."""

from __future__ import annotations

import threading
import time

import pytest

from simulator.pages.holes import Holed, hole
from simulator.threads import FEW, GrowingPool


@pytest.fixture
def pool():
    pool = GrowingPool(6, "test")
    yield pool
    pool.shutdown()


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_quick_work_stays_with_few_threads_and_in_order(pool):
    taken = []
    found = [pool.submit(lambda n=n: taken.append(n) or n * n) for n in range(500)]
    assert [future.result(5) for future in found] == [n * n for n in range(500)]
    assert sorted(taken) == list(range(500))
    assert pool.threads == FEW


def test_work_that_waits_does_not_hold_up_others_and_the_threads_go_again(pool):
    gate = threading.Event()
    stuck = [pool.submit(gate.wait, 10) for _number in range(4)]
    assert pool.submit(lambda: "through").result(5) == "through"
    assert pool.threads > FEW
    gate.set()
    assert all(future.result(5) for future in stuck)
    for _number in range(50):
        pool.submit(lambda: None).result(5)
    until(lambda: pool.threads == FEW)


def test_there_are_never_more_than_asked_for():
    pool, gate = GrowingPool(3, "small"), threading.Event()
    waiting = [pool.submit(gate.wait, 10) for _number in range(8)]
    until(lambda: pool.threads == 3)
    time.sleep(0.3)
    assert pool.threads == 3
    gate.set()
    assert [future.result(5) for future in waiting] == [True] * 8
    pool.shutdown()
    with pytest.raises(RuntimeError):
        pool.submit(print)


def test_one_thread_is_enough_if_no_more_are_allowed():
    pool = GrowingPool(1, "one")
    assert pool.submit(lambda: pool.threads).result(5) == 1
    pool.shutdown()


def test_errors_come_to_whoever_waits(pool):
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 / 0).result(5)
    assert pool.submit(lambda: 1).result(5) == 1


def test_holes_are_filled_where_they_stand():
    page = Holed.of(f"<b>{hole('a')}</b>{hole('b')}{hole('a')}!")
    assert page.filled({"a": "1", "b": "&amp;"}) == "<b>1</b>&amp;1!"
    assert Holed.of("none").filled({}) == "none"
    with pytest.raises(KeyError):
        page.filled({"a": "1"})
