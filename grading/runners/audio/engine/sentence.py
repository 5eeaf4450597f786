"""Which English words a clip says, by PocketSphinx (BSD) with its own models. There is no recogniser for Mandarin here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import models


def heard(wave: Any) -> list[str]:
    """Return the words heard in a mono wave at 16 kHz."""
    recogniser = models.recogniser()
    recogniser.start_utt()
    recogniser.process_raw((np.asarray(wave) * 32767).astype("<i2").tobytes(), full_utt=True)
    recogniser.end_utt()
    found = recogniser.hyp()
    return words(found.hypstr) if found else []


def words(text: str) -> list[str]:
    """Return the words of an English text, folded.

    >>> words("Don't stop, Anna!")
    ["don't", 'stop', 'anna']
    """
    return re.findall(r"[a-z']+", text.lower())


def agreement(said: Sequence[str], wanted: Sequence[str]) -> float:
    """Return words in common and in order / words of the longer of both.

    >>> agreement(["we", "saw", "a", "cat"], ["we", "saw", "the", "cat"])
    0.75
    """
    best = [0] * (len(wanted) + 1)
    for word in said:
        row = [0]
        for n, other in enumerate(wanted):
            row.append(best[n] + 1 if word == other else max(row[n], best[n + 1]))
        best = row
    return best[-1] / max(len(said), len(wanted), 1)
