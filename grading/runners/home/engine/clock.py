"""A virtual clock: an event loop that never waits. When nothing is ready, time jumps to the next thing that is scheduled.

The wall clock (`time.time()`, `datetime.now()`) is moved along, because Home Assistant looks at both. Jobs for threads run at
once in the loop's own thread: one order of events, on every machine.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

import time_machine

SAME_INSTANT = 20_000
"""Turns of the loop without time going on, before a run is stopped: two automations that set each other off never end."""

LATE = 0.001
"""Seconds by which timers are late."""

TURNS = 400_000
"""Turns of the loop in all."""


class Stopped(BaseException):
    """The run does too much; no Exception, so that an automation's `continue_on_error` cannot swallow it."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` counts virtual seconds from 0; `start` is the wall-clock moment of second 0, in UTC."""

    def __init__(self, start: dt.datetime) -> None:
        super().__init__()
        self._now = 0.0
        self._start = start
        self._turns = self._still = 0
        self.stopped = ""
        self._travel = time_machine.travel(start, tick=False)
        self._wall = self._travel.start()

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def close(self) -> None:
        """Close the loop and give the wall clock back."""
        self._travel.stop()
        super().close()

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # noqa: ARG002
        """Call `func` here and now; return a future that is done."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def stop_run(self, why: str) -> None:
        """End the run at the next turn because of `why`; the first reason stays."""
        self.stopped = self.stopped or why

    def wind_up(self) -> None:
        """Cancel what still waits, so that nothing complains when the loop goes; what does not give up soon is left."""
        self.stopped, self._still, self._turns = "", SAME_INSTANT - 200, 0
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        try:
            self.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        except Stopped:
            self.set_exception_handler(lambda _loop, _context: None)

    def _run_once(self) -> None:
        self._turns += 1
        self._still += 1
        if self._still > SAME_INSTANT:
            self.stop_run("同一时刻的动作没有尽头：可能有死循环，或两条自动化互相触发")
        elif self._turns > TURNS:
            self.stop_run("自动化做的事太多")
        if self.stopped:
            raise Stopped(self.stopped)
        if not self._ready:  # type: ignore[attr-defined]
            self._jump()
        super()._run_once()  # type: ignore[misc]

    def _jump(self) -> None:
        scheduled = [handle.when() for handle in self._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
        if scheduled and (soonest := min(scheduled)) > self._now:
            # Timers of a real machine are always a hair late; conditions like `for: "00:03:00"` count on it (they ask for more than).
            self._now, self._still = soonest + LATE, 0
            self._wall.move_to(self._start + dt.timedelta(seconds=self._now), tick=False)
