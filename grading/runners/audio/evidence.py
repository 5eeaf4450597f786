"""What people see of a measured clip: figures with their scales, the picture of the wave, what was heard, notes of the header."""

from __future__ import annotations

import re
from typing import Any

from grading.model import Evidence, RunSpec
from grading.sound import Sound
from grading.text import shorten

MAX_NOTES = 10
POINTS = 240
MAX_PLAYED = 600_000
"""Characters of a clip kept to be heard: about 10 s of speech."""


def show(found: Sound, answer: Any, args: Any, run: RunSpec, *, field: str = "") -> Evidence:
    """Return the evidence of one run of the runner; args : its `Args`; field : where the clip was uploaded, "" if a program made it.

    Of the given clips only public ones are named: the page lets people hear them.
    """
    public = {key: [name for name in names if name not in run.hidden] for key, names in (("target", args.target), ("source", args.source))}
    return {
        "kind": "audio", "field": field, "played": _played(answer), "outline": _outline(answer), "seconds": found.seconds,
        "speaks": found.speaks,
        "format": {"container": found.container, "coding": found.coding, "rate": found.rate, "channels": found.channels},
        "level": {"loudness": found.loudness, "peak": found.peak, "clipped": found.clipped},
        "speech": {"seconds": found.speech, "share": found.share, "lead": found.lead, "trail": found.trail},
        "quality": {"ovrl": found.ovrl, "sig": found.sig, "bak": found.bak},
        "voice": None if found.to_target is None else {"target": found.to_target, "source": found.to_source},
        "copies": [
            {"name": name, "share": share, "speed": found.speeds.get(name)}
            for name, share in sorted(found.copies.items(), key=lambda item: (-item[1], item[0]))
        ],
        "sentence": None if found.heard is None else {"wanted": args.sentence, "heard": found.heard, "agreement": found.agreement},
        "notes": [{"name": name, "text": shorten(text, 300)} for name, text in found.notes[:MAX_NOTES]],
        "given": public,
    }


def _outline(answer: Any) -> list[int]:
    """Return the heights of the wave's picture, 0 to 100; none if the engine's are not what they should be."""
    wave = answer.get("wave")
    if not isinstance(wave, list) or len(wave) > POINTS or any(not isinstance(h, int) or not 0 <= h <= 100 for h in wave):
        return []
    return [int(height) for height in wave]


def _played(answer: Any) -> str:
    """Return the clip as a `data:` address, "" if it was not kept, is too long or is not what the engine writes."""
    kept = answer.get("played")
    if not isinstance(kept, str) or not 0 < len(kept) <= MAX_PLAYED or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", kept):
        return ""
    return f"data:audio/flac;base64,{kept}"
