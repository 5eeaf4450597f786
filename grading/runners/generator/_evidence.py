"""A contact sheet of generated images, and how they compare with the public training images."""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO
from typing import Any

from grading.generated import Judge, prepare

PER_CLASS = 6
"""Images of each class on the sheet."""


def evidence(samples: Any, labels: Any, train: bytes, *, each: int, scale: float) -> dict[str, Any]:
    """Return the evidence of kind `digits`; train : an NPZ with `images` and `labels`; `problem` says why nothing is shown."""
    import numpy as np

    with np.load(BytesIO(train), allow_pickle=False) as archive:
        real, classes = archive["images"].reshape(len(archive["images"]), -1) / scale, archive["labels"]
    known = sorted({int(label) for label in classes})
    ready = prepare(samples, labels, classes=known, each=each, pixels=real.shape[1], scale=scale)
    side = round(real.shape[1] ** 0.5)
    if isinstance(ready, str):
        return {"kind": "digits", "side": side, "problem": ready}
    images, named = ready
    judge = Judge(real, real, classes)
    return {
        "kind": "digits", "side": side, "figures": asdict(judge.figures(images, named)), "count": len(images),
        "sheet": [
            {"label": label, "images": [[round(float(v) * 9) for v in image] for image in images[named == label][:PER_CLASS]]}
            for label in known
        ],
    }  # fmt: skip
