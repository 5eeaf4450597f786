"""Measured sounds."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from grading.sound import Sound
from tests.grading.cases import Case

NOTES = (("ICMT", '{"AIGC": {"Label": "1", "ContentProducer": "考生"}}'),)
CLIP = Sound(
    "WAV", "PCM_16", 16000, 1, 3.5, -20.0, 0.8, 0.0, 3.0, 0.86, 0.2, 0.3, 3.1, 4.0, 2.8, 0.81, 0.6, {"a.flac": 0.0}, "we saw", 1.0, NOTES
)
HISS = replace(CLIP, rate=8000, channels=2, seconds=0.5, loudness=-3.0, clipped=0.9, speech=0.0, share=0.0, ovrl=1.1, to_target=0.1,
    copies={"a.flac": 1.0}, heard="", agreement=0.0, notes=(("ICMT", "[" * 2000), ("AIGC", "1")))
RISING = {"bands": [{"at": 0.2, "fraction": 1}, {"at": 0.1, "fraction": 0.5}]}

GRADERS = {
    "sound_format": Case({"channels": 1, "rates": [16000], "min_seconds": 2, "max_seconds": 8}, (CLIP,)),
    "loudness": Case({"min": -26, "max": -14}, (CLIP,)),
    "speech_share": Case({"min_share": 0.6}, (CLIP,)),
    "sound_quality": Case({"bands": [{"at": 2.5, "fraction": 1}]}, (CLIP,)),
    "speaker_similarity": Case({**RISING, "min_target": 0.7}, (CLIP,)),
    "not_a_replay": Case({"max_share": 0.25}, (CLIP,)),
    "says_sentence": Case(RISING, (CLIP,)),
    "sound_label": Case({}, (CLIP,)),
}

GARBAGE = {
    "sound": [HISS, replace(HISS, to_target=None, to_source=None, heard=None, agreement=None, loudness=None, copies={}, notes=())],
}

VALUES = {
    "sound": st.builds(
        replace, st.just(CLIP), seconds=st.floats(0, 121), loudness=st.none() | st.floats(-99, 9), clipped=st.floats(0, 1),
        speech=st.floats(0, 121), share=st.floats(0, 1), lead=st.floats(0, 9), ovrl=st.floats(0, 6), to_target=st.none() | st.floats(-1, 1),
        copies=st.dictionaries(st.text(max_size=5), st.floats(0, 1), max_size=2), heard=st.none() | st.text(max_size=9),
        notes=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=9)), max_size=2).map(tuple),
    ),
}
