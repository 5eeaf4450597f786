"""Runner `generator`: a program that generates labelled images, run once like runner `python`, and shown as pictures.

The images come as numbers (NPY), never as picture files, so nothing has to be decoded. The evidence is a contact sheet and
what the images look like beside the *public* training images; marks come from hidden ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field as Key

from grading.errors import TaskError
from grading.model import Evidence, FileName, Produce, RunSpec, Spec, Task
from grading.runners import RunOutcome, python
from grading.runners._engine import given_files
from grading.runners.generator._evidence import evidence
from grading.sandbox.contract import Sandbox

ACCEPTS = ("code", "text")
OUTPUTS: Mapping[str, str] = {"samples": "array", "labels": "array"}


class Args(Spec):
    """What a task writes.

    samples, labels : the NPY files that the program writes; train : an NPZ in `files` with `images` and `labels`, to compare
    with; each : images wanted of every class; scale : the value of a full pixel.
    """

    samples: FileName = "samples.npy"
    labels: FileName = "labels.npy"
    train: FileName
    each: int = Key(50, ge=2, le=1000)
    scale: float = Key(1.0, gt=0)


def check(run: RunSpec, task: Task) -> None:  # noqa: ARG001  what every runner is called with
    """Raise TaskError if the training images are not among the run's files."""
    args = Args.model_validate(run.args)
    if args.train not in run.files:
        raise TaskError(f"运行的 files 里没有 {args.train!r}", key="args.train")


def run(run: RunSpec, task: Task, program: str, sandbox: Sandbox) -> RunOutcome:
    """Run `program`; its two files are the artifacts."""
    args = Args.model_validate(run.args)
    files = {"samples": Produce(kind="array", file=args.samples), "labels": Produce(kind="array", file=args.labels)}
    wanted = {name: files[str(produce.output)] for name, produce in run.produces.items()}
    made = python.run(run.model_copy(update={"produces": {**files, **wanted}}), task, program, sandbox)
    shown = _shown(run, task, args, made.artifacts)
    artifacts = {name: value for name, value in made.artifacts.items() if name in run.produces}
    problems = {name: problem for name, problem in made.problems.items() if name in run.produces}
    return RunOutcome(made.result, artifacts, problems, shown)


def _shown(run: RunSpec, task: Task, args: Args, made: Mapping[str, Any]) -> Evidence | None:
    if not {"samples", "labels"} <= made.keys():
        return None
    train = given_files(run.model_copy(update={"hidden": ()}), task)[args.train]
    return evidence(made["samples"], made["labels"], train, each=args.each, scale=args.scale)
