"""Text in a picture, Chinese and English: PP-OCRv4 by rapidocr."""

from __future__ import annotations

from typing import Any

import numpy as np
import rapidocr_onnxruntime

MOST_LINES = 60
MOST_LETTERS = 250
"""About so many letters are read, the largest first, so that a picture full of them takes a few seconds and no more."""


def reader() -> Any:
    """Return the models: those that a fork server has loaded for all runs, or new ones."""
    if not hasattr(rapidocr_onnxruntime, "warm"):
        rapidocr_onnxruntime.warm = rapidocr_onnxruntime.RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
    return rapidocr_onnxruntime.warm


def lines(view: np.ndarray) -> tuple[list[dict[str, Any]], list[dict[str, float]]]:
    """Return the lines of text from top to bottom (see `grading.pictures.TextLine`), and the places of all text, also unread."""
    read = reader()
    places: list[dict[str, float]] = []

    def chosen(image: np.ndarray) -> tuple[Any, float]:
        boxes, seconds = rapidocr_onnxruntime.RapidOCR.auto_text_det(read, image)
        places.extend(_place(np.array(box, float), view) for box in (boxes if boxes is not None else []))
        return (boxes if boxes is None else largest(boxes)), seconds

    read.auto_text_det = chosen
    found, _ = read(np.ascontiguousarray(view[..., ::-1]))
    return [_line(np.array(box, float), text, float(sure), view) for box, text, sure in found or []], places


def largest(boxes: list[np.ndarray]) -> list[np.ndarray]:
    """Return the boxes with the largest letters, in the order given, up to MOST_LINES and about MOST_LETTERS."""
    sizes = [_size(box) for box in boxes]
    kept: set[int] = set()
    letters = 0.0
    for number in sorted(range(len(boxes)), key=lambda n: (-sizes[n][0], n))[:MOST_LINES]:
        letters += sizes[number][1] / max(1.0, sizes[number][0])
        if kept and letters > MOST_LETTERS:
            break
        kept.add(number)
    return [box for number, box in enumerate(boxes) if number in kept]


def _size(box: np.ndarray) -> tuple[float, float]:
    """Return the shorter and the longer side of a box in pixels; corners clockwise from the upper left."""
    sides = float(np.linalg.norm(box[3] - box[0])), float(np.linalg.norm(box[1] - box[0]))
    return min(sides), max(sides)


def _place(box: np.ndarray, view: np.ndarray) -> dict[str, float]:
    height, width = view.shape[:2]
    (left, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
    size = {"width": _share((right - left) / width), "height": _share((bottom - top) / height)}
    return {"x": _share(left / width), "y": _share(top / height), **size}


def _line(box: np.ndarray, text: str, sure: float, view: np.ndarray) -> dict[str, Any]:
    size = _share(_size(box)[0] / min(view.shape[:2]))
    return {"text": text[:200], "confidence": _share(sure, 2), **_place(box, view), "size": size}


def _share(value: float, digits: int = 3) -> float:
    return round(min(1.0, max(0.0, float(value))), digits)
