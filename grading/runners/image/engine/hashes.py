"""Perceptual hashes and how far pictures lie apart: grey and without their texts, so that neither another tint nor another
slogan makes another picture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import cv2
import imagehash
import numpy as np
from PIL import Image

COMMON = 160
"""Pixels of the longer side from which the hashes are made."""


@dataclass(frozen=True)
class Marks:
    """Hashes of 64 bits: by frequencies (pHash) and by gradients (dHash), of the picture and of its mirror image."""

    by_frequency: Any
    by_gradient: Any
    mirrored: Any


def marks_of(view: np.ndarray, places: list[dict[str, float]]) -> Marks:
    """Return the hashes of a picture whose texts are painted over with what surrounds them."""
    image = Image.fromarray(view).convert("L")
    image.thumbnail((COMMON, COMMON), Image.Resampling.BOX)
    image = Image.fromarray(_without_text(np.asarray(image), places))
    return Marks(imagehash.phash(image), imagehash.dhash(image), imagehash.phash(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))


def _without_text(grey: np.ndarray, places: list[dict[str, float]]) -> np.ndarray:
    height, width = grey.shape
    mask = np.zeros((height, width), np.uint8)
    for place in places:
        top, left = max(0, int(place["y"] * height) - 1), max(0, int(place["x"] * width) - 1)
        mask[top : int((place["y"] + place["height"]) * height) + 2, left : int((place["x"] + place["width"]) * width) + 2] = 255
    if not mask.any() or mask.all():
        return grey
    painted: np.ndarray = cv2.inpaint(grey, mask, 3, cv2.INPAINT_TELEA)
    return painted


def pairs(marks: dict[int, Marks]) -> list[dict[str, Any]]:
    """Return the distance of every two pictures: the smaller one of the hashes, in bits of 64."""
    found = []
    for (first, one), (second, other) in combinations(marks.items(), 2):
        straight = max(int(one.by_frequency - other.by_frequency), int(one.by_gradient - other.by_gradient) // 2)
        turned = int(one.mirrored - other.by_frequency)
        found.append({"first": first, "second": second, "distance": min(straight, turned), "mirrored": turned < straight})
    return found
