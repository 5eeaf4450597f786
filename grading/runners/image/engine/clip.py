"""Cosines of pictures and sentences by the school's own CLIP model, in the folder that the job sees; one thread, so that the
figures do not depend on the number of cores. One encoder is in memory at a time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

from . import reading

WORK, MODELS = Path("/work"), Path("/opt/models")
NUMBERS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64, "tensor(int32)": np.int32}
FOLDER = "clip"


class Unusable(Exception):
    """Why the model cannot be used; the text is for whoever put it there."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return {"cosines": for each file of request["files"] a list, one number a sentence of request["sentences"], or None for one
    that cannot be read}, or {"unusable": why}. request["clip"] : names of the model's files, `prepare`, `context`."""
    try:
        return {"cosines": compare(request)}
    except Unusable as error:
        return {"unusable": str(error)[:300]}


def compare(request: dict[str, Any]) -> list[list[float] | None]:
    """Return the cosines; Unusable if the model's fault it is."""
    model = request["clip"]
    pictures = [prepared(name, request["max_pixels"], model["prepare"]) for name in request["files"]]
    seen = [picture for picture in pictures if picture is not None]
    tokens = tokenized(request["sentences"], MODELS / FOLDER / model["tokenizer"], model["context"])
    if model.get("both"):
        images, texts = together(MODELS / FOLDER / model["both"], seen, tokens)
    else:
        images = each(MODELS / FOLDER / model["vision"], "image_embeds", [{"pixel_values": picture} for picture in seen])
        texts = each(MODELS / FOLDER / model["text"], "text_embeds", [{"input_ids": ids} for ids in tokens])
    if images.shape[1:] != texts.shape[1:] and len(images):
        raise Unusable(f"图片向量有 {images.shape[1]} 维，文字向量有 {texts.shape[1]} 维，不是同一个模型的两半")
    rows = iter((images @ texts.T).tolist()) if len(images) else iter(())
    return [None if picture is None else next(rows) for picture in pictures]


def prepared(name: str, max_pixels: int, prepare: dict[str, Any]) -> np.ndarray | None:
    """Return a picture as the model takes it, float32 of shape (1, 3, side, side); None if it cannot be read."""
    try:
        pixels = reading.read((WORK / name).read_bytes(), max_pixels).pixels
    except reading.Unreadable:
        return None
    return normal(pixels, **prepare)


def normal(
    pixels: np.ndarray, *, shortest: int, height: int, width: int, crop: int, resample: int, mean: list[float], deviation: list[float]
) -> np.ndarray:
    """Return pixels (height, width, 3) resized, cut and scaled as `grading.clippreparation.Preparation` says."""
    image = Image.fromarray(pixels)
    size = (width, height)
    if shortest:
        short = min(image.size)
        size = (int(shortest * image.width / short), int(shortest * image.height / short))
    image = image.resize(size, Image.Resampling(resample))
    if crop:
        left, top = (image.width - crop) // 2, (image.height - crop) // 2
        image = image.crop((left, top, left + crop, top + crop))
    scaled = (np.asarray(image, np.float32) / np.float32(255) - np.array(mean, np.float32)) / np.array(deviation, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def tokenized(sentences: list[str], path: Path, context: int) -> list[np.ndarray]:
    """Return the numbers of each sentence's tokens, int64 of shape (1, tokens), cut to `context`."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise Unusable("运行环境 media 里没有分词器，请运行 simulator runtimes build media") from None
    try:
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        tokenizer.enable_truncation(context)
        found = [tokenizer.encode(sentence).ids for sentence in sentences]
    except Exception as error:  # whatever the library says of a file that it does not understand
        raise Unusable(f"tokenizer.json 不能使用：{error}") from None
    if not all(found):
        raise Unusable("分词器没有把句子分成词")
    return [np.array([ids], np.int64) for ids in found]


def each(path: Path, output: str, feeds: list[dict[str, np.ndarray]]) -> np.ndarray:
    """Return unit vectors, shape (feeds, dimensions): the encoder's `output` for each feed alone."""
    session = opened(path)
    return np.stack([unit(run(session, [output], feed)[0]) for feed in feeds]) if feeds else np.zeros((0, 0))


def together(path: Path, pictures: list[np.ndarray], tokens: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of pictures and sentences by a model that takes one of both: they go through in pairs."""
    if not pictures:
        return np.zeros((0, 0)), np.zeros((len(tokens), 0))
    session, images, texts = opened(path), [], []
    for n in range(max(len(pictures), len(tokens))):
        feed = {"pixel_values": pictures[min(n, len(pictures) - 1)], "input_ids": tokens[min(n, len(tokens) - 1)]}
        image, text = run(session, ["image_embeds", "text_embeds"], feed)
        images.append(unit(image))
        texts.append(unit(text))
    return np.stack(images[: len(pictures)]), np.stack(texts[: len(tokens)])


def opened(path: Path) -> Any:
    """Return the encoder in an ONNX file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Unusable(f"{path.name} 不能载入：{_short(error)}") from None


def run(session: Any, outputs: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Run an encoder on one picture, one sentence or both; a text of a fixed length is filled up with zeros, as CLIP and BERT do."""
    ports = {port.name: port for port in session.get_inputs()}
    given = dict(feed)
    if "input_ids" in ports:
        length = ports["input_ids"].shape[-1]
        ids = feed["input_ids"]
        spare = np.zeros((1, length - ids.shape[1] if isinstance(length, int) else 0), np.int64)
        given["input_ids"] = np.concatenate([ids, spare], axis=1)
        given["attention_mask"] = np.concatenate([np.ones_like(ids), spare], axis=1)
        given["token_type_ids"] = np.zeros_like(given["input_ids"])
        given["position_ids"] = np.arange(given["input_ids"].shape[1])[None]
    try:
        found: list[np.ndarray] = session.run(outputs, {name: given[name].astype(NUMBERS[port.type]) for name, port in ports.items()})
    except Exception as error:
        raise Unusable(f"模型不能运行：{_short(error)}") from None
    return found


def unit(found: np.ndarray) -> np.ndarray:
    """Return an encoder's output, shape (1, dimensions), as a vector of length 1, float64."""
    vector = np.asarray(found, np.float64)
    if vector.ndim != 2 or len(vector) != 1 or not np.isfinite(vector).all() or not np.linalg.norm(vector):
        raise Unusable(f"模型给出的向量不能用，形状 {vector.shape}")
    scaled: np.ndarray = vector[0] / np.linalg.norm(vector[0])
    return scaled


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
