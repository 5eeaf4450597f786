"""How long a model takes, beside a reference model in the same process: a ratio that says the same on every machine."""

from __future__ import annotations

import time
from statistics import median

from .given import Inputs
from .use import Used

MAX_S = 3.0
LEAST = 5


def compare(used: Used, reference: Used | None, inputs: Inputs, repeats: int) -> dict[str, float | None]:
    """Return the median times in milliseconds for all inputs at once: {model, reference}, by turns so that both feel the
    same load; at most `repeats` times each, and no longer than MAX_S in all."""
    feeds = {"model": (used, used.feed(inputs))}
    if reference is not None:
        feeds["reference"] = (reference, reference.feed(inputs))
    taken: dict[str, list[float]] = {name: [] for name in feeds}
    begun = time.perf_counter()
    for number in range(repeats):
        for name, (one, feed) in feeds.items():
            start = time.perf_counter()
            one.run(feed)
            taken[name].append(time.perf_counter() - start)
        if number >= LEAST and time.perf_counter() - begun > MAX_S:
            break
    return {"model": median(taken["model"]) * 1000, "reference": median(taken["reference"]) * 1000 if reference is not None else None}
