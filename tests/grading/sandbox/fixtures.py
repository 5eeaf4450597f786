"""Fixtures of everything that runs in a sandbox."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grading import runtimes
from grading.sandbox import BACKENDS, Sandbox, make_backend

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def runtimes_dir() -> Path:
    """Folder of the built runtimes (which need not be there for tests that use the bare interpreter)."""
    return Path(os.environ.get("SIMULATOR_TEST_RUNTIMES") or REPOSITORY / "instance" / "runtimes")


@pytest.fixture(scope="session")
def python_runtime(runtimes_dir: Path) -> Path:
    """Folder with the built runtime `python`; tests fail, not skip, without it."""
    if runtimes.status("python", runtimes_dir).state != "ready":
        pytest.fail(f"运行环境 python 不在 {runtimes_dir} 或不是最新：请先运行 make runtimes，或设 SIMULATOR_TEST_RUNTIMES。")
    return runtimes_dir


@pytest.fixture(scope="session", params=list(BACKENDS))
def sandbox(request: pytest.FixtureRequest, runtimes_dir: Path) -> Iterator[Sandbox]:
    """Every backend in turn, so that all keep one contract."""
    backend = make_backend(request.param, runtimes_dir)
    yield backend
    backend.close()
