"""The same marks again: every sample of every practical task that ships, in another order, by another worker, in a fresh interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import pytest

from grading.engine import grade
from grading.library import task_folders
from grading.loader import load_task
from grading.model import Task
from grading.response import load_response
from grading.sandbox import make_backend

TASKS = Path(__file__).parents[2] / "tasks"

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def samples(task: Task) -> list[Path]:
    assert task.root is not None
    return sorted(path for path in (task.root / "samples").iterdir() if path.is_dir())


def verdicts(task: Task, sample: Path, sandbox: Any) -> list[dict[str, Any]]:
    """Everything that a verdict says, its evidence too."""
    return [asdict(verdict) for verdict in grade(task, load_response(task, sample), sandbox=sandbox).verdicts]


@pytest.fixture(scope="module")
def workers(runtimes_dir: Path) -> Iterator[list[Any]]:
    """Two workers as an exam has them: each with its own fork server."""
    made = [make_backend("zygote", runtimes_dir) for _ in range(2)]
    yield made
    for sandbox in made:
        sandbox.close()


@pytest.fixture(scope="module")
def fresh(runtimes_dir: Path) -> Iterator[Any]:
    sandbox = make_backend("bwrap", runtimes_dir)
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("folder", list(task_folders(TASKS)), ids=lambda path: path.name)
def test_bit_equal_in_any_order_and_on_any_worker(folder, workers):
    task = load_task(folder)
    first = {path.name: verdicts(task, path, workers[0]) for path in samples(task)}
    order = samples(task)
    Random(7).shuffle(order)
    again = {path.name: verdicts(task, path, workers[n % 2]) for n, path in enumerate(order)}
    assert again == first


@pytest.mark.parametrize("folder", list(task_folders(TASKS)), ids=lambda path: path.name)
def test_bit_equal_in_a_fresh_interpreter(folder, workers, fresh):
    task = load_task(folder)
    for path in samples(task):
        if path.name in ("full", "blank") or path.name.startswith("full-"):
            assert verdicts(task, path, fresh) == verdicts(task, path, workers[0])
