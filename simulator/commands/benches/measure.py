"""Paired measurement: contenders take turns, and what counts is the ratio within a round, never the seconds alone."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simulator.commands.benches.report import Sample, progress

Rounds = Mapping[str, Sequence[float]]
"""contender → its figure in each round, in order; NaN where its run did not count."""

PROGRESS_S = 5.0
REST_S = 0.05
"""Pause before each turn: nobody pays for what another contender still does after its turn."""


class NotCounted(Exception):
    """A run did not do the work, so that its time means nothing; the message says why."""


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    run : the only part that is timed; check : looks at what `run` returned, and raises NotCounted if the work was not done;
    prepare : before each run; units : how many times `run` does the work (its seconds are divided by it).
    """

    name: str
    run: Callable[[], Any]
    check: Callable[[Any], None]
    prepare: Callable[[], object] = _nothing
    units: int = 1

    def seconds(self) -> float:
        """Return the seconds of one run; NaN, and a word on stderr, if it does not count."""
        try:
            self.prepare()
            start = time.perf_counter()
            done = self.run()
            spent = time.perf_counter() - start
            self.check(done)
        except NotCounted as reason:
            progress(f"{self.name}：这一次不计（{reason}）")
            return math.nan
        return spent / self.units


def repeated(contender: Contender, times: int) -> Contender:
    """Return `contender` doing its work `times` times in a row: what it prepares between runs is then measured, too."""

    def check(done: Sequence[Any]) -> None:
        for one in done:
            contender.check(one)

    run = contender.run
    return replace(contender, run=lambda: [run() for _ in range(times)], check=check, units=contender.units * times)


def paired(
    title: str, contenders: Sequence[Contender], rounds: int, *, warm_up: bool = True, until: float = math.inf
) -> Rounds:
    """Measure all contenders once in each round, in changing order; a first round to warm up is thrown away.

    until : time.monotonic() after which no further round begins, but for the first that counts.
    """
    figures: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    order, told = random.Random(0), -math.inf  # by chance, so that none always comes after the same other
    for number in range(-1 if warm_up else 0, rounds):
        if number > 0 and time.monotonic() > until:
            progress(f"{title}：时间用完，只测了 {number} 轮")
            break
        if time.monotonic() - told > PROGRESS_S:
            told = time.monotonic()
            progress(f"{title}：" + (f"第 {number + 1} 轮，共 {rounds} 轮" if number >= 0 else "预热"))
        for contender in order.sample(contenders, len(contenders)):
            time.sleep(REST_S)
            figure = contender.seconds()
            if number >= 0:
                figures[contender.name].append(figure)
    return figures


def ratio(rounds: Rounds, name: str, other: str) -> Sample:
    """Return `name` ÷ `other` for each round in which both count.

    >>> ratio({"a": [1.0, 4.0, 1.0], "b": [2.0, 4.0, float("nan")]}, "a", "b").values
    (0.5, 1.0)
    """
    return Sample.of(one / two for one, two in zip(rounds[name], rounds[other], strict=True))
