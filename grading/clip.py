"""A school's own CLIP model: which files lie in the folder, and what is wrong with them. Nothing of it is executed here.

The layout is that of Hugging Face's ONNX exports: `vision_model.onnx` and `text_model.onnx` (or one `model.onnx` that does both),
beside or in a folder `onnx`, and `tokenizer.json`; `preprocessor_config.json` and `tokenizer_config.json` if there are any.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from grading import onnxfile
from grading.clippreparation import Preparation, preparation
from grading.runtimes import MODELS

FOLDER = "clip"
"""Name of the folder below the school's models."""

MIB = 1 << 20
MAX_ENCODER_MB, MAX_TOKENIZER_MB, MAX_CONFIG_MB = 1536, 32, 1
VARIANTS = ("", "_quantized", "_int8", "_uint8", "_fp16")
"""Endings of an encoder's name; the first that is there is taken."""
PLACES = ("onnx/", "")
ENCODERS = {"vision": "vision_model", "text": "text_model", "both": "model"}
IMAGE_IN, IMAGE_OUT, TEXT_IN, TEXT_OUT = "pixel_values", "image_embeds", "input_ids", "text_embeds"
TEXT_EXTRAS = frozenset({"attention_mask", "token_type_ids", "position_ids"})
TOKENIZER, IMAGES, TEXTS = "tokenizer.json", "preprocessor_config.json", "tokenizer_config.json"
CONTEXT = 77
"""Tokens that CLIP reads of a text, unless the model says less."""

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class ClipFile:
    """One file of the model. role : `vision`, `text`, `both`, `tokenizer`, `images`, `texts`; name : below the folder; size : bytes."""

    role: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ClipModel:
    """What lies in the folder.

    fingerprint : SHA-256 over the files that are used: the same model has the same one on every machine; language : `zh` if its
    tokenizer knows Chinese; problem : a Chinese sentence that says why it cannot be used, "" if it can.
    """

    folder: Path
    files: tuple[ClipFile, ...] = ()
    fingerprint: str = ""
    language: Language = "en"
    prepare: Preparation | None = None
    context: int = CONTEXT
    problem: str = ""

    def name(self, role: str) -> str:
        """Return the name of the file in that role, "" if there is none."""
        return next((file.name for file in self.files if file.role == role), "")

    @property
    def memory_mb(self) -> int:
        """Memory that a run with the larger encoder takes at most: onnxruntime holds its weights twice while it loads."""
        return 768 + 3 * max((file.size for file in self.files), default=0) // MIB


class _Bad(Exception):
    """Why the model cannot be used, as a Chinese sentence."""


def find(models: Path) -> ClipModel | None:
    """Return the model in the folder `clip` of `models`; None if there is no such folder or nothing in it."""
    folder = models / FOLDER
    try:
        if not folder.is_dir() or not any(folder.iterdir()):
            return None
        names = _names(folder)
        for place in (models, folder, *({folder / "onnx"} if (folder / "onnx").exists() else ())):
            _check_open(place)
        return _examined(folder, tuple((role, name, _state(folder / name)) for role, name in names.items()))
    except _Bad as bad:
        return ClipModel(folder, problem=str(bad))
    except OSError as error:
        return ClipModel(folder, problem=f"不能读取 {folder}：{error.strerror}。")


def _names(folder: Path) -> dict[str, str]:
    """Return role → name below the folder, of all that is used; _Bad if something is missing."""
    found = {role: name for role, stem in ENCODERS.items() if (name := _encoder(folder, stem))}
    if {"vision", "text"} <= found.keys():
        found.pop("both", None)
    elif "both" in found:
        found = {"both": found["both"]}
    else:
        missing = [f"{stem}.onnx" for role, stem in ENCODERS.items() if role != "both" and role not in found]
        raise _Bad(f"缺少 {' 和 '.join(missing)}；可以直接放在文件夹里，也可以放在其中的 onnx 文件夹里。")
    if not (folder / TOKENIZER).exists():
        raise _Bad(f"缺少 {TOKENIZER}（分词器）。")
    found["tokenizer"] = TOKENIZER
    return found | {role: name for role, name in (("images", IMAGES), ("texts", TEXTS)) if (folder / name).exists()}


def _encoder(folder: Path, stem: str) -> str:
    names = [f"{place}{stem}{variant}.onnx" for variant in VARIANTS for place in PLACES]
    return next((name for name in names if (folder / name).exists()), "")


def _check_open(folder: Path) -> None:
    if folder.stat().st_mode & 0o005 != 0o005:
        raise _Bad(f"沙箱里的用户进不了文件夹 {folder.name}；请对 {MODELS} 文件夹运行 chmod -R a+rX。")


def _state(path: Path) -> tuple[int, int, int]:
    """Return what changes when the file does; _Bad if the sandbox could not read it, or it is too big."""
    name = path.name
    if path.is_symlink() or (path.parent.name == "onnx" and path.parent.is_symlink()):
        raise _Bad(f"{name} 是链接，沙箱里看不到它指向的文件；请放文件本身。")
    status = path.stat()
    if not path.is_file():
        raise _Bad(f"{name} 不是文件。")
    most = MAX_ENCODER_MB if name.endswith(".onnx") else MAX_TOKENIZER_MB if name == TOKENIZER else MAX_CONFIG_MB
    if status.st_size > most * MIB:
        raise _Bad(f"{name} 有 {status.st_size / MIB:.0f} MB，超过 {most} MB；请换小一些的模型，或用量化的版本。")
    if not status.st_mode & 0o004:
        raise _Bad(f"沙箱里的用户读不了 {name}；请对 {MODELS} 文件夹运行 chmod -R a+rX。")
    return status.st_ino, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=8)
def _examined(folder: Path, states: tuple[tuple[str, str, Any], ...]) -> ClipModel:
    """Return the model; `states` make what was found once good until a file changes."""
    files = tuple(ClipFile(role, name, (folder / name).stat().st_size, _digest(folder / name)) for role, name, _ in states)
    print_of = "\n".join(sorted(f"{file.role} {file.sha256}" for file in files))
    fingerprint = hashlib.sha256(print_of.encode()).hexdigest()
    try:
        side, length = _check_encoders(folder, {file.role: file.name for file in files})
        language = _language(_json(folder / TOKENIZER))
        prepare, context = _prepare(folder, side), _context(folder, length)
    except _Bad as bad:
        return ClipModel(folder, files, fingerprint, problem=str(bad))
    return ClipModel(folder, files, fingerprint, language, prepare, context)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


WANTED: Mapping[str, tuple[set[str], set[str], frozenset[str]]] = {
    "vision": ({IMAGE_IN}, {IMAGE_OUT}, frozenset()), "text": ({TEXT_IN}, {TEXT_OUT}, TEXT_EXTRAS),
    "both": ({IMAGE_IN, TEXT_IN}, {IMAGE_OUT, TEXT_OUT}, TEXT_EXTRAS),
}
"""Role of an encoder → what it takes, what it gives, what it may take as well."""


def _check_encoders(folder: Path, names: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Check what the encoders take and give; return a picture's side and a text's length where the model fixes them."""
    ports: dict[str, onnxfile.Port] = {}
    for role in WANTED.keys() & names.keys():
        facts = _facts(folder / names[role])
        _check(Path(names[role]).name, facts, *WANTED[role])
        ports |= facts.inputs
    image, text = ports[IMAGE_IN].shape, ports[TEXT_IN].shape
    if len(image) != 4 or image[1] not in (3, None) or image[2] != image[3]:
        raise _Bad(f"{IMAGE_IN} 应是正方形的三通道图片，形状 (张数, 3, 边长, 边长)。")
    if len(text) != 2 or {image[0], text[0]} - {1, None}:
        raise _Bad(f"{TEXT_IN} 的形状应是 (句数, 词数)，一次一张图、一句话。")
    return image[2], text[1]


def _facts(path: Path) -> onnxfile.OnnxFacts:
    try:
        return onnxfile.read(path)
    except onnxfile.NotOnnx:
        raise _Bad(f"{path.name} 不是完整的 ONNX 文件；请重新下载，核对大小和 SHA-256。") from None


def _check(name: str, facts: onnxfile.OnnxFacts, taken: set[str], given: set[str], extras: frozenset[str]) -> None:
    if facts.external:
        raise _Bad(f"{name} 的权重在另一个文件里，不能使用；请导出成单个文件的 ONNX。")
    inputs, outputs = facts.inputs.keys(), facts.outputs.keys()
    if not taken <= inputs or not inputs <= taken | extras:
        raise _Bad(f"{name} 的输入应是 {_listed(taken)}，实际是 {_listed(inputs)}；请用 Hugging Face 导出的 CLIP。")
    if not given <= outputs:
        raise _Bad(f"{name} 的输出应有 {_listed(given)}，实际是 {_listed(outputs)}；请用带投影层的导出（…WithProjection）。")


def _listed(names: Any) -> str:
    shown = sorted(names)
    return "、".join(name[:40] for name in shown[:6]) + (" 等" if len(shown) > 6 else "") if shown else "（无）"


def _language(tokenizer: Any) -> Language:
    """Return which prompts the tokenizer can read; _Bad if it is none."""
    model = tokenizer.get("model") if isinstance(tokenizer, dict) else None
    words = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(words, dict | list) or not words:
        raise _Bad(f"{TOKENIZER} 里没有词表（model.vocab）；请用 Hugging Face 的 tokenizer.json。")
    known = words if isinstance(words, dict) else {str(item[0]) for item in words if isinstance(item, list) and item}
    return "zh" if "的" in known or "▁的" in known else "en"


def _prepare(folder: Path, side: int | None) -> Preparation:
    found = _json(folder / IMAGES) if (folder / IMAGES).exists() else {}
    try:
        return preparation(found, side)
    except ValueError as error:
        raise _Bad(f"{IMAGES}：{error}。") from None


def _context(folder: Path, length: int | None) -> int:
    """Return how many tokens of a text are read; length : what the model fixes."""
    found = _json(folder / TEXTS) if (folder / TEXTS).exists() else {}
    says = found.get("model_max_length") if isinstance(found, dict) else None
    most = int(says) if isinstance(says, int | float) and 2 <= says < CONTEXT else CONTEXT
    return min(most, length or most)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _Bad(f"{path.name} 不是正确的 JSON。") from None
