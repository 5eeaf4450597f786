"""How loud a clip is, and how much of it is cut off."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

FLAT = 3
"""So many samples on end at the clip's own extreme are a cut-off peak; a wave that only touches it has one or two."""
NEAR = 0.999


def loudness(samples: Any, rate: int) -> float | None:
    """Return the integrated loudness in LUFS (ITU-R BS.1770-4) of samples of shape (frames, channels); None for silence."""
    import pyloudnorm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = float(pyloudnorm.Meter(rate).integrated_loudness(samples.astype(np.float64)))
    return found if np.isfinite(found) else None


def peak(samples: Any) -> float:
    """Return the highest sample's absolute value; 1 is full scale."""
    return float(np.abs(samples).max())


def clipped(samples: Any) -> float:
    """Return the share of samples that lie on a flat top or bottom, the most clipped channel's. Scaling afterwards hides nothing."""
    return max(_clipped(channel) for channel in samples.T)


def _clipped(wave: Any) -> float:
    found = 0
    for sign in (1, -1):
        top = float((sign * wave).max())
        if top <= 0:
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], (sign * wave >= NEAR * top).astype(np.int8), [0]])))
        runs = edges[1::2] - edges[::2]
        found += int(runs[runs >= FLAT].sum())
    return found / len(wave)
