"""A pool of threads that is small while all goes quickly, and grows when work waits.

Threads of one Python interpreter run one at a time, and each change of turns costs more than a small page: with eight of them busy, a
request changes turns dozens of times. Two are enough to keep the processor busy; but when those wait (for the database's writer, for a
slow store), others must be there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from math import inf
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

FEW = 2
PATIENCE_S = 0.05
"""A thread that has been at one call for so long waits or has much to do, and no longer counts as one of the FEW."""

P = ParamSpec("P")
Answer = TypeVar("Answer")
_Job = tuple["Future[Any]", Callable[[], Any]]


class GrowingPool(Executor):
    """Runs what is submitted in FEW to `most` threads, in the order in which it came."""

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = max(most, 1), name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._begun: dict[int, float] = {}  # number of each thread → when it began what it does; inf if it does nothing
        self._closed = False
        for _number in range(min(FEW, self._most)):
            self._start()
        threading.Thread(target=self._watch, name=f"{name}-watch", daemon=True).start()

    def submit(self, fn: Callable[P, Answer], /, *args: P.args, **kwargs: P.kwargs) -> Future[Answer]:
        """Queue a call; return its future."""
        if self._closed:
            raise RuntimeError("the pool is closed")
        future: Future[Answer] = Future()
        self._jobs.put((future, lambda: fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002  as all executors
        """End the threads after what is queued."""
        self._closed = True
        for _number in range(self._most):
            self._jobs.put(None)

    @property
    def threads(self) -> int:
        """How many threads there are now."""
        return len(self._begun)

    def _start(self) -> None:
        with self._lock:
            number = next(n for n in range(len(self._begun) + 1) if n not in self._begun)
            self._begun[number] = inf
        threading.Thread(target=self._work, args=(number,), name=f"{self._name}-{number}", daemon=True).start()

    def _work(self, number: int) -> None:
        while (job := self._jobs.get()) is not None:
            self._begun[number] = time.monotonic()
            _run(*job)
            self._begun[number] = inf
            if len(self._begun) > FEW and self._may_go(number):
                return

    def _may_go(self, number: int) -> bool:
        """Let a thread end if there are more than FEW that are not held up."""
        with self._lock:
            enough = self._lively() > FEW
            if enough:
                del self._begun[number]
        return enough

    def _lively(self) -> int:
        """Return how many threads are not held up."""
        limit = time.monotonic() - PATIENCE_S
        return sum(begun > limit for begun in self._begun.values())

    def _watch(self) -> None:
        """Start a thread whenever work waits and the others are held up."""
        while not self._closed:
            time.sleep(PATIENCE_S)
            with self._lock:
                held_up = len(self._begun) < self._most and self._lively() < FEW
            if held_up and not self._jobs.empty():
                self._start()


def _run(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        answer = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(answer)
