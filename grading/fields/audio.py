"""Audio: one WAV or FLAC clip. Raw value: Upload. Parsed value: RawSound, not decoded (that is for the sandbox)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field as Key

from grading.errors import ResponseError
from grading.fields import FieldKind
from grading.model import FieldSpec, Upload
from grading.sound import RawSound
from grading.tables import MB
from grading.text import shorten

ENDINGS = {".wav": "WAV", ".flac": "FLAC"}
HEADER = 44
"""Bytes of the shortest WAV header; a FLAC header has 42."""


class AudioSpec(FieldSpec):
    """An audio field; max_mb : MiB of the file, max_seconds : its length, sample_rates : allowed ones in Hz (none: any)."""

    kind: Literal["audio"] = "audio"
    max_mb: float = Key(5, gt=0, le=20)
    max_seconds: float = Key(30, gt=0, le=120)
    sample_rates: tuple[Annotated[int, Key(ge=8000, le=96000)], ...] = ()


def is_blank(raw: Any) -> bool:
    """Return True if no file was handed in."""
    return raw is None or raw == ""


def parse(raw: Any, spec: AudioSpec) -> RawSound:
    """Return the clip as it is; ResponseError if name, size or first bytes are not those of a WAV or FLAC file."""
    if not isinstance(raw, Upload):
        raise ResponseError("这里应上传一段声音。")
    kind = next((kind for ending, kind in ENDINGS.items() if raw.name.lower().endswith(ending)), None)
    if kind is None:
        raise ResponseError(f"只接受 .wav、.flac 文件，收到的是“{shorten(raw.name)}”；其他格式请先转换。")
    if len(raw.data) > spec.max_mb * MB:
        raise ResponseError(f"文件有 {len(raw.data) / MB:.1f} MB，超过 {spec.max_mb:g} MB。")
    if len(raw.data) < HEADER:
        raise ResponseError("文件里没有声音。")
    if magic(raw.data) != kind:
        raise ResponseError(f"文件名是 {kind}，内容却不是；请用音频软件另存为 {kind}，不要只改文件名。")
    return RawSound(raw.name, raw.data)


def magic(data: bytes) -> str:
    """Return `WAV`, `FLAC` or "" by the first bytes.

    >>> magic(b"RIFF\\0\\0\\0\\0WAVEfmt "), magic(b"fLaC"), magic(b"ID3")
    ('WAV', 'FLAC', '')
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "WAV"
    return "FLAC" if data[:4] == b"fLaC" else ""


KIND = FieldKind("audio", AudioSpec, "sound_raw", True, is_blank, parse)
