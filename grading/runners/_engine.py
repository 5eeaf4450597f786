"""Run an engine of ours inside the sandbox: a package of this folder that works on what a candidate made.

The package goes in compiled, as a zip beside the request; its `main.answer(request) -> answer` takes and returns plain JSON
data. Files of the job lie in the work directory. Whatever comes back is as little trusted as what a candidate's program
prints: a runner checks it before it makes artifacts of it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from grading.errors import ResponseError, SandboxError
from grading.model import RunLimits, RunSpec, Task
from grading.runners import Problem, _artifacts
from grading.runners._causes import CAUSES
from grading.sandbox.contract import RunJob, RunResult, Sandbox

SCRIPT, BUNDLE, REQUEST, ANSWER = "_engine.py", "_engine.zip", "_request.json", "_answer.json"
_START = """\
import json, os, sys
os.unlink(__file__)
sys.path.insert(0, "/work/{bundle}")
with open("/work/{request}", encoding="utf-8") as file:
    request = json.load(file)
os.unlink("/work/{request}")
from {package}.main import answer
found = json.dumps(answer(request), ensure_ascii=False, allow_nan=False)
with open("/work/{answer}", "w", encoding="utf-8", errors="replace") as file:
    file.write(found)
"""


@cache
def bundle(package: Path) -> bytes:
    """Return the package in folder `package` as a zip of compiled modules (the sandbox's Python is of the same version)."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / package.name
        shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
        target = Path(folder) / BUNDLE
        with zipfile.PyZipFile(str(target), "w", zipfile.ZIP_STORED, optimize=0) as archive:
            archive.writepy(str(copy))
        return target.read_bytes()


def job(
    package: Path, runtime: str, request: Any, files: Mapping[str, bytes], *, limits: RunLimits, seed: int = 0, models: bool = False
) -> RunJob:
    """Return the job that lets the engine in folder `package` answer `request`; models : it sees the school's own models."""
    start = _START.format(bundle=BUNDLE, request=REQUEST, answer=ANSWER, package=package.name)
    own = {
        SCRIPT: start.encode(), BUNDLE: bundle(package), REQUEST: json.dumps(request, ensure_ascii=False).encode("utf-8", "replace"),
    }
    return RunJob(runtime, SCRIPT, {**files, **own}, limits, (ANSWER,), seed=seed, models=models)


def play(
    package: Path, runtime: str, request: Any, files: Mapping[str, bytes], run: RunSpec, sandbox: Sandbox, *, models: bool = False
) -> tuple[RunResult, Any | Problem]:
    """Let the engine in folder `package` answer; return how the run ended, and the answer or why there is none.

    An engine that ends with an error is our fault; one that was stopped by a limit had too much to do because of the candidate.
    """
    result = sandbox.run(job(package, runtime, request, files, limits=run.limits, seed=run.seed, models=models))
    if result.status in ("ok", "runtime_error") and ANSWER not in result.files:
        return result, Problem(f"评测引擎异常结束：{_last_line(result)}", "fault")
    if result.status != "ok":
        return result, Problem(result.message, CAUSES[result.status])
    try:
        return result, _artifacts.parse_json(result.files[ANSWER])
    except ResponseError as error:
        return result, Problem(f"评测引擎的结果不能识别：{error}", "fault")


def given_files(run: RunSpec, task: Task) -> dict[str, bytes]:
    """Return the contents of the task's files that `run` names: from `files/`, then from `key/` (hidden inputs)."""
    if task.root is None:
        raise SandboxError(f"试题 {task.id} 没有文件夹，不能运行程序。")
    public = {name: (task.root / "files" / name).read_bytes() for name in run.files}
    return public | {name: (task.root / "key" / name).read_bytes() for name in run.hidden}


def _last_line(result: RunResult) -> str:
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    return (lines[-1] if lines else result.message)[:200]
