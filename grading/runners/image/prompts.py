"""Prompt match: the school's own CLIP model, if it has one, compares every picture with its prompt and with other sentences.

It is a run of its own in the sandbox, with the memory that the model needs, so that whatever a model does nothing else is lost.
Marks may hang on it only where the task names the very model (its fingerprint): another machine gives the same marks or says that it
cannot mark, never others.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field as Key

from grading import clip
from grading.errors import TaskError
from grading.model import Evidence, RunLimits, RunSpec, Spec, Task, Upload
from grading.pictures import Pictures
from grading.prompts import PromptSheet, fit
from grading.runners import Problem
from grading.runners._engine import play
from grading.sandbox.contract import RunResult, Sandbox
from grading.text import shorten

RUNTIME = "media"
ENGINE = Path(__file__).parent / "engine"
SECONDS = 120
"""A run of a large model: about 3 s to load an encoder and 2 s a picture on an old machine."""
NONE = "本机没有 CLIP 模型"
OUTPUT = "prompts"

_PNG = b"".join([
    b"\x89PNG\r\n\x1a\n", *(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(b"".join(b"\0" + bytes(v for x in range(64) for v in (4 * x, 4 * y, 128)) for y in range(64)))),
            (b"IEND", b""),
        )
    ),
])
"""A picture of 64 × 64 pixels for `trial`."""

Sentence = Annotated[str, Key(min_length=1, max_length=200)]
State = Literal["none", "unusable", "other", "language", "failed", "shown"]


class Text(Spec):
    """One sentence: zh for models that read Chinese, en for those that do not."""

    zh: Sentence
    en: Sentence | None = None


class Prompts(Spec):
    """texts : the prompt of each picture in order, or one for all; distractors : sentences that fit none of them; model : the
    fingerprint of the only model by which marks may be given (see `simulator doctor`)."""

    texts: Annotated[tuple[Text, ...], Key(min_length=1, max_length=12)]
    distractors: Annotated[tuple[Text, ...], Key(max_length=30)] = ()
    model: Annotated[str, Key(pattern=r"^[0-9a-f]{64}$")] | None = None


@dataclass(frozen=True)
class Judged:
    """What became of it: the sheet, or why there is none; `result` of the run in the sandbox if there was one."""

    state: State
    reason: str = ""
    sheet: PromptSheet | None = None
    result: RunResult | None = None


def check(run: RunSpec, prompts: Prompts | None, task: Task) -> None:
    """Raise TaskError if there is nothing to compare, or if marks would hang on whatever model a machine has."""
    if prompts is not None and len({text.zh for text in (*prompts.texts, *prompts.distractors)}) < 2:
        raise TaskError("至少要有两句不同的话才能比较：再写几句 distractors", key="args.prompts")
    marked = {name for name, produce in run.produces.items() if produce.output == OUTPUT}
    if marked and (prompts is None or prompts.model is None):
        points = "、".join(point.id for point in task.points if marked & set(point.sources)) or "没有"
        raise TaskError(
            f"产物 {'、'.join(sorted(marked))} 用来计分（评分点：{points}），args.prompts 里要写 model：只认这一个 CLIP 模型，"
            "否则同一份作答在两台机器上得分会不同；模型的指纹见 simulator doctor", key="args.prompts",
        )


def unfit(prompts: Prompts, model: clip.ClipModel | None) -> Judged | None:
    """Return why `model` cannot judge, None if it can."""
    if model is None:
        return Judged("none", f"{NONE}。")
    if model.problem:
        return Judged("unusable", f"本机的 CLIP 模型不能使用：{model.problem}")
    if prompts.model not in (None, model.fingerprint):
        return Judged("other", f"本题只认指纹为 {str(prompts.model)[:12]} 的 CLIP 模型，本机的是 {model.fingerprint[:12]}。")
    if _sentences(prompts, model.language) is None:
        return Judged("language", "本机的 CLIP 模型不认识中文，而本题没有英文的提示词。")
    return None


def judge(prompts: Prompts, value: Pictures, max_pixels: int, run: RunSpec, sandbox: Sandbox) -> Judged:
    """Compare the pictures with their prompts, if this machine has a model that can."""
    model = clip.find(sandbox.models)
    problem = unfit(prompts, model)
    if problem is not None or model is None or model.prepare is None:
        return problem or Judged("none", f"{NONE}。")
    sentences, own = _sentences(prompts, model.language) or ([], [])
    files = {f"picture-{number}.bin": upload.data for number, upload in enumerate(value.files)}
    names = {role: model.name(role) for role in ("vision", "text", "both", "tokenizer")}
    request = {
        "files": list(files), "max_pixels": max_pixels, "sentences": sentences,
        "clip": {**names, "prepare": asdict(model.prepare), "context": model.context},
    }
    limits = RunLimits(wall_s=SECONDS, cpu_s=SECONDS, memory_mb=model.memory_mb, disk_mb=run.limits.disk_mb)
    result, answer = play(ENGINE, RUNTIME, request, files, run.model_copy(update={"limits": limits}), sandbox, models=True)
    rows = _rows(answer, len(files), len(sentences))
    if isinstance(rows, str):
        return Judged("failed", rows, result=result)
    compared = ((number, own[min(number, len(own) - 1)], row) for number, row in enumerate(rows) if number < len(own) or len(own) == 1)
    fits = tuple(fit(number, place, sentences, row) for number, place, row in compared if row is not None)
    return Judged("shown", sheet=PromptSheet(model.fingerprint, fits), result=result)


def trial(sandbox: Sandbox) -> Judged:
    """Compare a made picture with two sentences: whether the model runs at all."""
    words = Prompts(texts=(Text(zh="一张彩色的图", en="a colourful picture"),), distractors=(Text(zh="一只猫", en="a cat"),))
    run = RunSpec(id="trial", runner="image", of="pictures", produces={})
    return judge(words, Pictures((Upload("trial.png", _PNG),)), 1_000_000, run, sandbox)


def _sentences(prompts: Prompts, language: clip.Language) -> tuple[list[str], list[int]] | None:
    """Return all sentences in the model's language, each once, and where each prompt stands among them; None if one is missing."""
    found = [text.zh if language == "zh" else text.en for text in (*prompts.texts, *prompts.distractors)]
    known = [text for text in found if text is not None]
    if len(known) < len(found):
        return None
    sentences = list(dict.fromkeys(known))
    return sentences, [sentences.index(text) for text in known[: len(prompts.texts)]]


def _rows(answer: Any, pictures: int, sentences: int) -> list[list[float] | None] | str:
    """Return the cosines of each picture with each sentence (None: it could not be read), or why there are none."""
    if isinstance(answer, Problem):
        return f"CLIP 模型没有算完：{answer.sentence}"
    if isinstance(answer, dict) and isinstance(answer.get("unusable"), str):
        return f"本机的 CLIP 模型不能使用：{shorten(answer['unusable'], 300)}。"
    rows = answer.get("cosines") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or len(rows) != pictures or not all(row is None or _is_row(row, sentences) for row in rows):
        return "评测引擎的结果不能识别。"
    return rows


def _is_row(row: Any, count: int) -> bool:
    return isinstance(row, list) and len(row) == count and all(type(value) is float and -1.001 <= value <= 1.001 for value in row)


def evidence_of(judged: Judged, marked: bool) -> Evidence:
    """Return what people look at; marked : it earns marks."""
    sheet = judged.sheet
    return {
        "state": judged.state, "reason": judged.reason, "marked": marked, "model": sheet.model[:12] if sheet else "",
        "fits": [asdict(fit) for fit in sheet.fits] if sheet else [],
    }
