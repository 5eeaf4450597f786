"""Runner `voice`: a program that makes a sound, run in the sandbox runtime `media`, and the sound measured as an upload is.

The program finds the given clips beside it and writes a WAV or FLAC file. In `media` it may import numpy, scipy, soundfile, soxr and
pyworld (the WORLD vocoder). What it wrote is measured in a run of its own, by the same engine as the runner `audio`.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field as Key

from grading.model import FileName, Produce, RunLimits, RunSpec, Task
from grading.runners import Problem, RunOutcome, audio, python
from grading.runners.audio.evidence import show
from grading.sandbox.contract import RunResult, Sandbox
from grading.tables import MB

RUNTIME = audio.RUNTIME
ACCEPTS = ("code", "text")
OUTPUTS = {"sound": "sound"}
MADE = "made"
MEASURING = RunLimits(wall_s=60, cpu_s=60, memory_mb=1024)
"""Limits of our engine; those of the task are for the program."""


class Args(audio.Args):
    """What the program's sound is compared with (as for the runner `audio`), and where it is; result : the WAV or FLAC file that the
    program writes; max_seconds : its length; max_mb : MiB."""

    result: FileName = "result.wav"
    max_seconds: float = Key(30, gt=0, le=60)
    max_mb: float = Key(5, gt=0, le=20)


def check(run: RunSpec, task: Task) -> None:
    """Raise TaskError if a clip to compare with is not among the run's files."""
    audio.check_given(run, Args(**run.args), task)


def run(run: RunSpec, task: Task, program: str, sandbox: Sandbox) -> RunOutcome:
    """Run `program`, then measure the sound that it wrote; every id of `run.produces` is the same Sound or has a problem."""
    args = Args(**run.args)
    wanted = {MADE: Produce(kind="bytes", file=args.result)}
    made = python.run(run.model_copy(update={"produces": wanted}), task, program, sandbox, runtime=RUNTIME)
    if MADE in made.problems:
        return RunOutcome(made.result, {}, dict.fromkeys(run.produces, made.problems[MADE]))
    clip = made.artifacts[MADE].data
    if len(clip) > args.max_mb * MB:
        problem = Problem(f"{args.result} 有 {len(clip) / MB:.1f} MB，超过 {args.max_mb:g} MB。", "unreadable")
        return RunOutcome(made.result, {}, dict.fromkeys(run.produces, problem))
    limits = {"rates": [], "max_seconds": args.max_seconds}
    measured = audio.measure(clip, run.model_copy(update={"limits": MEASURING}), task, args, limits, sandbox, keep=True)
    result = _both(made.result, measured.result)
    if isinstance(measured.found, Problem):
        return RunOutcome(result, {}, dict.fromkeys(run.produces, measured.found))
    return RunOutcome(result, dict.fromkeys(run.produces, measured.found), {}, show(measured.found, measured.answer, args, run))


def _both(program: RunResult, engine: RunResult) -> RunResult:
    """Return how the program ended, with the time that both took."""
    wall, cpu, memory = program.wall_s + engine.wall_s, program.cpu_s + engine.cpu_s, max(program.memory_mb, engine.memory_mb)
    return replace(program, wall_s=wall, cpu_s=cpu, memory_mb=memory)
