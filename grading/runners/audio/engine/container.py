"""What stands in the header of a WAV or FLAC file, read without a decoder: how it is coded, and the notes written into it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

MAX_NOTE = 2000
"""Characters of one note that are looked at."""
MAX_NOTES = 50
STREAMED = (0, 0xFFFFFFFF)
"""Sizes that a program writes which does not know the length yet."""


class Refusal(Exception):
    """The clip cannot be used; `why` is a word that the runner puts into a sentence, `facts` fill it."""

    def __init__(self, why: str, **facts: float | str) -> None:
        super().__init__(why)
        self.why, self.facts = why, facts


@dataclass
class Header:
    """kind : `WAV` or `FLAC`; notes : (name, text) as written, e.g. ("ICMT", "…") or ("COMMENT", "…")."""

    kind: str
    notes: list[tuple[str, str]] = field(default_factory=list)


def read(data: bytes) -> Header:
    """Return the header of `data`; Refusal if it is neither of both, or promises more than the file holds."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _wav(data)
    if data[:4] == b"fLaC":
        return _flac(data)
    raise Refusal("format")


def _wav(data: bytes) -> Header:
    header, at = Header("WAV"), 12
    seen: set[tuple[int, bytes]] = set()
    while at + 8 <= len(data) and len(seen) < 2000:
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = data[at + 8 : at + 8 + size]
        if name == b"data":
            if size not in STREAMED and size > len(data) - at - 8:
                raise Refusal("truncated")
            size = len(data) - at - 8 if size in STREAMED else size
        elif name == b"fmt ":
            _check_format(body)
        elif name == b"LIST" and body[:4] == b"INFO":
            header.notes += _info(body[4:])
        seen.add((at, name))
        at += 8 + size + size % 2
    if not {b"fmt ", b"data"} <= {name for _, name in seen}:
        raise Refusal("broken")
    return header


def _check_format(body: bytes) -> None:
    """Refuse what is not plain PCM of 16, 24 or 32 bits or 32-bit float before a decoder sees it."""
    if len(body) < 16:
        raise Refusal("broken")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == 0xFFFE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]
    if (tag, bits) not in {(1, 16), (1, 24), (1, 32), (3, 32)}:
        raise Refusal("coding")
    if not channels or not rate:
        raise Refusal("broken")


def _info(body: bytes) -> list[tuple[str, str]]:
    notes: list[tuple[str, str]] = []
    at = 0
    while at + 8 <= len(body) and len(notes) < MAX_NOTES:
        size = struct.unpack_from("<I", body, at + 4)[0]
        notes.append((body[at : at + 4].decode("ascii", "replace"), _text(body[at + 8 : at + 8 + size])))
        at += 8 + size + size % 2
    return notes


def _flac(data: bytes) -> Header:
    header, at = Header("FLAC"), 4
    for _ in range(128):
        if at + 4 > len(data):
            raise Refusal("truncated")
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        if at + 4 + size > len(data):
            raise Refusal("truncated")
        if kind & 0x7F == 0 and size >= 18 and not int.from_bytes(data[at + 17 : at + 22], "big") & 0xFFFFFFFFF:
            raise Refusal("unknown_length")
        if kind & 0x7F == 4:
            header.notes += _comments(data[at + 4 : at + 4 + size])
        at += 4 + size
        if kind & 0x80:
            return header
    raise Refusal("broken")


def _comments(body: bytes) -> list[tuple[str, str]]:
    """Return Vorbis comments; a broken block ends the list."""
    notes: list[tuple[str, str]] = []
    try:
        at = 4 + struct.unpack_from("<I", body)[0]
        count = struct.unpack_from("<I", body, at)[0]
        at += 4
        for _ in range(min(count, MAX_NOTES)):
            size = struct.unpack_from("<I", body, at)[0]
            name, _, text = _text(body[at + 4 : at + 4 + size]).partition("=")
            notes.append((name[:64], text))
            at += 4 + size
    except struct.error:
        pass
    return notes


def _text(raw: bytes) -> str:
    raw = raw[: 4 * MAX_NOTE].rstrip(b"\0 ")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")  # what Chinese Windows programs write into INFO
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)[:MAX_NOTE]
