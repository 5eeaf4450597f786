"""Runner `image`: the pictures of an `images` field, decoded and measured inside the sandbox runtime `media`.

Whether a picture fits its prompt is not judged: no model that could say so is shipped, and none is pretended.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field as Key, TypeAdapter, ValidationError

from grading.model import Evidence, RunSpec, Spec, Task
from grading.pictures import Measures, Pair, Picture, Pictures, PictureSheet
from grading.runners import Problem, RunOutcome
from grading.runners._engine import play
from grading.sandbox.contract import RunResult, Sandbox
from grading.text import shorten

RUNTIME = "media"
ACCEPTS = (Pictures.VALUE_KIND,)
OUTPUTS = {"pictures": PictureSheet.VALUE_KIND}
ENGINE = Path(__file__).parent / "engine"
ODD = "评测引擎的结果不能识别。"

_MEASURES = TypeAdapter(Measures)
_PAIRS: TypeAdapter[tuple[Pair, ...]] = TypeAdapter(Annotated[tuple[Pair, ...], Key(max_length=100)])


class Args(Spec):
    """megapixels : a picture with more is not decoded."""

    megapixels: float = Key(16, gt=0, le=40)


def run(run: RunSpec, _task: Task, value: Pictures, sandbox: Sandbox) -> RunOutcome:
    """Measure the pictures; a picture that cannot be read is told in the sheet and costs only its own points."""
    args = Args(**run.args)
    files = {f"picture-{number}.bin": upload.data for number, upload in enumerate(value.files)}
    request = {"files": list(files), "max_pixels": int(args.megapixels * 1_000_000)}
    result, answer = play(ENGINE, RUNTIME, request, files, run, sandbox)
    if isinstance(answer, Problem):
        return _failed(run, result, answer)
    try:
        sheet = _sheet(value, answer)
    except (ValidationError, KeyError, TypeError, ValueError):
        return _failed(run, result, Problem(ODD, "fault"))
    return RunOutcome(result, dict.fromkeys(run.produces, sheet), {}, evidence_of(sheet, run.of))


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
