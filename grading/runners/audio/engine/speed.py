"""Is a clip a given one played faster or slower, as a tape is (pitch and tempo together, 0.8 to 1.25 times)?

Correlation forgives no error in the speed: 0.1 % over half a second is half a wave at 1 kHz. So loud pieces are first compared at all
speeds in the lowest 500 Hz, where 0.3 % steps are fine enough; what looks alike there is tuned finely in the whole band, and only
then counted piece by piece as `replay` does. What keeps the pitch (a time stretcher, a vocoder) is not found.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr

from . import replay

SLOWEST, FASTEST, STEP = 0.8, 1.25, 0.003
LOW, PIECE_S, MOST_PIECES = 1000, 0.6, 3
"""Hz of the first comparison; seconds and number of the pieces."""
ALIKE = 0.7
"""First correlation from which a speed is looked at closely: copies are above 0.85, other speech of the same voice up to 0.8."""
NEAR = 0.01
"""So near to the given speed `replay` sees for itself."""
GIVEN_S = 60
"""Seconds of given clips that are compared, in all."""
FINE = ((0.0003, 6), (0.00006, 6))
"""(step, steps to each side) of the tuning."""
FINER = 8
"""Times as many samples as a low piece has, between which it may be read at any speed."""


def copies(wave: Any, given: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Return name of a given clip → (share of the clip's pieces found in it, the clip's speed), of those that it was made from.

    wave, given : mono at 16 kHz.
    """
    found = {}
    for name, factor in _likely(wave, given).items():
        exact = _tuned(wave, given[name], factor)
        share = replay.copied(soxr.resample(np.asarray(wave, np.float64), 16000, 16000 * exact), given[name])
        if share:
            found[name] = (share, exact)
    return found


def _likely(wave: Any, given: dict[str, Any]) -> dict[str, float]:
    """Return name → the speed at which the clip's loudest pieces fit best, of those that fit at another speed than the given one."""
    line, places = _line(given)
    best = dict.fromkeys(places, (0.0, 1.0))
    size = 1 << (len(line) + int(PIECE_S * LOW * FASTEST)).bit_length()
    spectrum, sums = np.fft.rfft(line, size), np.concatenate([[0.0], np.cumsum(line**2)])
    factors = np.exp(np.arange(np.log(SLOWEST), np.log(FASTEST) + STEP, STEP))
    for piece in _loudest(_lowered(wave, LOW), int(PIECE_S * LOW)):
        fine = np.fft.irfft(np.fft.rfft(piece), FINER * len(piece)) * FINER
        for factor in factors:
            slowed = np.interp(np.arange(int(len(piece) * factor)) * FINER / factor, np.arange(len(fine)), fine)
            alike = _along(spectrum, sums, slowed, size)
            for name, (start, end) in places.items():
                highest = float(alike[start : max(start + 1, end - len(slowed))].max(initial=0.0))
                best[name] = max(best[name], (highest, float(factor)))
    return {name: factor for name, (alike, factor) in best.items() if alike >= ALIKE and abs(factor - 1) > NEAR}


def _line(given: dict[str, Any]) -> tuple[Any, dict[str, tuple[int, int]]]:
    """Return the given clips one after the other with silence between, at LOW, and where each begins and ends."""
    parts, places, at = [], {}, 0
    for name, wave in given.items():
        low = _lowered(wave, LOW)[: GIVEN_S * LOW // len(given)]
        parts += [low, np.zeros(LOW)]
        places[name] = (at, at + len(low))
        at += len(low) + LOW
    return np.concatenate(parts) if parts else np.zeros(LOW), places


def _lowered(wave: Any, rate: int) -> Any:
    low = soxr.resample(np.asarray(wave, np.float64), 16000, rate)
    return low - low.mean() if len(low) else low


def _loudest(wave: Any, length: int) -> list[Any]:
    """Return the loudest pieces of `length` samples that do not overlap; none of a wave that is shorter or silent."""
    cut = [wave[start : start + length] for start in range(0, len(wave) - length + 1, length)]
    loud = [piece for piece in cut if float(np.mean(piece**2)) > 1e-10]
    return sorted(loud, key=lambda piece: -float(np.mean(piece**2)))[:MOST_PIECES]


def _along(spectrum: Any, sums: Any, piece: Any, size: int) -> Any:
    """Return |normalised cross-correlation| of `piece` at every place of the line."""
    places = len(sums) - len(piece)
    product = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, size)), size)[:places]
    energy = np.maximum(sums[len(piece) :] - sums[:places], 1e-6 * sums[-1] + 1e-12)
    return np.abs(product) / np.sqrt(energy * np.sum(piece**2))


def _tuned(wave: Any, given: Any, factor: float) -> float:
    """Return the speed near `factor` at which the loudest pieces fit best in the whole band."""
    high = replay.low(given)
    for step, count in FINE:
        tried = factor * np.exp(step * np.arange(-count, count + 1))
        factor = float(tried[int(np.argmax([_fit(wave, high, float(one)) for one in tried]))])
    return factor


def _fit(wave: Any, high: Any, factor: float) -> float:
    slowed = soxr.resample(np.asarray(wave, np.float64), 16000, replay.RATE * factor)
    return max((replay.correlation(piece - piece.mean(), high) for piece in _loudest(slowed, replay.PIECE)), default=0.0)
