"""Speaker encoder: a clip becomes a unit vector of 256 numbers, close together for clips of one voice.

The network is Resemblyzer's (Apache-2.0), a GE2E encoder (Wan et al., 2018): three LSTM layers of 256, a linear layer, ReLU, L2
norm, over windows of 1.6 s of 40 mel bands. It runs here in numpy on weights that were converted when the runtime was built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import mel, models

Array = Any

RATE, HOP, FRAMES, CELLS = 16000, 160, 160, 256
STEP = round(RATE / 1.3 / HOP)
"""Frames between two windows: 1.3 windows a second."""
COVERAGE = 0.75
"""Share of the last window that must be sound."""
VOLUME_DB = -30.0


def embed(clips: Sequence[Array]) -> Array:
    """Return one unit vector a clip, shape (clips, 256); clips are mono at 16 kHz. All windows go through the network together."""
    cut = [windows(clip) for clip in clips]
    vectors = encode(np.concatenate(cut))
    ends = np.cumsum([len(part) for part in cut])[:-1]
    means = np.stack([part.mean(axis=0) for part in np.split(vectors, ends)])
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def windows(clip: Array) -> Array:
    """Return the overlapping windows of a clip, shape (windows, 160, 40); a short clip is padded to one."""
    frames = -(-(len(clip) + 1) // HOP)
    starts = list(range(0, max(1, frames - FRAMES + STEP + 1), STEP))
    if len(starts) > 1 and (len(clip) - starts[-1] * HOP) / (FRAMES * HOP) < COVERAGE:
        starts.pop()
    missing = (starts[-1] + FRAMES) * HOP - len(clip)
    bands = mel.spectrogram(np.pad(clip, (0, max(0, missing))))
    return np.stack([bands[start : start + FRAMES] for start in starts])


def encode(bands: Array) -> Array:
    """Return the unit vectors, shape (n, 256), of n windows, shape (n, 160, 40)."""
    w = models.weights("speaker.npz")
    x = np.asarray(bands, np.float32)
    for layer in range(3):
        bias = w[f"lstm.bias_ih_l{layer}"] + w[f"lstm.bias_hh_l{layer}"]
        x = _lstm(x, w[f"lstm.weight_ih_l{layer}"], w[f"lstm.weight_hh_l{layer}"], bias)
    raw = np.maximum(x[:, -1] @ w["linear.weight"].T + w["linear.bias"], 0)
    return raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)


def _lstm(x: Array, from_input: Array, from_state: Array, bias: Array) -> Array:
    """Return the states of one layer, shape (n, frames, 256). Gates lie in torch's order: input, forget, cell, output."""
    driven = x @ from_input.T + bias
    inner = np.ascontiguousarray(from_state.T)
    state, cell = np.zeros((len(x), CELLS), np.float32), np.zeros((len(x), CELLS), np.float32)
    states = np.empty((len(x), x.shape[1], CELLS), np.float32)
    for t in range(x.shape[1]):
        gates = driven[:, t] + state @ inner
        enter, keep, leave = (_sigmoid(gates[:, n * CELLS : (n + 1) * CELLS]) for n in (0, 1, 3))
        cell = keep * cell + enter * np.tanh(gates[:, 2 * CELLS : 3 * CELLS])
        state = leave * np.tanh(cell)
        states[:, t] = state
    return states


def _sigmoid(x: Array) -> Array:
    return np.float32(0.5) * (np.tanh(np.float32(0.5) * x) + np.float32(1))


def level(clip: Array) -> Array:
    """Return a quiet clip raised to −30 dBFS, as the encoder was trained; a louder one stays as it is."""
    power = float(np.mean(np.square(clip, dtype=np.float64)))
    if power <= 0:
        return clip
    gain = VOLUME_DB - 10 * np.log10(power)
    return (clip * np.float32(10 ** (gain / 20))) if gain > 0 else clip
