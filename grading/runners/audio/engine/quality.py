"""Quality of speech without a reference: DNSMOS P.835 (Reddy et al., 2022), on the scale of a listening panel from 1 to 5.

sig : the speech itself; bak : the background (5 is none); ovrl : everything together. The model hears 9.01 s at 16 kHz; a shorter
clip is repeated, a longer one is heard at several places and averaged, as in Microsoft's own program (which hears at every second;
here the places are fewer, which changes the mean by a few hundredths and bounds the time).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import models

RATE = 16000
HEARD = int(9.01 * RATE)
MOST, REPEATED = 4, 2
"""Hearings of a long clip, spread evenly over it, and of one that was repeated."""

_CURVES = {
    "sig": (-0.08397278, 1.22083953, 0.0052439),
    "bak": (-0.13166888, 1.60915514, -0.39604546),
    "ovrl": (-0.06766283, 1.11546468, 0.04602535),
}
"""From the network's output to mean opinion scores, highest power first."""


def dnsmos(wave: Any) -> dict[str, float]:
    """Return `sig`, `bak` and `ovrl` of a mono wave at 16 kHz within ±1."""
    wave = np.asarray(wave, np.float32)
    most = MOST if len(wave) >= HEARD else REPEATED
    while len(wave) < HEARD:
        wave = np.append(wave, wave)
    hops = int(np.floor(len(wave) / RATE) - 9.01) + 1
    starts = np.unique(np.linspace(0, hops - 1, min(hops, most)).round().astype(int)) * RATE
    session = models.session("dnsmos.onnx")
    heard = [session.run(None, {"input_1": wave[None, s : s + HEARD]})[0][0] for s in starts if s + HEARD <= len(wave)]
    scores = np.asarray(heard, np.float64)
    return {name: float(np.mean(np.polyval(curve, scores[:, n]))) for n, (name, curve) in enumerate(_CURVES.items())}
