"""`make chaos` in small: real processes, real kills, one machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from simulator.config import ROOT
from tools.chaos.school import TASKS

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

SUBMISSIONS, KILLS = 25, 8


def test_nothing_is_lost_doubled_or_stuck_while_everything_is_killed():
    runtimes = os.environ.get("SIMULATOR_TEST_RUNTIMES") or str(ROOT / "instance" / "runtimes")
    size = ["--submissions", str(SUBMISSIONS), "--kills", str(KILLS), "--minutes", "0.4", "--runtimes-dir", runtimes]
    done = subprocess.run(
        [sys.executable, "-m", "tools.chaos", "--mode", "embedded", *size, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr + done.stdout
    [run] = json.loads(done.stdout)["runs"]
    assert (run["accepted"], run["marked"]) == (SUBMISSIONS, SUBMISSIONS)
    assert {run[name] for name in ("lost", "duplicated", "stuck", "differences")} == {0}
    assert (run["kills"], len(run["kills_by_kind"]) >= 3) == (KILLS, True)
    assert run["left"] == []


def test_the_tasks_of_the_check_prove_themselves():
    """Its samples earn what they say: a reference that is wrong the same way twice would show nothing."""
    folders = [str(TASKS / "data" / name) for name in ("program", "sheet")]
    done = subprocess.run([sys.executable, "-m", "simulator", "tasks", "check", *folders], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
