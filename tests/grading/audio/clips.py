"""Small sound files made by hand, sound and broken."""

from __future__ import annotations

import struct

import numpy as np

RATE = 16000


def tone(seconds: float = 1.0, amplitude: float = 0.3, hertz: float = 440.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def pcm(wave: np.ndarray) -> bytes:
    return (np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes()


def wav(
    data: bytes | None = None, *, tag: int = 1, channels: int = 1, rate: int = RATE, bits: int = 16, says: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """Return a WAV file; says : the length that its data chunk claims to have; extra : chunks before the data."""
    data = pcm(tone()) if data is None else data
    frame = max(1, channels * bits // 8)
    form = b"fmt " + struct.pack("<IHHIIHH", 16, tag, channels, rate, rate * frame & 0xFFFFFFFF, frame & 0xFFFF, bits)
    body = form + extra + b"data" + struct.pack("<I", len(data) if says is None else says) + data
    return b"RIFF" + struct.pack("<I", (4 + len(body)) & 0xFFFFFFFF) + b"WAVE" + body


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def info(**notes: str) -> bytes:
    """Return a LIST chunk of INFO notes."""
    return chunk(b"LIST", b"INFO" + b"".join(chunk(name.encode(), text.encode() + b"\0") for name, text in notes.items()))


def flac_header(*, samples: int = RATE, rate: int = RATE, channels: int = 1, comment: bytes | None = None) -> bytes:
    """Return the beginning of a FLAC file of 16 bits, without a single frame of sound."""
    packed = (rate << 44) | ((channels - 1) << 41) | (15 << 36) | samples
    stream = struct.pack(">HH", 4096, 4096) + b"\0" * 6 + packed.to_bytes(8, "big") + b"\0" * 16
    last = 0x80 if comment is None else 0
    head = b"fLaC" + bytes([last]) + len(stream).to_bytes(3, "big") + stream
    return head if comment is None else head + b"\x84" + len(comment).to_bytes(3, "big") + comment


def comments(*notes: str) -> bytes:
    """Return a Vorbis comment block."""
    written = [struct.pack("<I", len(note.encode())) + note.encode() for note in notes]
    return struct.pack("<I", 4) + b"test" + struct.pack("<I", len(written)) + b"".join(written)
