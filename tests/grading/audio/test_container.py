"""Headers of WAV and FLAC: what is read without a decoder, and what is refused before one sees it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, strategies as st

from grading.runners.audio.engine.container import MAX_NOTE, MAX_NOTES, Refusal, read
from tests.grading.audio import clips

LABEL = '{"AIGC": {"Label": "1", "ContentProducer": "考生 07"}}'


def why(data):
    with pytest.raises(Refusal) as caught:
        read(data)
    return caught.value.why


def test_notes_of_a_wav_stand_before_or_behind_the_sound():
    assert read(clips.wav(extra=clips.info(ICMT=LABEL, AIGC="x"))).notes == [("ICMT", LABEL), ("AIGC", "x")]
    assert read(clips.wav() + clips.info(ICMT=LABEL)).notes == [("ICMT", LABEL)]


def test_notes_of_a_flac():
    header = read(clips.flac_header(comment=clips.comments(f"AIGC={LABEL}", "TITLE=a=b", "odd")))
    assert header.kind == "FLAC"
    assert header.notes == [("AIGC", LABEL), ("TITLE", "a=b"), ("odd", "")]


def test_what_chinese_windows_writes_is_read():
    assert read(clips.wav(extra=clips.chunk(b"LIST", b"INFO" + clips.chunk(b"ICMT", "生成".encode("gb18030"))))).notes == [("ICMT", "生成")]


def test_notes_are_bounded():
    many = read(clips.wav(extra=clips.info(**{f"N{n:03}": "x" for n in range(300)}))).notes
    assert len(many) == MAX_NOTES
    (note,) = read(clips.wav(extra=clips.info(ICMT="很" * 100_000))).notes
    assert len(note[1]) <= MAX_NOTE


@pytest.mark.parametrize(("tag", "bits"), [(2, 4), (0x11, 4), (6, 8), (7, 8), (0x55, 16), (1, 8), (3, 64), (0xFFFF, 16)])
def test_compressed_and_odd_codings_are_refused(tag, bits):
    assert why(clips.wav(tag=tag, bits=bits)) == "coding"


def test_an_extensible_header_is_looked_through():
    def extensible(tag):
        form = struct.pack("<HHIIHHHHIH", 0xFFFE, 1, 16000, 32000, 2, 16, 22, 16, 4, tag) + b"\0" * 14
        body = clips.chunk(b"fmt ", form) + clips.chunk(b"data", clips.pcm(clips.tone()))
        return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body

    assert read(extensible(1)).kind == "WAV"
    assert why(extensible(0x11)) == "coding"


@pytest.mark.parametrize(("data", "reason"), [
    (b"", "format"), (b"ID3" + b"\0" * 100, "format"), (b"RIFF\0\0\0\0AVI " + b"\0" * 50, "format"), (b"RIFF\0\0\0\0WAVE", "broken"),
    (clips.wav(channels=0), "broken"), (clips.wav(rate=0), "broken"), (clips.wav(says=2**31), "truncated"),
    (clips.wav(says=0xFFFFFFF0), "truncated"), (b"fLaC", "truncated"), (b"fLaC\0\xff\xff\xff" + b"\0" * 50, "truncated"),
    (clips.flac_header(samples=0), "unknown_length"),
    (b"fLaC" + b"\x01\0\0\0" * 200, "broken"),
    (b"RIFF\0\0\0\0WAVE" + clips.chunk(b"fmt ", b"\1\0"), "broken"),
    (b"RIFF\0\0\0\0WAVE" + clips.chunk(b"junk", b"") * 5000, "broken"),
])
def test_lies_and_fragments_are_refused(data, reason):
    assert why(data) == reason


@pytest.mark.parametrize("says", [0, 0xFFFFFFFF])
def test_a_stream_of_unknown_length_is_read(says):
    assert read(clips.wav(says=says)).kind == "WAV"


def test_a_broken_comment_block_ends_the_list():
    assert read(clips.flac_header(comment=clips.comments("A=1", "B=2")[:-6])).notes == [("A", "1")]
    assert read(clips.flac_header(comment=struct.pack("<II", 0, 2**32 - 1))).notes == []


@given(st.binary(max_size=200).map(lambda tail: b"RIFF\0\0\0\0WAVE" + tail) | st.binary(max_size=200).map(lambda tail: b"fLaC" + tail))
def test_no_header_breaks_the_reader(data):
    reason = ""
    try:
        read(data)
    except Refusal as refusal:
        reason = refusal.why
    assert reason in {"", "format", "broken", "truncated", "coding", "unknown_length"}
