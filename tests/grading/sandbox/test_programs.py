"""The walls are for attackers only: ordinary programs run in every backend as they do outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from grading.sandbox import BARE, Sandbox
from tests.grading.sandbox.helpers import run
from tests.grading.sandbox.programs import BARE_PROGRAMS, PACKAGE_PROGRAMS

pytestmark = pytest.mark.sandbox


def check(sandbox: Sandbox, program: str, runtime: str) -> None:
    result = run(sandbox, f"{program}\nif __name__ == '__main__': print('ok')\n", runtime=runtime, wall_s=60, cpu_s=60)
    assert (result.status, result.stdout.splitlines()[-1:]) == ("ok", ["ok"]), (result.message, result.stderr)


@pytest.mark.parametrize("name", BARE_PROGRAMS)
def test_standard_library(sandbox: Sandbox, name: str) -> None:
    check(sandbox, BARE_PROGRAMS[name], BARE)


@pytest.mark.slow
@pytest.mark.parametrize("name", PACKAGE_PROGRAMS)
def test_packages(sandbox: Sandbox, python_runtime: Path, name: str) -> None:
    check(sandbox, PACKAGE_PROGRAMS[name], "python")
