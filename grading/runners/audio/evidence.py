"""What people see of a measured clip: figures with their scales, the picture of the wave, what was heard, notes of the header."""

from __future__ import annotations

from typing import Any

from grading.model import Evidence
from grading.sound import Sound
from grading.text import shorten

MAX_NOTES = 10
POINTS = 240


def show(found: Sound, answer: Any, args: Any, field_id: str) -> Evidence:
    """Return the evidence of one run of the runner; args : its `Args`."""
    return {
        "kind": "audio", "field": field_id, "outline": _outline(answer), "seconds": found.seconds, "speaks": found.speaks,
        "format": {"container": found.container, "coding": found.coding, "rate": found.rate, "channels": found.channels},
        "level": {"loudness": found.loudness, "peak": found.peak, "clipped": found.clipped},
        "speech": {"seconds": found.speech, "share": found.share, "lead": found.lead, "trail": found.trail},
        "quality": {"ovrl": found.ovrl, "sig": found.sig, "bak": found.bak},
        "voice": None if found.to_target is None else {"target": found.to_target, "source": found.to_source},
        "copies": [{"name": name, "share": share} for name, share in sorted(found.copies.items(), key=lambda item: (-item[1], item[0]))],
        "sentence": None if found.heard is None else {"wanted": args.sentence, "heard": found.heard, "agreement": found.agreement},
        "notes": [{"name": name, "text": shorten(text, 300)} for name, text in found.notes[:MAX_NOTES]],
        "given": {"target": list(args.target), "source": list(args.source)},
    }


def _outline(answer: Any) -> list[int]:
    """Return the heights of the wave's picture, 0 to 100; none if the engine's are not what they should be."""
    wave = answer.get("wave")
    if not isinstance(wave, list) or len(wave) > POINTS or any(not isinstance(h, int) or not 0 <= h <= 100 for h in wave):
        return []
    return [int(height) for height in wave]
