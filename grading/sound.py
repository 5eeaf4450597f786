"""Sounds as the trusted side knows them: a file that nobody has decoded yet, and the measures that the sandbox made of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

SILENT = "声音里几乎没有人说话，这一点不能评。"
"""Why a point about speech is not earned."""


@dataclass(frozen=True)
class RawSound:
    """A WAV or FLAC file as it was handed in. Only its first bytes have been looked at; it is decoded in the sandbox alone."""

    VALUE_KIND: ClassVar[str] = "sound_raw"

    name: str
    data: bytes


@dataclass(frozen=True)
class Sound:
    """Measures of one clip, made in the sandbox by runner `audio` and rounded there.

    container : `WAV` or `FLAC`; coding : `PCM_16`, `PCM_24`, `PCM_32` or `FLOAT`; rate : Hz; seconds : length;
    loudness : LUFS (ITU-R BS.1770-4), None for silence; peak : highest sample, 1 is full scale; clipped : share of samples on
    a flat top; speech : seconds of speech; share : speech / length; lead, trail : silence before and after it, s;
    sig, bak, ovrl : DNSMOS P.835, 1 to 5; to_target, to_source : cosine of the speaker vectors, None if the run compares none;
    copies : given file → share of the clip that was copied from it; speeds : given file → how many times faster the copy is played,
    only where it is; heard : the words recognised, None if the run recognises
    none; agreement : their agreement with the wanted sentence, 0 to 1; notes : (name, text) from the file's header.
    """

    VALUE_KIND: ClassVar[str] = "sound"

    container: str
    coding: str
    rate: int
    channels: int
    seconds: float
    loudness: float | None
    peak: float
    clipped: float
    speech: float
    share: float
    lead: float
    trail: float
    sig: float
    bak: float
    ovrl: float
    to_target: float | None = None
    to_source: float | None = None
    copies: Mapping[str, float] = field(default_factory=dict)
    heard: str | None = None
    agreement: float | None = None
    notes: tuple[tuple[str, str], ...] = ()
    speeds: Mapping[str, float] = field(default_factory=dict)

    @property
    def speaks(self) -> bool:
        """Whether there is enough speech to judge it: half a second."""
        return self.speech >= 0.5
