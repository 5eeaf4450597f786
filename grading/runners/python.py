"""Runner `python`: the candidate's program, once, in the sandbox runtime `python`.

Task files and hidden inputs are copied beside the program. Files, variables and standard output become artifacts, also
those made before an error or a limit; what is missing gets a problem that names the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grading.errors import ResponseError
from grading.model import Produce, RunSpec, Task
from grading.runners import Problem, RunOutcome, _artifacts
from grading.runners._causes import missing
from grading.runners._engine import given_files
from grading.sandbox.contract import RunJob, RunResult, Sandbox

RUNTIME = "python"
ACCEPTS = ("code", "text")
PROGRAM = "main.py"
HARNESS = "_harness.py"
VARIABLES = "_variables.json"


def run(run: RunSpec, task: Task, program: str, sandbox: Sandbox, *, runtime: str = RUNTIME) -> RunOutcome:
    """Run `program` as `run` says; every id of `run.produces` is an artifact or has a problem. runtime : for other runners."""
    result = sandbox.run(_job(run, task, program, runtime))
    variables = _variables(result)
    artifacts: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for name, produce in run.produces.items():
        try:
            artifacts[name] = _artifact(produce, result, variables)
        except LookupError as error:
            problems[name] = missing(result, str(error.args[0]))
        except ResponseError as error:
            # Half a file after a kill: the limit is the reason, not the half.
            ended = result.status == "ok"
            problems[name] = Problem(str(error), "unreadable") if ended else missing(result, str(error))
    return RunOutcome(result, artifacts, problems)


def _job(run: RunSpec, task: Task, program: str, runtime: str) -> RunJob:
    name = _program_name(run, task)
    wanted = {p.variable: p.kind for p in run.produces.values() if p.variable}
    harness = Path(__file__).with_name(HARNESS).read_text("utf-8") + f"\n\nplay({name!r}, {wanted!r})\n"
    collect = [p.file for p in run.produces.values() if p.file] + ([VARIABLES] if wanted else [])
    files = {**given_files(run, task), name: program.encode(), HARNESS: harness.encode()}
    return RunJob(runtime, HARNESS, files, run.limits, tuple(collect), seed=run.seed)


def _program_name(run: RunSpec, task: Task) -> str:
    """The name that the candidate knows from the starter, so that tracebacks speak of the same file."""
    starter = getattr(task.field(run.of), "file", None)
    return starter if isinstance(starter, str) and starter.endswith(".py") else PROGRAM


def _variables(result: RunResult) -> Mapping[str, Any]:
    """Return what the harness wrote, or nothing if it wrote nothing that can be read."""
    try:
        found = _artifacts.parse_json(result.files.get(VARIABLES, b"{}"))
    except ResponseError:
        return {}
    return found if isinstance(found, dict) else {}


def _artifact(produce: Produce, result: RunResult, variables: Mapping[str, Any]) -> Any:
    """Return the artifact; LookupError with a sentence if the run did not make it, ResponseError if it is unreadable."""
    if result.status in ("sandbox_error", "refused"):
        raise LookupError("")
    assert produce.kind is not None  # the loader has seen to it
    if produce.stdout:
        return _artifacts.from_text(produce.kind, "程序的输出", result.stdout)
    if produce.file is not None:
        if produce.file not in result.files:
            raise LookupError(f"没有生成文件 {produce.file}")
        return _artifacts.from_file(produce.kind, produce.file, result.files[produce.file])
    entry = variables.get(str(produce.variable))
    if not isinstance(entry, dict):
        raise LookupError(f"没有变量 {produce.variable}")
    if "value" not in entry:
        raise ResponseError(f"变量 {produce.variable} 的类型 {str(entry.get('type', ''))[:60]} 不能作为结果。")
    return _artifacts.from_value(produce.kind, str(produce.variable), entry["value"])
