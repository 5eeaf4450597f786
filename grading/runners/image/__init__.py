"""Runner `image`: the pictures of an `images` field, decoded and measured inside the sandbox runtime `media`.

No model is shipped that could say whether a picture fits its prompt. A school may have one of its own: then `prompts` are compared.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field as Key, TypeAdapter, ValidationError

from grading import clip
from grading.model import Evidence, RunSpec, Spec, Task
from grading.pictures import Measures, Pair, Picture, Pictures, PictureSheet
from grading.prompts import PromptSheet
from grading.runners import Problem, RunOutcome
from grading.runners._engine import play
from grading.runners.image import prompts
from grading.runners.image.prompts import ENGINE, RUNTIME, Prompts
from grading.sandbox.contract import RunResult, Sandbox
from grading.text import shorten

ACCEPTS = (Pictures.VALUE_KIND,)
OUTPUTS = {"pictures": PictureSheet.VALUE_KIND, prompts.OUTPUT: PromptSheet.VALUE_KIND}
ODD = "评测引擎的结果不能识别。"

_MEASURES = TypeAdapter(Measures)
_PAIRS: TypeAdapter[tuple[Pair, ...]] = TypeAdapter(Annotated[tuple[Pair, ...], Key(max_length=100)])


class Args(Spec):
    """megapixels : a picture with more is not decoded; prompts : what each picture should show, compared if there is a CLIP model."""

    megapixels: float = Key(16, gt=0, le=40)
    prompts: Prompts | None = None


def check(run: RunSpec, task: Task) -> None:
    """Raise TaskError if marks would hang on whatever model a machine has."""
    prompts.check(run, Args(**run.args).prompts, task)


def lacking(run: RunSpec, models: Path) -> str:
    """Return why this machine, whose models lie in `models`, cannot mark all points of the run; "" if it can."""
    wanted = Args(**run.args).prompts
    if wanted is None or not _marked(run):
        return ""
    problem = prompts.unfit(wanted, clip.find(models))
    return problem.reason if problem else ""


def run(run: RunSpec, _task: Task, value: Pictures, sandbox: Sandbox) -> RunOutcome:
    """Measure the pictures; a picture that cannot be read is told in the sheet and costs only its own points."""
    args = Args(**run.args)
    files = {f"picture-{number}.bin": upload.data for number, upload in enumerate(value.files)}
    max_pixels = int(args.megapixels * 1_000_000)
    request = {"files": list(files), "max_pixels": max_pixels}
    result, answer = play(ENGINE, RUNTIME, request, files, run, sandbox)
    if isinstance(answer, Problem):
        return _failed(run, result, answer)
    try:
        sheet = _sheet(value, answer)
    except (ValidationError, KeyError, TypeError, ValueError):
        return _failed(run, result, Problem(ODD, "fault"))
    if args.prompts is None:
        return RunOutcome(result, dict.fromkeys(run.produces, sheet), {}, evidence_of(sheet, run.of))
    judged = prompts.judge(args.prompts, value, max_pixels, run, sandbox)
    return _with_prompts(run, result, sheet, judged)


def _marked(run: RunSpec) -> set[str]:
    """Return the artifacts that say how well prompts are met."""
    return {name for name, produce in run.produces.items() if produce.output == prompts.OUTPUT}


def _with_prompts(run: RunSpec, result: RunResult, sheet: PictureSheet, judged: prompts.Judged) -> RunOutcome:
    """Return the outcome of both runs: figures of pictures are there in any case, prompts may be our fault."""
    marked = _marked(run)
    artifacts: dict[str, Any] = {name: sheet for name in run.produces if name not in marked}
    problems = {}
    if judged.sheet is not None:
        artifacts |= dict.fromkeys(marked, judged.sheet)
    else:
        problems = dict.fromkeys(marked, Problem(f"提示词相符不能评：{judged.reason}请告诉监考教师。", "fault"))
    if judged.result is not None:
        more = judged.result
        result = replace(
            result, wall_s=result.wall_s + more.wall_s, cpu_s=result.cpu_s + more.cpu_s, memory_mb=max(result.memory_mb, more.memory_mb)
        )
    return RunOutcome(result, artifacts, problems, {**evidence_of(sheet, run.of), "prompts": prompts.evidence_of(judged, bool(marked))})


def _failed(run: RunSpec, result: RunResult, problem: Problem) -> RunOutcome:
    return RunOutcome(result, {}, dict.fromkeys(run.produces, problem))


def _sheet(value: Pictures, answer: Any) -> PictureSheet:
    """Return the checked answer; an exception of `run` if it is not what the engine writes."""
    entries = answer["pictures"]
    if len(entries) != len(value.files):
        raise ValueError("a picture is missing")
    pictures = tuple(_picture(number, value, entry) for number, entry in enumerate(entries))
    pairs = _PAIRS.validate_python(answer["pairs"])
    readable = {picture.number for picture in pictures if picture.measures}
    if any(not (pair.first < pair.second and {pair.first, pair.second} <= readable) for pair in pairs):
        raise ValueError("a pair of pictures that are not there")
    return PictureSheet(pictures, pairs)


def _picture(number: int, value: Pictures, entry: Any) -> Picture:
    upload = value.files[number]
    problem = str(entry["problem"])
    measures = None if problem else _MEASURES.validate_python(entry["measures"])
    digest = hashlib.sha256(upload.data).hexdigest()[:12]
    return Picture(number, shorten(upload.name, 60), len(upload.data), digest, shorten(problem, 200), measures)


def evidence_of(sheet: PictureSheet, field_id: str) -> Evidence:
    """Return what people look at: the figures of every picture, near-duplicates, texts."""
    shown = [{**asdict(picture), "hollow": picture.hollow} for picture in sheet.pictures]
    pairs = [{"first": p.first, "second": p.second, "distance": p.distance, "mirrored": p.mirrored, "same": p.same} for p in sheet.pairs]
    return {"kind": "images", "field": field_id, "pictures": shown, "pairs": pairs}
