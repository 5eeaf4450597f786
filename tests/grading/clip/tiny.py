"""Build the tiny model, and compute with numpy what it must say of a picture and a sentence."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import numpy as np

MAKE = Path(__file__).parents[1] / "pictures" / "make_clip.py"
SIDE, WIDTH = 32, 8
MEAN, DEVIATION = np.array([0.48145466, 0.4578275, 0.40821073]), np.array([0.26862954, 0.26130258, 0.27577711])
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "红", "绿", "蓝", "的", "red", "green", "blue", "a", "cat"]
COLOURS = {"红": 0, "绿": 1, "蓝": 2, "red": 0, "green": 1, "blue": 2}
TOKENIZER: dict[str, Any] = {
    "version": "1.0", "truncation": None, "padding": None,
    "added_tokens": [
        {"id": n, "content": WORDS[n], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for n in range(4)
    ],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {w: {"id": w, "ids": [WORDS.index(w)], "tokens": [w]} for w in ("[CLS]", "[SEP]")},
    },
    "decoder": None,
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
              "vocab": {word: n for n, word in enumerate(WORDS)}},
}
PREPROCESSOR = {
    "do_resize": True, "size": {"shortest_edge": SIDE}, "resample": 3, "do_center_crop": True,
    "crop_size": {"height": SIDE, "width": SIDE}, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
    "image_mean": MEAN.tolist(), "image_std": DEVIATION.tolist(), "image_processor_type": "CLIPImageProcessor",
}


def weights(side: int = SIDE, width: int = WIDTH) -> dict[str, np.ndarray]:
    """Return seeded weights in which a colour's word points where a picture of that colour points."""
    rng = np.random.default_rng(20261125)
    axes = rng.normal(size=(3, width))
    words = rng.normal(scale=0.2, size=(len(WORDS), width))
    for word, channel in COLOURS.items():
        words[WORDS.index(word)] += 3 * (axes[channel] - axes.mean(axis=0))
    pixels = rng.normal(scale=1e-3, size=(3 * side * side, width))
    return {"colour": axes.astype(np.float32), "pixels": pixels.astype(np.float32), "words": words.astype(np.float32)}


def build(runtimes: Path, folder: Path, **options: Any) -> Path:
    """Write the model into `folder` and return it. options : how it differs from a good one, see `plain`."""
    plain = {"side": SIDE, "image_in": "pixel_values", "image_out": "image_embeds", "external": False, "length": None, "both": False,
             "place": "onnx/", "variant": ""}
    folder.mkdir(parents=True)
    np.savez(folder / "weights.npz", **weights(options.get("side", SIDE), options.pop("width", WIDTH)))
    python = runtimes / "python" / "bin" / "python"
    subprocess.run([python, str(MAKE), str(folder), json.dumps({**plain, **options})], check=True, timeout=120)
    (folder / "weights.npz").unlink()
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER, ensure_ascii=False), "utf-8")
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR), "utf-8")
    for path in (folder.parent, folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def instance(runtimes: Path, folder: Path) -> Path:
    """Return a folder `runtimes` in `folder` that stands for the built ones, so that models beside it are the test's own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "runtimes").symlink_to(runtimes.resolve())
    return folder / "runtimes"


def image_vector(pixels: np.ndarray) -> np.ndarray:
    """Return the unit vector of a picture, shape (32, 32, 3), uint8."""
    w = weights()
    planes = ((pixels / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)
    return unit(planes.mean(axis=(1, 2)) @ w["colour"] + planes.reshape(-1) @ w["pixels"])


def text_vector(words: list[str]) -> np.ndarray:
    """Return the unit vector of a sentence given as its tokens."""
    ids = [WORDS.index(word) if word in WORDS else 1 for word in ["[CLS]", *words, "[SEP]"]]
    return unit(weights()["words"][ids].mean(axis=0))


def unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector, float) / np.linalg.norm(vector)


def png(pixels: np.ndarray) -> bytes:
    """Return a picture, shape (height, width, 3), uint8, as a PNG file."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(np.uint8).tobytes() for row in pixels)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def coloured(channel: int, height: int = SIDE, width: int = SIDE) -> np.ndarray:
    """Return a picture of rectangles mostly of one colour: 0 red, 1 green, 2 blue."""
    rng = np.random.default_rng(channel)
    pixels = np.full((height, width, 3), 40.0)
    pixels[..., channel] = 200
    for _ in range(12):
        top, left = int(rng.integers(height)), int(rng.integers(width // 2))
        pixels[top : top + height // 5, left : left + width // 4] *= rng.uniform(0.3, 1.2)
    return pixels.clip(0, 255).astype(np.uint8)


def copied(models: Path, target: Path) -> Path:
    """Copy a folder `models` to `target`, readable for all, and return it."""
    shutil.copytree(models, target)
    target.chmod(0o755)
    return target
