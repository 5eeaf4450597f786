"""Runners by name: each executes a candidate's work inside the sandbox and brings back artifacts.

A runner is one file or folder here, found by its name: `runner: python` in a task is `grading/runners/python.py`. It has

run(run, task, value, sandbox)   executes the parsed value of the field `run.of`
ACCEPTS                          the kinds of value that it executes
OUTPUTS                          optional: its own outputs (`produces: {…: {output: name}}`), name → kind of value
Args                             optional: a `Spec` of what a task may write in `args`
check(run, task)                 optional: raises TaskError for what the task's files must hold
practise(run, task, value, sandbox, completions, model)
                                 optional: executes it with a language model that somebody asks, for practice; never for marks
lacking(run, models)             optional: why this machine, whose own models lie in `models`, cannot mark it; "" if it can

Names that begin with an underscore help runners and are none themselves.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.completions import Completions, Unfinished
from grading.errors import TaskError
from grading.model import Cause, Evidence, RunSpec, Spec, Task
from grading.sandbox.contract import RunResult, Sandbox


@dataclass(frozen=True)
class Problem:
    """Why an artifact is missing: one Chinese sentence for the candidate, and whose doing it was."""

    sentence: str
    cause: Cause


@dataclass(frozen=True)
class RunOutcome:
    """What a run brought: every id of `produces` is either in `artifacts` or in `problems`; evidence : for people."""

    result: RunResult
    artifacts: Mapping[str, Any]
    problems: Mapping[str, Problem]
    evidence: Evidence | None = None


Runner = Callable[[RunSpec, Task, Any, Sandbox], RunOutcome]
"""`run(run, task, value, sandbox)`; `value` is the parsed value of the field `run.of`."""


Practice = Callable[[RunSpec, Task, Any, Sandbox, Completions, str], RunOutcome | Unfinished]
"""`practise(run, task, value, sandbox, completions, model)`: what `model` has answered so far; to be called until it is finished."""


class NoArgs(Spec):
    """The arguments of a runner that has none."""


def names() -> tuple[str, ...]:
    """Return the names of all runners."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def get_runner(name: str) -> Runner:
    """Return the runner called `name`; TaskError lists the valid names."""
    runner: Runner = _module(name).run
    return runner


def get_practice(name: str) -> Practice | None:
    """Return how runner `name` runs with a language model, None if it cannot; marking never calls it."""
    found: Practice | None = getattr(_module(name), "practise", None)
    return found


def accepts(name: str) -> tuple[str, ...]:
    """Return the kinds of value that runner `name` can execute (see `FieldKind.value`)."""
    kinds: tuple[str, ...] = _module(name).ACCEPTS
    return kinds


def outputs(name: str) -> Mapping[str, str]:
    """Return the runner's own outputs: name → kind of value."""
    found: Mapping[str, str] = getattr(_module(name), "OUTPUTS", {})
    return found


def arguments(name: str) -> type[Spec]:
    """Return the model of what a task may write in `args` for runner `name`."""
    model: type[Spec] = getattr(_module(name), "Args", NoArgs)
    return model


def check(run: RunSpec, task: Task) -> None:
    """Raise TaskError if the task's files do not hold what its runner needs."""
    own = getattr(_module(run.runner), "check", None)
    if own is not None:
        own(run, task)


def lacking(run: RunSpec, models: Path) -> str:
    """Return why this machine cannot mark what hangs on `run`, "" if it can. models : folder of the school's own models."""
    own: Callable[[RunSpec, Path], str] | None = getattr(_module(run.runner), "lacking", None)
    return own(run, models) if own is not None else ""


def _module(name: str) -> Any:
    if name not in names():
        raise TaskError(f"没有名为 {name!r} 的运行器；可用：{', '.join(names())}", key="runner")
    return importlib.import_module(f"grading.runners.{name}")
