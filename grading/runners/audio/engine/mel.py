"""Mel spectrograms in numpy, equal to librosa's `melspectrogram` (Slaney's scale and norm, Hann window, centred frames)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

Array = Any

_LINEAR_HZ = 200.0 / 3
"""Slaney, Auditory Toolbox (1998): linear below 1 kHz, 66.7 Hz a mel, then logarithmic."""
_BREAK_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0


def to_hz(mels: Array) -> Array:
    """Return the frequencies, Hz, of `mels` on Slaney's scale."""
    knee = _BREAK_HZ / _LINEAR_HZ
    return np.where(mels < knee, mels * _LINEAR_HZ, _BREAK_HZ * np.exp(_LOG_STEP * (mels - knee)))


def to_mel(hertz: float) -> float:
    """Return the mels of one frequency in Hz on Slaney's scale."""
    if hertz < _BREAK_HZ:
        return hertz / _LINEAR_HZ
    return float(_BREAK_HZ / _LINEAR_HZ + np.log(hertz / _BREAK_HZ) / _LOG_STEP)


@cache
def filters(rate: int, size: int, bands: int) -> Array:
    """Return the triangular filters, shape (bands, size // 2 + 1), each of unit area."""
    bins = np.fft.rfftfreq(size, 1 / rate)
    edges = to_hz(np.linspace(to_mel(0.0), to_mel(rate / 2), bands + 2))
    widths = np.diff(edges)
    ramps = edges[:, None] - bins[None]
    lower, upper = -ramps[:-2] / widths[:-1, None], ramps[2:] / widths[1:, None]
    shape = np.maximum(0, np.minimum(lower, upper))
    return (shape * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def spectrogram(wave: Array, *, rate: int = 16000, size: int = 400, hop: int = 160, bands: int = 40) -> Array:
    """Return the power in mel bands, shape (frames, bands), of a mono wave; the ends are padded with zeros."""
    padded = np.pad(np.asarray(wave, np.float32), size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    return (power.astype(np.float32) @ filters(rate, size, bands).T).astype(np.float32)
