"""Colours: brightness, saturation, colourfulness, hues, and the main colours."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from PIL import Image

COLOURED = 51
"""Saturation and brightness (of 255) from which a pixel has a hue that people see."""
DARK, LIGHT, GREY = 40, 225, 30
PALETTE = 5


def measure(view: np.ndarray) -> dict[str, Any]:
    """Return the colour figures of a picture (see `grading.pictures.Colours`)."""
    hue, saturation, value = cv2.split(cv2.cvtColor(view, cv2.COLOR_RGB2HSV))
    size = hue.size
    coloured = (saturation >= COLOURED) & (value >= COLOURED)
    hues = np.bincount(hue[coloured] // 5, minlength=36)[:36]  # OpenCV counts hues in steps of two degrees
    return {
        "brightness": round(int(value.sum(dtype=np.int64)) / size / 255, 3),
        "saturation": round(int(saturation.sum(dtype=np.int64)) / size / 255, 3),
        "colourfulness": colourfulness(view), "hues": [round(int(count) / size, 4) for count in hues],
        "dark": round(int((value < DARK).sum()) / size, 3),
        "light": round(int(((value > LIGHT) & (saturation < GREY)).sum()) / size, 3), "palette": palette(view),
    }


def colourfulness(view: np.ndarray) -> float:
    """Return M of Hasler and Süsstrunk 2003 (Measuring colourfulness in natural images): 0 none, 15 slight, 59 quite, 109 very."""
    red, green, blue = (view[..., n].astype(np.int64) for n in range(3))
    first, second = red - green, (red + green) - 2 * blue  # the second is twice yb
    mean = [float(first.sum()) / first.size, float(second.sum()) / second.size / 2]
    spread = [float((first * first).sum()) / first.size - mean[0] ** 2, float((second * second).sum()) / second.size / 4 - mean[1] ** 2]
    return round(float(max(0.0, sum(spread)) ** 0.5 + 0.3 * (mean[0] ** 2 + mean[1] ** 2) ** 0.5), 1)


def palette(view: np.ndarray) -> list[tuple[str, float]]:
    """Return up to five main colours with their shares, the largest first."""
    small = Image.fromarray(view).resize((96, 96), Image.Resampling.BOX)
    few = small.quantize(PALETTE, method=Image.Quantize.MEDIANCUT)
    counted = sorted(few.getcolors() or [], reverse=True)
    table = few.getpalette() or []
    return [("#" + bytes(table[3 * index : 3 * index + 3]).hex(), round(count / 96 / 96, 2)) for count, index in counted]
