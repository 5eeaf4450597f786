"""The sandbox with the runtime that measures sounds."""

from __future__ import annotations

import json

import pytest

from grading import runtimes
from grading.model import RunLimits
from grading.runners._engine import BUNDLE, bundle
from grading.runners.audio import ENGINE
from grading.sandbox import RunJob

START = "import json, sys\nsys.path.insert(0, '/work/_engine.zip')\n"


@pytest.fixture(scope="session")
def media(runtimes_dir):
    """Folder with the built runtime `media`; tests fail, not skip, without it."""
    if runtimes.status("media", runtimes_dir).state != "ready":
        pytest.fail(f"运行环境 media 不在 {runtimes_dir} 或不是最新：请先运行 simulator runtimes build media。")
    return runtimes_dir


@pytest.fixture
def inside(media, sandbox):
    """Return a function that runs lines with the engine inside the sandbox, and gives what they left in `found`."""

    def run(lines: str, **files: bytes):
        named = {name.replace("__", "."): data for name, data in files.items()}
        script = START + lines + "\nprint(json.dumps(found))\n"
        job = RunJob("media", "check.py", {**named, BUNDLE: bundle(ENGINE), "check.py": script.encode()}, RunLimits(wall_s=120, cpu_s=120))
        result = sandbox.run(job)
        assert result.status == "ok", result.stderr or result.message
        return json.loads(result.stdout)

    return run
