"""Voice activity by Silero VAD (MIT): where somebody speaks."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import models

RATE, CHUNK, CONTEXT = 16000, 512, 64
SPEAKS = 0.5


def activity(wave: Any) -> Any:
    """Return for every 32 ms of a mono wave at 16 kHz whether it holds speech (bool array)."""
    padded = np.pad(np.asarray(wave, np.float32), (0, -len(wave) % CHUNK))
    state, context = np.zeros((2, 1, 128), np.float32), np.zeros((1, CONTEXT), np.float32)
    session, rate = models.session("silero_vad.onnx"), np.array(RATE, np.int64)
    found = []
    for start in range(0, len(padded), CHUNK):
        chunk = padded[None, start : start + CHUNK]
        out, state = session.run(None, {"input": np.concatenate([context, chunk], axis=1), "state": state, "sr": rate})
        context = chunk[:, -CONTEXT:]
        found.append(float(out[0, 0]) >= SPEAKS)
    return np.array(found, bool)


def facts(active: Any, seconds: float) -> dict[str, float]:
    """Return seconds of speech, its share of the clip, and the silence before and after it, s."""
    at = np.flatnonzero(active)
    if not len(at):
        return {"speech": 0.0, "share": 0.0, "lead": seconds, "trail": seconds}
    chunk = CHUNK / RATE
    speech = min(seconds, len(at) * chunk)
    return {"speech": speech, "share": speech / seconds, "lead": float(at[0] * chunk), "trail": max(0.0, seconds - (at[-1] + 1) * chunk)}


def spoken(wave: Any, active: Any, keep: int = 3) -> Any:
    """Return the wave without its pauses: speech and `keep` chunks (of 32 ms) around it; the whole wave if nobody speaks."""
    near = np.convolve(active, np.ones(2 * keep + 1), mode="same") > 0
    mask = np.repeat(near, CHUNK)[: len(wave)]
    return wave[mask] if mask.any() else wave
