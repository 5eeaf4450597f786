"""A sandbox that plays a script instead of running a program: what a trial's page sees can be tested step by step."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from grading.sandbox.contract import RunResult


class FakeSandbox:
    """`play(job, observer)` is called for each run and returns its result."""

    name, models = "fake", Path("/nowhere")

    def __init__(self, play: Callable) -> None:
        self.play, self.jobs = play, []

    def run(self, job, observer=None):
        self.jobs.append(job)
        return self.play(job, observer)

    def close(self):
        pass


def wait_until(what: Callable, seconds: float = 10.0):
    """Return the first true value of `what()`; AssertionError if there is none in time."""
    until = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)
    return value


def until_cancelled(_job, observer) -> RunResult:
    """Play a program that would run for ever."""
    wait_until(observer.cancelled)
    return RunResult("cancelled", wall_s=1.0, message="程序被停止。")
