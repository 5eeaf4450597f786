"""Small loaded tasks for the tests of marking."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from grading.model import Task
from tests.grading import trees
from tests.grading.sandbox.fixtures import python_runtime, runtimes_dir, sandbox

__all__ = ["python_runtime", "runtimes_dir", "sandbox"]

# No deadline: on a busy machine a slow example is no wrong example.
settings.register_profile("grading", max_examples=50, deadline=None)
settings.load_profile("grading")


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """The small task with a run."""
    return trees.make_task(tmp_path / "mini")


@pytest.fixture
def plain(tmp_path: Path) -> Task:
    """The task of two blanks, with its samples."""
    return trees.make_plain(tmp_path / "plain")
