"""What every bench hands out: a table for people, or JSON; the machine it ran on; progress on stderr."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import click

Sign = Literal["≤", "≥"]
Statistic = Callable[[Sequence[float]], float]

BUSY = 0.5
"""Load for each core above which ratios suffer."""


@dataclass(frozen=True)
class Machine:
    """Where and when a bench ran. memory_gib : RAM; load : 1-minute load average at the start; date : UTC."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    load: float
    date: str

    @classmethod
    def here(cls) -> Machine:
        """Return this machine as it is now; a word on stderr if it is busy."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        load = os.getloadavg()[0]
        if load > BUSY * cores:
            progress(f"注意：机器正忙（负载 {load:.1f}，{cores} 核），比值会不准；最好等它空闲再测。")
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(_cpu(), cores, round(memory, 1), platform.release(), platform.python_version(), round(load, 2), now)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


@dataclass(frozen=True)
class Sample:
    """One figure, measured in several rounds."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Sample:
        """Return the sample of the rounds that count (NaN: does not)."""
        return cls(tuple(value for value in values if not math.isnan(value)))

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        """Smallest, largest and how many."""
        return f"{show(min(self.values))} 至 {show(max(self.values))}，{len(self.values)} 轮"


@dataclass(frozen=True)
class Goal:
    """One promise.

    what : short; how : how it is measured, where `what` does not say it all; measured : None if it could not be measured
    (then it is not met); note : spread of the rounds, or why there is none.
    """

    id: str
    what: str
    measured: float | None
    target: float
    met: bool
    sign: Sign = "≤"
    unit: str = ""
    note: str = ""
    how: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the goal as it stands in the JSON, where `what` says everything."""
        what = "；".join(part for part in (f"{self.what}，要求 {self.bound}", self.how, self.note) if part)
        return {"id": self.id, "what": what, "measured": self.measured, "target": self.target, "met": self.met}

    @property
    def bound(self) -> str:
        """The target with its sign and unit."""
        return f"{self.sign} {show(self.target)}{self.unit}"


def at_most(
    id: str, what: str, sample: Sample, target: float, *, unit: str = "", how: str = "", by: Statistic = statistics.median
) -> Goal:
    """Return the goal that `by` (the median) of `sample` is at most `target`; not measured if no round counts."""
    return _goal(Goal(id, what, None, target, met=False, unit=unit, how=how), sample, by)


def at_least(id: str, what: str, sample: Sample, target: float, *, unit: str = "", how: str = "") -> Goal:
    """Return the goal that the median of `sample` is at least `target`; not measured if no round counts."""
    return _goal(Goal(id, what, None, target, met=False, sign="≥", unit=unit, how=how), sample, statistics.median)


def unmeasured(id: str, what: str, target: float, reason: str, *, sign: Sign = "≤", unit: str = "") -> Goal:
    """Return a goal that could not be measured, and why."""
    return Goal(id, what, None, target, met=False, sign=sign, unit=unit, note=f"未测：{reason}")


def _goal(goal: Goal, sample: Sample, by: Statistic) -> Goal:
    if not sample.values:
        return replace(goal, note="未测：没有一轮算数")
    measured = by(sample.values)
    met = measured <= goal.target if goal.sign == "≤" else measured >= goal.target
    return replace(goal, measured=round(measured, 4), met=met, note=sample.spread)


@dataclass(frozen=True)
class Fact:
    """A figure without a target, for people only."""

    what: str
    value: str
    spread: str = ""


def progress(text: str) -> None:
    """Tell people on stderr how far a bench is, or what is odd."""
    click.echo(text, err=True)


def print_report(goals: Sequence[Goal], as_json: bool, *, machine: Machine | None = None, facts: Sequence[Fact] = ()) -> None:
    """Print the report on stdout. machine : as it was when the bench began; facts : left out of the JSON."""
    machine = machine or Machine.here()
    if as_json:
        report = {"machine": asdict(machine), "goals": [goal.as_json() for goal in goals]}
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    click.echo(
        f"{machine.cpu}，{machine.cores} 核，{machine.memory_gib:g} GiB，Linux {machine.kernel}，Python {machine.python}，"
        f"开始时负载 {machine.load:g}，{machine.date}\n"
    )
    click.echo(table([("目标", "实测", "要求", "结果", "各轮"), *map(_goal_row, goals)]))
    for goal in goals:
        if goal.how:
            click.echo(f"\n{goal.what}：{goal.how}。")
    if facts:
        click.echo("\n" + table([("另外", "实测", "各轮"), *((fact.what, fact.value, fact.spread) for fact in facts)]))


def _goal_row(goal: Goal) -> tuple[str, ...]:
    measured = "–" if goal.measured is None else f"{show(goal.measured)}{goal.unit}"
    verdict = "– 未测" if goal.measured is None else "✓ 达到" if goal.met else "✗ 未达到"
    return goal.what, measured, goal.bound, verdict, goal.note.removeprefix("未测：")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return `rows` as aligned text; the first row is the head.

    >>> print(table([("目标", "实测"), ("比值", "0.1")]))
    目标  实测
    ──────────
    比值  0.1
    """
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "─" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]])


def _width(text: str) -> int:
    """Return how many places `text` takes on a terminal: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def show(value: float) -> str:
    """Return `value` for people, with three digits that count.

    >>> show(0.13149), show(7.6), show(25.04), show(1234.5)
    ('0.131', '7.6', '25', '1234')
    """
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
