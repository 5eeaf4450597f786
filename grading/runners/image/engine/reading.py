"""Decode one picture under bounds: PNG, JPEG or WebP, still, not too large; turned upright, on white, as RGB.

Colour profiles are not applied: what a browser without colour management shows is what is measured.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageFile, PngImagePlugin

from . import metadata

FORMATS = ("PNG", "JPEG", "WEBP")
SMALLEST = 32
"""Pixels of the shorter side below which nothing can be measured."""
MOST_STRETCHED = 20
VIEW = 1280
"""Longest side, in pixels, of the view in which text, colours and quality are looked at."""

PngImagePlugin.MAX_TEXT_CHUNK = 1 << 20
PngImagePlugin.MAX_TEXT_MEMORY = 4 << 20


class Unreadable(Exception):
    """Why a picture cannot be measured, as a Chinese sentence."""


@dataclass
class Opened:
    """A decoded picture. pixels : RGB, uint8, (height, width, 3); fields : its metadata as (key, text); notes : what was odd."""

    pixels: np.ndarray
    format: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(data: bytes, max_pixels: int) -> Opened:
    """Return the picture in `data`; Unreadable says why not."""
    Image.MAX_IMAGE_PIXELS = None  # judged below, before a pixel is decoded
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(data, max_pixels)
    except Unreadable:
        raise
    except Image.UnidentifiedImageError:
        raise Unreadable("不是可以识别的 PNG、JPEG 或 WebP 图片，或文件头已损坏。") from None
    except MemoryError:
        raise Unreadable("解码需要的内存太多。") from None
    except Exception as error:  # whatever a decoder raises for a file that was made to break it
        raise Unreadable(f"文件不完整或已损坏，不能解码（{type(error).__name__}）。") from None


def _read(data: bytes, max_pixels: int) -> Opened:
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    width, height = image.size
    if width * height > max_pixels:
        raise Unreadable(f"图片有 {width}×{height} 像素，超过 {max_pixels / 1e6:.0f} 百万像素的上限，没有解码。")
    if min(width, height) < SMALLEST or max(width, height) > MOST_STRETCHED * min(width, height):
        raise Unreadable(f"图片是 {width}×{height} 像素，太小或太窄，不能测量。")
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise Unreadable(f"是 {image.n_frames} 帧的动图，这里只收静态图片。")
    image.load()
    opened = Opened(np.empty(0, np.uint8), "JPEG" if image.format == "MPO" else str(image.format))
    opened.fields = metadata.collect(image, opened.notes)
    opened.pixels = _upright(_rgb(image, opened.notes), image, opened.notes)
    return opened


def _rgb(image: Any, notes: list[str]) -> np.ndarray:
    """Return the pixels as RGB; transparent ones lie on white, 16-bit ones lose their lower half."""
    if image.mode.startswith("I"):
        notes.append("16 位灰度图，按 8 位测量")
        grey = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.mode == "CMYK":
        notes.append("CMYK 颜色，换算成 RGB 后测量")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        over = image.convert("RGBA")
        if over.getextrema()[3][0] < 255:
            notes.append("有透明部分，垫白底后测量")
        white = Image.new("RGBA", over.size, "white")
        white.alpha_composite(over)
        image = white
    return np.ascontiguousarray(image.convert("RGB"))


def _upright(pixels: np.ndarray, image: Any, notes: list[str]) -> np.ndarray:
    """Return the pixels as the EXIF orientation wants them seen."""
    try:
        turn = image.getexif().get(0x0112, 1)
    except Exception:
        turn = 1  # told by `metadata.collect`
    turns = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True), 6: (3, False), 7: (1, True), 8: (1, False)}
    if turn not in turns:
        return pixels
    quarters, mirror = turns[turn]
    notes.append("按 EXIF 方向转正后测量")
    turned = np.rot90(pixels, quarters)
    return np.ascontiguousarray(turned[:, ::-1] if mirror else turned)


def view(pixels: np.ndarray) -> np.ndarray:
    """Return the picture with its longer side at most VIEW pixels."""
    height, width = pixels.shape[:2]
    scale = VIEW / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: np.ndarray = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small
