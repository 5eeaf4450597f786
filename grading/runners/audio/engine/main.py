"""Measure one clip that was handed in, beside the clips that the task gives."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from . import level, quality, replay, sentence, speaker, speech, speed
from .container import Refusal
from .decode import Clip, decode

GIVEN_S = 60.0


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return `refused` (why the clip cannot be used), or every measure.

    request : file, rates, max_seconds, target, source, sentence; keep : also `played`, the clip as it was heard, base64 of FLAC.
    """
    try:
        clip = decode(Path(request["file"]).read_bytes(), rates=tuple(request["rates"]), max_seconds=request["max_seconds"])
    except Refusal as refusal:
        return {"refused": {"why": refusal.why, "facts": refusal.facts}}
    names = dict.fromkeys([*request["target"], *request["source"]])
    given = {name: decode(Path(name).read_bytes(), max_seconds=GIVEN_S).mono() for name in names}
    wave = clip.mono()
    active = speech.activity(wave)
    voice = speech.facts(active, clip.seconds)
    measures = {**_format(clip), **_level(clip), **voice, **quality.dnsmos(wave), "wave": outline(wave)}
    measures |= _copies(wave, given)
    if request["target"]:
        measures |= _similarity(wave, active, given, request)
    if request["sentence"]:
        said = sentence.heard(wave) if voice["speech"] else []
        measures |= {"heard": " ".join(said)[:500], "agreement": sentence.agreement(said, sentence.words(request["sentence"]))}
    return measures | ({"played": kept(wave)} if request.get("keep") else {})


def _format(clip: Clip) -> dict[str, Any]:
    return {
        "kind": clip.header.kind, "coding": clip.coding, "rate": clip.rate, "channels": clip.samples.shape[1], "seconds": clip.seconds,
        "notes": [list(note) for note in clip.header.notes],
    }


def _level(clip: Clip) -> dict[str, Any]:
    return {"loudness": level.loudness(clip.samples, clip.rate), "peak": level.peak(clip.samples), "clipped": level.clipped(clip.samples)}


def _copies(wave: Any, given: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return how much of each given clip's sound is in this one, and at which speed where it is not its own."""
    shares = {name: replay.copied(wave, other) for name, other in given.items()}
    changed = {name: (share, rate) for name, (share, rate) in speed.copies(wave, given).items() if share > shares[name]}
    found = shares | {name: share for name, (share, _) in changed.items()}
    return {"copies": found, "speeds": {name: rate for name, (_, rate) in changed.items()}}


def _similarity(wave: Any, active: Any, given: dict[str, Any], request: dict[str, Any]) -> dict[str, float]:
    """Return the cosines with the mean voice of the target's clips and of the source's."""
    if not active.any():
        return {"to_target": 0.0, "to_source": 0.0}
    groups = [request["target"], request["source"]]
    clips = [speech.spoken(wave, active), *(given[name] for group in groups for name in group)]
    vectors = speaker.embed([speaker.level(clip) for clip in clips])
    split = 1 + len(groups[0])
    target, source = vectors[1:split].mean(axis=0), vectors[split:]
    nearest = source.mean(axis=0) if len(source) else np.zeros_like(target)
    return {"to_target": _cosine(vectors[0], target), "to_source": _cosine(vectors[0], nearest)}


def _cosine(unit: Any, other: Any) -> float:
    return float(unit @ other / max(float(np.linalg.norm(other)), 1e-12))


def kept(wave: Any) -> str:
    """Return a mono wave at 16 kHz as a FLAC file in base64."""
    file = io.BytesIO()
    soundfile.write(file, wave, 16000, "PCM_16", format="FLAC")
    return base64.b64encode(file.getvalue()).decode("ascii")


def outline(wave: Any, points: int = 240) -> list[int]:
    """Return the loudest sample of each of `points` equal parts, in hundredths of full scale: the picture of a clip."""
    parts = np.array_split(np.abs(wave), points)
    return [round(100 * float(part.max())) if len(part) else 0 for part in parts]
