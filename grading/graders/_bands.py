"""Bands of a figure: from which value on which share of the marks is earned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field as Key

from grading.errors import TaskError
from grading.graders.metric import Band, Better, _band_text, _fraction, _ordered
from grading.text import shorten

Bands = Annotated[tuple[Band, ...], Key(min_length=1)]


def check_bands(bands: tuple[Band, ...], better: Better) -> None:
    """Raise TaskError unless better values earn more, and the best one everything."""
    ordered = _ordered(bands, better)
    if any(a.at == b.at or a.fraction <= b.fraction for a, b in pairwise(ordered)):
        raise TaskError("bands 里数值越好，fraction 应越大，且 at 不重复", key="args.bands")
    if ordered[0].fraction != 1:
        raise TaskError("bands 里最好的一档应得满分（fraction: 1）", key="args.bands")


def rising(*, bands: tuple[Band, ...], **_: object) -> None:
    """Raise TaskError unless higher values earn more; the `validate` of graders that have no other question."""
    check_bands(bands, "higher")


def read_bands(bands: Sequence[object]) -> tuple[Band, ...]:
    """Return bands that may still be as an author writes them."""
    return tuple(Band.model_validate(band) for band in bands)


def earned(value: float, bands: tuple[Band, ...], better: Better) -> float:
    """Return the fraction of the best band that `value` reaches."""
    return _fraction(value, _ordered(bands, better), better, False)


def band_text(what: str, bands: tuple[Band, ...], better: Better) -> str:
    """Return the bands for the score sheet: `what ≤ 2 得满分；≤ 8 得 50%`."""
    return shorten(f"{what} {_band_text(_ordered(bands, better), better, False)}", 190)


def reached(value: float, bands: tuple[Band, ...], better: Better, show: Callable[[float], str]) -> str:
    """Return between which bands `value` lies, for figures that are not the same on every machine."""
    ordered, sign = _ordered(bands, better), "≥" if better == "higher" else "≤"
    band = next((band for band in ordered if _meets(value, band, better)), None)
    if band is not None:
        return f"{sign} {show(band.at)}"
    return f"{'<' if better == 'higher' else '>'} {show(ordered[-1].at)}"


def _meets(value: float, band: Band, better: Better) -> bool:
    return value >= band.at - 1e-9 if better == "higher" else value <= band.at + 1e-9
