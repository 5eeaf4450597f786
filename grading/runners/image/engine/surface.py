"""Sharpness, noise and detail of the grey levels. Sums are of whole numbers, so they are the same on every machine."""

from __future__ import annotations

import math

import cv2
import numpy as np

_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.int16)
REDUCED = 160
"""Longer side, in pixels, of the reduced picture in which structure is looked for: grain averages out in it."""
TILES = 24
"""Tiles along the longer side."""
LIVELY = 4.0
"""Standard deviation of the grey levels from which a tile is not flat; a gradient over the whole picture stays below."""


def sharpness(pixels: np.ndarray) -> float:
    """Return the variance of the Laplacian (Pech-Pacheco et al. 2000): some hundreds where edges are sharp, few when blurred."""
    edges = cv2.Laplacian(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.CV_16S)
    total, squares = int(edges.sum(dtype=np.int64)), int(np.square(edges, dtype=np.int64).sum())
    size = int(edges.size)
    return round(squares / size - (total / size) ** 2, 1)


def noise(pixels: np.ndarray) -> float:
    """Return the standard deviation of the noise in grey levels (Immerkær 1996, Fast noise variance estimation)."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    inner = cv2.filter2D(grey.astype(np.int16), cv2.CV_16S, _IMMERKAER)[1:-1, 1:-1]
    total = int(np.abs(inner).sum(dtype=np.int64))
    return round(math.sqrt(math.pi / 2) * total / (6 * int(inner.size)), 1)


def structure(view: np.ndarray, places: list[dict[str, float]]) -> dict[str, float]:
    """Return what there is to see besides text, in tiles of the reduced picture.

    detail : share of tiles that are not flat, 0 if text leaves next to nothing free; variety : how much the tiles' deviations
    differ (their own deviation by their mean): about 0.1 for noise and mere texture, 0.5 and more for pictures.
    """
    grey = cv2.cvtColor(_reduced(view), cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    side = max(4, max(height, width) // TILES)
    free = _free(height, width, places, margin=1)
    tiles = [np.s_[top : top + side, left : left + side]
             for top in range(0, height - side + 1, side) for left in range(0, width - side + 1, side)]
    found = [_deviation(grey[tile]) for tile in tiles if free[tile].all()]
    if len(found) * 10 < len(tiles) or not found:
        return {"detail": 0.0, "variety": 0.0}
    mean = math.fsum(found) / len(found)
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in found) / len(found))
    return {"detail": round(sum(one >= LIVELY for one in found) / len(found), 3), "variety": round(spread / mean, 2) if mean else 0.0}


def _reduced(view: np.ndarray) -> np.ndarray:
    height, width = view.shape[:2]
    scale = min(1.0, REDUCED / max(height, width))
    small: np.ndarray = cv2.resize(view, (max(4, round(width * scale)), max(4, round(height * scale))), interpolation=cv2.INTER_AREA)
    return small


def _free(height: int, width: int, places: list[dict[str, float]], margin: int) -> np.ndarray:
    """Return where there is no text, as a mask."""
    free = np.ones((height, width), bool)
    for place in places:
        top, left = int(place["y"] * height) - margin, int(place["x"] * width) - margin
        bottom, right = int((place["y"] + place["height"]) * height) + margin, int((place["x"] + place["width"]) * width) + margin
        free[max(0, top) : bottom + 1, max(0, left) : right + 1] = False
    return free


def _deviation(tile: np.ndarray) -> float:
    whole = tile.astype(np.int64)
    return math.sqrt(max(0.0, float((whole * whole).sum()) / whole.size - (float(whole.sum()) / whole.size) ** 2))
