"""Measure pictures: `answer(request)` with the names of files in the work directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from . import clip, colours, hashes, metadata, quality, reading, surface, writing

WORK = Path("/work")


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return {"pictures": one entry per file of request["files"], "pairs": distances of those that could be read}.

    A request with "clip" is another question: how well the pictures fit sentences (see `clip.answer`).
    """
    if "clip" in request:
        return clip.answer(request)
    pictures: list[dict[str, Any]] = []
    marks: dict[int, hashes.Marks] = {}
    for number, name in enumerate(request["files"]):
        try:
            opened = reading.read((WORK / name).read_bytes(), request["max_pixels"])
        except reading.Unreadable as error:
            pictures.append({"problem": str(error)})
            continue
        view = reading.view(opened.pixels)
        lines, places = writing.lines(view)
        marks[number] = hashes.marks_of(view, places)
        pictures.append({"problem": "", "measures": {**measure(opened, view, places), "lines": lines}})
    return {"pictures": pictures, "pairs": hashes.pairs(marks)}


def measure(opened: reading.Opened, view: np.ndarray, places: list[dict[str, float]]) -> dict[str, Any]:
    """Return what is measured in one picture besides its texts; view : the picture made smaller; places : where its texts are."""
    height, width = opened.pixels.shape[:2]
    return {
        "format": opened.format, "width": width, "height": height, "notes": opened.notes,
        "sharpness": surface.sharpness(opened.pixels), "noise": surface.noise(opened.pixels),
        **surface.structure(view, places), "brisque": quality.brisque(view), "colours": colours.measure(view),
        **metadata.found(opened.fields),
    }
