"""Is a clip a copy of a given one? Normalised cross-correlation of short pieces finds copies that were trimmed, made louder,
converted to another sample rate, filtered mildly, coded again or mixed with some noise; `speed` finds those played faster or slower,
nothing finds what was synthesised again."""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr

RATE, PIECE, HOP = 8000, 6000, 3000
ALIKE = 0.7
"""Correlation from which a piece of 0.75 s counts as copied; different speech, even of one voice, stays below 0.5."""
QUIET = 0.01
"""Pieces with less than this share of the loudest piece's power are pauses."""


def copied(wave: Any, given: Any) -> float:
    """Return the share of the clip's pieces that are found in `given`; both mono at 16 kHz."""
    found = [correlation(piece, low(given)) >= ALIKE for piece in pieces(low(wave))]
    return float(np.mean(found)) if found else 0.0


def low(wave: Any) -> Any:
    """Return the wave at 8 kHz without its mean."""
    lower = soxr.resample(np.asarray(wave, np.float64), 16000, RATE)
    return lower - lower.mean() if len(lower) else lower


def pieces(wave: Any) -> list[Any]:
    """Return the pieces of 0.75 s that are no pauses; a shorter clip is one piece."""
    starts = range(0, max(1, len(wave) - PIECE + 1), HOP)
    cut = [wave[start : start + PIECE] for start in starts]
    powers = [float(np.mean(piece**2)) for piece in cut]
    return [piece for piece, power in zip(cut, powers, strict=True) if power > QUIET * max(powers) and power > 1e-10]


def correlation(piece: Any, given: Any) -> float:
    """Return the highest |normalised cross-correlation| of `piece` anywhere in `given`, 0 to 1."""
    given = np.pad(given, (0, max(0, len(piece) - len(given))))
    size = 1 << (len(given) + len(piece) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(given, size) * np.conj(np.fft.rfft(piece, size)), size)
    places = len(given) - len(piece) + 1
    sums = np.concatenate([[0.0], np.cumsum(given**2)])
    energy = np.maximum(sums[len(piece) :] - sums[:places], 1e-6 * sums[-1] + 1e-12)
    return float(min(1.0, np.max(np.abs(product[:places]) / np.sqrt(energy * np.sum(piece**2)))))
