"""How well pictures fit their prompts, as a school's own CLIP model sees it. Plain data, rounded, in a given order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

SCALE = 100.0
"""What CLIP multiplies its cosines by before the softmax: it was trained up to this value and held there (Radford et al. 2021)."""


@dataclass(frozen=True)
class Fit:
    """One picture (number from 0) and its prompt.

    cosine : of picture and prompt, −1 to 1; rank : 1 if no other sentence fits better; share : of the softmax over all sentences,
    0 to 1; nearest : the sentence that fits best; count : how many sentences were compared, the prompt among them.
    """

    number: int
    prompt: str
    cosine: float
    rank: int
    share: float
    nearest: str
    count: int


@dataclass(frozen=True)
class PromptSheet:
    """The fit of every picture that could be read and has a prompt; model : fingerprint of the model that judged."""

    VALUE_KIND: ClassVar[str] = "prompts"

    model: str
    fits: tuple[Fit, ...] = ()

    def of(self, number: int) -> Fit | None:
        """Return the fit of picture `number`, None if there is none."""
        return next((fit for fit in self.fits if fit.number == number), None)


def fit(number: int, own: int, sentences: Sequence[str], cosines: Sequence[float]) -> Fit:
    """Return the fit of a picture whose prompt is `sentences[own]`; cosines : of the picture with each sentence.

    >>> fit(0, 1, ["一只猫", "一杯水"], [0.2, 0.25])
    Fit(number=0, prompt='一杯水', cosine=0.25, rank=1, share=0.99, nearest='一杯水', count=2)
    """
    weights = [math.exp(SCALE * (cosine - max(cosines))) for cosine in cosines]
    rank = 1 + sum(cosine > cosines[own] for cosine in cosines)
    nearest = sentences[max(range(len(cosines)), key=lambda n: (cosines[n], -n))]
    return Fit(number, sentences[own], round(cosines[own], 3) + 0.0, rank, round(weights[own] / sum(weights), 2), nearest, len(cosines))
