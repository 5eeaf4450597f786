"""Decode a clip with libsndfile, within bounds: nothing is read before its header has been found sane."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
import soxr

from .container import Header, Refusal, read

CODINGS = {"PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32}
LEAST_S = 0.4
"""Loudness is measured over blocks of 0.4 s."""
MOST = 16.0
"""Floats beyond full scale are heard as clipped; numbers far beyond it are no sound."""
RATE = 16000


@dataclass
class Clip:
    """samples : shape (frames, channels), float32; rate : Hz; coding : libsndfile's name."""

    header: Header
    samples: Any
    rate: int
    coding: str

    @property
    def seconds(self) -> float:
        """The length."""
        return len(self.samples) / self.rate

    def mono(self) -> Any:
        """Return the mean of the channels at 16 kHz, within ±1, as every model here hears it."""
        wave = self.samples.mean(axis=1, dtype=np.float32)
        if self.rate != RATE:
            wave = soxr.resample(wave, self.rate, RATE, quality="HQ")
        return np.clip(wave, -1.0, 1.0).astype(np.float32)


def decode(data: bytes, *, rates: tuple[int, ...] = (), max_seconds: float = 60.0, max_channels: int = 2) -> Clip:
    """Return the clip in `data`; Refusal if it is broken, of another coding, or out of bounds. rates : allowed, all if empty."""
    header = read(data)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _check(file, rates, max_seconds, max_channels)
            promised = file.frames
            samples = file.read(int(max_seconds * file.samplerate) + 1, dtype="float32", always_2d=True)
            clip = Clip(header, samples, file.samplerate, file.subtype)
    except (soundfile.LibsndfileError, RuntimeError, ValueError, MemoryError):
        raise Refusal("broken") from None
    if len(samples) < min(promised, int(max_seconds * clip.rate)):
        raise Refusal("truncated")
    if clip.seconds > max_seconds:
        raise Refusal("long", seconds=clip.seconds)
    if clip.seconds < LEAST_S:
        raise Refusal("short", seconds=clip.seconds)
    if not np.isfinite(samples).all():
        raise Refusal("not_finite")
    if np.abs(samples).max() > MOST:
        raise Refusal("range")
    return clip


def _check(file: Any, rates: tuple[int, ...], max_seconds: float, max_channels: int) -> None:
    if file.format not in ("WAV", "WAVEX", "FLAC") or file.subtype not in CODINGS:
        raise Refusal("coding")
    if rates and file.samplerate not in rates:
        raise Refusal("rate", rate=file.samplerate)
    if not 4000 <= file.samplerate <= 192_000:
        raise Refusal("rate", rate=file.samplerate)
    if not 1 <= file.channels <= max_channels:
        raise Refusal("channels", channels=file.channels)
    if file.frames > max_seconds * file.samplerate:
        raise Refusal("long", seconds=file.frames / file.samplerate)
