"""Runner `audio`: measure a clip in the sandbox runtime `media`, beside the clips that the task gives.

The clip is decoded, measured and compared only there. What comes back is checked and rounded here, so that verdicts do not
hang on the last bits of a machine's arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.errors import TaskError
from grading.model import FileName, RunSpec, Spec, Task
from grading.runners import Problem, RunOutcome
from grading.runners._engine import given_files, play
from grading.runners.audio.evidence import show
from grading.runners.audio.report import BadReport, refusal, sound
from grading.sandbox.contract import RunResult, Sandbox
from grading.sound import RawSound, Sound

RUNTIME = "media"
ACCEPTS = ("sound_raw",)
OUTPUTS = {"sound": "sound"}
ENGINE = Path(__file__).with_name("engine")
CLIP = "_clip"
GIVEN = (".wav", ".flac")
NEEDS: Mapping[str, Callable[[Args], str]] = {
    "speaker_similarity": lambda args: "" if args.target and args.source else "target 和 source",
    "not_a_replay": lambda args: "" if args.target or args.source else "target 或 source",
    "says_sentence": lambda args: "" if args.sentence else "sentence",
}
"""Grader → what a run must be told for it; "" if it was."""


class Args(Spec):
    """What a task compares with: target, source : clips (of `files` or `hidden`) of the wanted voice and of the one to be
    converted; sentence : the English sentence that has to be said."""

    target: tuple[FileName, ...] = ()
    source: tuple[FileName, ...] = ()
    sentence: str = ""


@dataclass(frozen=True)
class Measured:
    """How measuring ended, the sound or why there is none, and what the engine answered."""

    result: RunResult
    found: Sound | Problem
    answer: Any = None


def check(run: RunSpec, task: Task) -> None:
    """Raise TaskError if a clip to compare with is not among the run's files."""
    check_given(run, Args(**run.args), task)


def check_given(run: RunSpec, args: Args, task: Task) -> None:
    """Raise TaskError if a clip that `args` names is not among the run's files, or a scoring point needs more than they say."""
    for key, names in (("target", args.target), ("source", args.source)):
        for name in names:
            if name not in run.files + run.hidden:
                raise TaskError(f"{name!r} 不在这个运行的 files 或 hidden 里", key=f"args.{key}")
            if not name.lower().endswith(GIVEN):
                raise TaskError(f"{name!r} 不是 WAV 或 FLAC 文件", key=f"args.{key}")
    for point in task.points:
        needs = NEEDS.get(point.grader)
        if not set(point.sources) & set(run.produces):
            continue
        missing = needs(args) if needs else ""
        if not missing and point.args.get("min_agreement") and not args.sentence:
            missing = "sentence"
        if missing:
            raise TaskError(f"评分点 {point.id} 用 {point.grader}，args 里要写 {missing}", key="args")


def run(run: RunSpec, task: Task, clip: RawSound, sandbox: Sandbox) -> RunOutcome:
    """Measure `clip`; every id of `run.produces` is the same Sound, or has a problem that says why there is none."""
    args, field = Args(**run.args), task.field(run.of)
    limits = {"rates": list(getattr(field, "sample_rates", ())), "max_seconds": getattr(field, "max_seconds", 30)}
    measured = measure(clip.data, run, task, args, limits, sandbox)
    if isinstance(measured.found, Problem):
        return RunOutcome(measured.result, {}, dict.fromkeys(run.produces, measured.found))
    evidence = show(measured.found, measured.answer, args, run, field=run.of)
    return RunOutcome(measured.result, dict.fromkeys(run.produces, measured.found), {}, evidence)


def measure(
    clip: bytes, run: RunSpec, task: Task, args: Args, limits: dict[str, Any], sandbox: Sandbox, *, keep: bool = False
) -> Measured:
    """Measure a clip beside the task's own. limits : `rates` allowed (none: any) and `max_seconds`; keep : let it be heard later."""
    given = given_files(run, task)
    known = {"target": [n for n in args.target if n in given], "source": [n for n in args.source if n in given]}
    request = {"file": CLIP, **limits, **known, "sentence": args.sentence, "keep": keep}
    result, answer = play(ENGINE, RUNTIME, request, {**given, CLIP: clip}, run, sandbox)
    return Measured(result, answer if isinstance(answer, Problem) else _read(answer, limits), answer)


def _read(answer: Any, limits: dict[str, Any]) -> Sound | Problem:
    """Return the Sound, or the Problem with the candidate's clip or with our engine."""
    try:
        if isinstance(answer, dict) and "refused" in answer:
            return Problem(refusal(answer["refused"], limits), "unreadable")
        return sound(answer)
    except BadReport as error:
        return Problem(f"评测引擎的结果不能识别：{error}", "fault")
