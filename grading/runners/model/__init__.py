"""Runner `model`: an ONNX model, handed in as a file or made by the candidate's program, run on inputs of the task.

A program runs first, in a sandbox run of its own that has the public files only; the model that it writes then runs in a
second one, on inputs that the program never saw. An uploaded model goes straight into the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field as Key

from grading.errors import ResponseError, TaskError
from grading.model import FileName, RunSpec, Spec, Task, Upload
from grading.runners import Problem, RunOutcome, _artifacts
from grading.runners._causes import CAUSES, missing
from grading.runners._engine import given_files, play
from grading.runners.model._answer import Answer, read_answer
from grading.runners.model._evidence import evidence
from grading.runners.python import PROGRAM
from grading.sandbox.contract import RunJob, RunResult, Sandbox

RUNTIME = "python"
ACCEPTS = ("code", "text", "upload")
OUTPUTS: Mapping[str, str] = {
    "predictions": "array", "probabilities": "array", "check_predictions": "array", "source_labels": "array", "facts": "model_facts",
}
ENGINE = Path(__file__).parent / "engine"
MODEL = "_model.onnx"
MAX_MODEL = 20 * 1024 * 1024
"""Bytes of a model."""

READABLE = (".csv", ".npy", ".npz")


class Args(Spec):
    """What a task writes.

    inputs : the examples that the model predicts, in `files` or `hidden` of the run (CSV, NPY or NPZ); check : further,
    public ones; model, source_labels : files that a program writes, the latter the labels of the source model for `check`
    (NPY); reference : an ONNX model of the task, to compare the time with; drop : columns that are no features;
    label : the column of `check` (CSV) that holds the true label, no feature, shown to candidates beside the predictions;
    repeats : how often the time is taken.
    """

    inputs: FileName
    model: FileName = "model.onnx"
    check: FileName | None = None
    source_labels: FileName | None = None
    reference: FileName | None = None
    drop: tuple[str, ...] = ()
    label: str | None = None
    repeats: int = Key(30, ge=5, le=500)


def check(run: RunSpec, task: Task) -> None:  # noqa: ARG001  what every runner is called with
    """Raise TaskError for files that the run does not have, and for outputs that its arguments cannot bring."""
    args = Args.model_validate(run.args)
    there = set(run.files) if run.purpose != "marking" else {*run.files, *run.hidden}
    for key, name in (("inputs", args.inputs), ("check", args.check)):
        if name is not None and name not in there:
            raise TaskError(f"运行的 files 里没有 {name!r}（purpose: marking 的运行也可以放在 hidden）", key=f"args.{key}")
        if name is not None and not name.endswith(READABLE):
            raise TaskError(f"{name!r} 应是 {'、'.join(READABLE)} 文件", key=f"args.{key}")
    if args.reference is not None and args.reference not in {*run.files, *run.hidden}:
        raise TaskError(f"运行的 files、hidden 里没有 {args.reference!r}", key="args.reference")
    needs = {"check_predictions": ("check", args.check), "source_labels": ("source_labels", args.source_labels)}
    for name, produce in run.produces.items():
        key, given = needs.get(str(produce.output), ("", ""))
        if given is None:
            raise TaskError(f"没有 {key}，就没有产物 {produce.output}", key=f"produces.{name}")


def run(run: RunSpec, task: Task, value: Any, sandbox: Sandbox) -> RunOutcome:
    """Run an uploaded model (Upload) or the program that makes one (str), then the model; see the module."""
    args = Args.model_validate(run.args)
    if isinstance(value, Upload):
        return _use(run, task, args, value.data, None, sandbox)
    made = sandbox.run(_job(run, task, args, value))
    if args.model in made.files:
        return _use(run, task, args, made.files[args.model], made, sandbox)
    return _without(run, made, missing(made, f"没有生成文件 {args.model}"))


def _job(run: RunSpec, task: Task, args: Args, program: str) -> RunJob:
    """The candidate's program with the public files, and nothing hidden."""
    starter = getattr(task.field(run.of), "file", None)
    name = starter if isinstance(starter, str) and starter.endswith(".py") else PROGRAM
    public = given_files(run.model_copy(update={"hidden": ()}), task)
    collect = (args.model, *([args.source_labels] if args.source_labels else []))
    return RunJob(RUNTIME, name, {**public, name: program.encode()}, run.limits, collect, seed=run.seed)


def _use(run: RunSpec, task: Task, args: Args, data: bytes, made: RunResult | None, sandbox: Sandbox) -> RunOutcome:
    """Run the model; `made` : how the program that wrote it ended, None for an upload."""
    if len(data) > MAX_MODEL:
        result = made or RunResult("ok", message="没有运行。")
        return _without(run, result, Problem(f"模型有 {len(data) >> 20} MB，超过 {MAX_MODEL >> 20} MB，没有运行。", "unreadable"))
    files = given_files(run, task)
    reference = args.reference if args.reference in files else None
    request = {
        "model": MODEL, "inputs": args.inputs, "check": args.check or "", "reference": reference or "",
        "drop": [*args.drop, *([args.label] if args.label else [])], "repeats": args.repeats,
    }
    wanted = {name: files[name] for name in (args.inputs, args.check, reference) if name is not None}
    result, answer = play(ENGINE, RUNTIME, request, {**wanted, MODEL: data}, run, sandbox)
    joined = _joined(made, result)
    if isinstance(answer, Problem):
        return _without(run, joined, _whose(result, answer))
    found = read_answer(answer, len(data))
    artifacts, problems = _outputs(run, args, found, made)
    return RunOutcome(joined, artifacts, problems, evidence(found, args.label, files.get(args.check or "", b"")))


def _whose(result: RunResult, problem: Problem) -> Problem:
    """A signal that ends the engine comes from a broken model: the libraries that read it are not ours."""
    if result.signal is not None:
        return Problem(f"模型使推理程序崩溃（信号 {result.signal}），不能使用，请重新导出。", "crash")
    sentence = problem.sentence.replace("程序", "模型", 1) if problem.cause != "fault" else problem.sentence
    return Problem(sentence, problem.cause)


def _outputs(run: RunSpec, args: Args, found: Answer, made: RunResult | None) -> tuple[dict[str, Any], dict[str, Problem]]:
    own: dict[str, Any] = {
        "facts": found.facts, "predictions": found.predictions, "probabilities": found.probabilities,
        "check_predictions": found.check_predictions,
    }
    problems: dict[str, Problem] = {}
    artifacts: dict[str, Any] = {}
    for name, produce in run.produces.items():
        try:
            value = _source_labels(args, made) if produce.output == "source_labels" else own[str(produce.output)]
        except ResponseError as error:
            problems[name] = Problem(str(error), "unreadable")
            continue
        if value is not None:
            artifacts[name] = value
        else:
            problems[name] = Problem(found.facts.error or "模型没有输出各类别的概率。", "unreadable" if found.facts.error else "wrong")
    return artifacts, problems


def _source_labels(args: Args, made: RunResult | None) -> Any:
    name = str(args.source_labels)
    if made is None or name not in made.files:
        raise ResponseError(f"没有生成文件 {name}。")
    return _artifacts.from_file("array", name, made.files[name])


def _without(run: RunSpec, result: RunResult, problem: Problem) -> RunOutcome:
    return RunOutcome(result, {}, dict.fromkeys(run.produces, problem))


def _joined(made: RunResult | None, used: RunResult) -> RunResult:
    """Return how both runs ended as one: what the program printed, the time of both, and the first that went wrong."""
    if made is None:
        return used
    if used.status != "ok" and CAUSES[made.status] == "wrong":
        made = replace(made, status=used.status, message=f"程序正常结束；载入模型时：{used.message}")
    return replace(
        made, wall_s=round(made.wall_s + used.wall_s, 4), cpu_s=round(made.cpu_s + used.cpu_s, 4),
        memory_mb=max(made.memory_mb, used.memory_mb),
    )
