"""Runners by name: each executes a candidate's work inside the sandbox and brings back artifacts.

A runner is one file here with a function `run` and `ACCEPTS`, the kinds of value it executes; it is found by its file
name, so `runner: python` in a task is `grading/runners/python.py`. Files that begin with an underscore help runners and
are none themselves.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grading.errors import TaskError
from grading.model import Cause, RunSpec, Task
from grading.sandbox.contract import RunResult, Sandbox


@dataclass(frozen=True)
class Problem:
    """Why an artifact is missing: one Chinese sentence for the candidate, and whose doing it was."""

    sentence: str
    cause: Cause


@dataclass(frozen=True)
class RunOutcome:
    """What a run brought: every id of `produces` is either in `artifacts` or in `problems`."""

    result: RunResult
    artifacts: Mapping[str, Any]
    problems: Mapping[str, Problem]


Runner = Callable[[RunSpec, Task, str, Sandbox], RunOutcome]
"""`run(run, task, program, sandbox)`; `program` is the parsed value of the field `run.of`."""


def names() -> tuple[str, ...]:
    """Return the names of all runners."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def get_runner(name: str) -> Runner:
    """Return the runner called `name`; TaskError lists the valid names."""
    runner: Runner = _module(name).run
    return runner


def accepts(name: str) -> tuple[str, ...]:
    """Return the kinds of value that runner `name` can execute (see `FieldKind.value`)."""
    kinds: tuple[str, ...] = _module(name).ACCEPTS
    return kinds


def _module(name: str) -> Any:
    if name not in names():
        raise TaskError(f"没有名为 {name!r} 的运行器；可用：{', '.join(names())}", key="runner")
    return importlib.import_module(f"grading.runners.{name}")
