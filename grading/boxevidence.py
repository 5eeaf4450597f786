"""Evidence of kind `boxes`: on each image the own boxes, the true ones, and which belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grading.boxes import Box, Boxes, iou, tidy
from grading.boxmatch import ImageMatch

MAX_ROWS = 900
"""Boxes of one piece of evidence; about 200 bytes each."""


def evidence_of(matches: Sequence[ImageMatch], found: Boxes, truth: Boxes) -> dict[str, Any]:
    """Return plain data: images with rows of (own box, true box, state); state is right, label, missed or extra."""
    images: list[dict[str, Any]] = []
    left = MAX_ROWS
    for match in matches:
        rows = _rows(match, {**truth.labels, **found.labels})
        width, height = truth.sizes[match.image]
        shown = rows[:left]
        left -= len(shown)
        images.append({
            "file": match.image, "width": width, "height": height, "rows": shown, "left_out": len(rows) - len(shown),
            "wrong": sum(row["state"] != "right" for row in rows),
        })
    return {"kind": "boxes", "images": images}


def _rows(match: ImageMatch, names: Mapping[str, str]) -> list[dict[str, Any]]:
    def view(box: Box | None) -> dict[str, Any] | None:
        if box is None:
            return None
        sides = [tidy(side) for side in (box.x, box.y, box.w, box.h)]
        return {"label": box.label, "name": names.get(box.label, box.label), "box": sides, "attributes": dict(box.attributes)}

    def row(own: Box | None, true: Box | None, state: str) -> dict[str, Any]:
        overlap = round(iou(own, true), 3) if own and true else None
        return {"own": view(own), "truth": view(true), "state": state, "iou": overlap}

    pairs = [row(match.own[p.own], match.truth[p.truth], "right" if p.right else "label") for p in match.pairs]
    missed = [row(None, match.truth[n], "missed") for n in match.missed]
    return [*pairs, *missed, *(row(match.own[n], None, "extra") for n in match.extra)]
