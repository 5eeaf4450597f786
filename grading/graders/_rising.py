"""Bands: which share of the marks is earned from which measure on."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field as Key

from grading.errors import TaskError
from grading.graders.metric import Band

__all__ = ["Band", "Bands", "earned", "rising", "wanted"]

Bands = Annotated[tuple[Band, ...], Key(min_length=1)]


def rising(*, bands: tuple[Band, ...], **_: object) -> None:
    """Raise TaskError unless a higher measure earns a higher share, up to all."""
    ordered = sorted(bands, key=lambda band: -band.at)
    if ordered[0].fraction != 1 or any(a.at == b.at or a.fraction <= b.fraction for a, b in pairwise(ordered)):
        raise TaskError("bands 里 at 越大，fraction 应越大，最高一档是 1，且 at 不重复", key="args.bands")


def earned(value: float, bands: tuple[Band, ...]) -> float:
    """Return the share that `value` earns."""
    return max((band.fraction for band in bands if value >= band.at), default=0.0)


def wanted(bands: tuple[Band, ...]) -> str:
    """Return the bands in words."""
    best, *others = sorted(bands, key=lambda band: -band.at)
    return "，".join([f"不低于 {best.at:g} 得满分", *(f"{b.at:g} 以上得 {b.fraction:.0%}" for b in others if b.fraction)])
