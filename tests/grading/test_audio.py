"""Graders of clips: where each mark is lost, and what is said about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grading.errors import TaskError
from grading.registry import get_grader
from grading.sound import SILENT, Sound

CLIP = Sound(
    "WAV", "PCM_16", 16000, 1, 3.5, -20.0, 0.8, 0.0, 3.0, 0.86, 0.2, 0.3, 3.1, 4.0, 2.8, 0.81, 0.6, {"a.flac": 0.0}, "we saw", 1.0
)
BANDS = [{"at": 0.15, "fraction": 1}, {"at": 0, "fraction": 0.5}]


def mark(name, args=None, **changes):
    grader = get_grader(name)
    return grader.function(replace(CLIP, **changes), **grader.bind(args or {}))


@pytest.mark.parametrize(("changes", "says"), [
    ({"rate": 8000}, "8000 Hz"), ({"channels": 2}, "2 个声道"), ({"seconds": 1.99}, "1.99 秒"), ({"seconds": 8.01}, "8.01 秒"),
])
def test_format(changes, says):
    found = mark("sound_format", {"rates": [16000, 48000], "channels": 1, "min_seconds": 2, "max_seconds": 8}, **changes)
    assert found.fraction == 0
    assert says in found.reason


@pytest.mark.parametrize(("changes", "fraction", "says"), [
    ({"loudness": -26.0}, 1, "合适"), ({"loudness": -14.0}, 1, "合适"),
    ({"loudness": -26.1}, 0.5, "太轻"), ({"loudness": -13.9}, 0.5, "太响"),
    ({"clipped": 0.0011}, 0.5, "削平"), ({"clipped": 0.5, "loudness": -9.0}, 0, "削平"),
    ({"loudness": None}, 0, SILENT), ({"speech": 0.4}, 0, SILENT),
])
def test_loudness(changes, fraction, says):
    found = mark("loudness", **changes)
    assert found.fraction == fraction
    assert says in found.reason


@pytest.mark.parametrize(("changes", "fraction"), [
    ({"share": 0.6}, 1), ({"share": 0.59}, 0), ({"lead": 0.81}, 0.5), ({"trail": 2.0}, 0.5), ({"speech": 0.0, "share": 1.0}, 0),
])
def test_speech_share(changes, fraction):
    assert mark("speech_share", **changes).fraction == fraction


@pytest.mark.parametrize(("changes", "fraction"), [({"ovrl": 2.5}, 1), ({"ovrl": 2.49}, 0.5), ({"ovrl": 2.19}, 0), ({"speech": 0.1}, 0)])
def test_quality_in_bands(changes, fraction):
    found = mark("sound_quality", {"bands": [{"at": 2.2, "fraction": 0.5}, {"at": 2.5, "fraction": 1}]}, **changes)
    assert found.fraction == fraction


def test_quality_names_what_is_weak():
    bands = {"bands": [{"at": 4, "fraction": 1}]}
    assert "噪声" in mark("sound_quality", bands, bak=1.7).reason
    assert "失真" in mark("sound_quality", bands, sig=2.0).reason
    assert mark("sound_quality", {**bands, "scale": "bak"}).fraction == 1


@pytest.mark.parametrize(("changes", "fraction", "says"), [
    ({}, 1, "接近"), ({"to_target": 0.75}, 1, "接近"), ({"to_target": 0.74}, 0.5, "不够"),
    ({"to_target": 0.7, "to_source": 0.71}, 0, "不够"),
    ({"to_target": 0.64, "to_source": 0.95}, 0, "原来的说话人"), ({"to_target": 0.6, "to_source": 0.4}, 0, "不像目标"),
    ({"copies": {"a.flac": 0.51}}, 0, "抄自"), ({"speech": 0.2}, 0, SILENT),
    ({"to_target": None}, 0, "没有给出"),
])
def test_similarity(changes, fraction, says):
    found = mark("speaker_similarity", {"bands": BANDS, "min_target": 0.68}, **changes)
    assert found.fraction == fraction
    assert says in found.reason


@pytest.mark.parametrize(("changes", "fraction", "says"), [
    ({"agreement": 0.5}, 1, "接近"), ({"agreement": 0.49}, 0, "听不出"), ({"agreement": 0.09, "to_target": 0.95}, 0, "听不出"),
    ({"agreement": 0.0, "to_target": 0.5}, 0, "听不出"), ({"agreement": 1.0, "to_target": 0.5}, 0, "原来的说话人"),
    ({"heard": None, "agreement": None}, 0, "没有给出"),
])
def test_a_voice_counts_only_with_its_sentence(changes, fraction, says):
    """A clip made beforehand has the target's voice, whatever the program was asked to say."""
    found = mark("speaker_similarity", {"bands": BANDS, "min_target": 0.68, "min_agreement": 0.5}, **changes)
    assert found.fraction == fraction
    assert says in found.reason
    assert "至少 50%" in found.expected


def test_a_voice_counts_without_a_sentence_where_none_is_wanted():
    assert mark("speaker_similarity", {"bands": BANDS}, heard=None, agreement=None).fraction == 1


@pytest.mark.parametrize(("changes", "fraction"), [
    ({}, 1), ({"copies": {"a": 0.25, "b": 0.1}}, 1), ({"copies": {"a": 0.26}}, 0), ({"speech": 0.0}, 0), ({"copies": {}}, 1),
])
def test_replay(changes, fraction):
    assert mark("not_a_replay", **changes).fraction == fraction


def test_a_copy_at_another_speed_is_told_with_its_speed():
    found = mark("not_a_replay", copies={"a.flac": 1.0}, speeds={"a.flac": 1.1})
    assert found.fraction == 0
    assert "逐段相同（速度是它的 1.1 倍）" in found.reason


@pytest.mark.parametrize(("changes", "fraction"), [
    ({"agreement": 0.7}, 1), ({"agreement": 0.69}, 0.5), ({"agreement": 0.49}, 0), ({"heard": None}, 0), ({"speech": 0.3}, 0),
])
def test_sentence(changes, fraction):
    found = mark("says_sentence", {"bands": [{"at": 0.7, "fraction": 1}, {"at": 0.5, "fraction": 0.5}]}, **changes)
    assert found.fraction == fraction


@pytest.mark.parametrize(("note", "fraction"), [
    (("ICMT", '{"AIGC": {"Label": "1", "ContentProducer": "考生 07"}}'), 1), (("aigc", '{"Label": 1, "ContentProducer": "x"}'), 1),
    (("comment", '{"AIGC": {"Label": "1"}}'), 0.5), (("comment", '{"AIGC": {"Label": "1", "ContentProducer": " "}}'), 0.5),
    (("comment", '{"AIGC": {"Label": "", "ContentProducer": "x"}}'), 0), (("comment", '{"Label": "1", "ContentProducer": "x"}'), 0),
    (("comment", "AI 生成"), 0), (("AIGC", "[1]"), 0), (("AIGC", "[" * 100_000), 0), (("comment", '{"AIGC": "1"}'), 0),
])
def test_label(note, fraction):
    assert mark("sound_label", notes=(("INAM", "题目"), note)).fraction == fraction
    assert mark("sound_label", {"producer": False}, notes=(note,)).fraction == (1 if fraction else 0)


def test_no_notes_are_told():
    assert "没有任何元数据" in mark("sound_label").reason


@pytest.mark.parametrize(("name", "args"), [
    ("sound_quality", {"bands": []}), ("sound_quality", {"bands": [{"at": 2, "fraction": 0.5}]}),
    ("speaker_similarity", {"bands": [{"at": 1, "fraction": 1}, {"at": 2, "fraction": 0.5}]}),
    ("says_sentence", {"bands": [{"at": 1, "fraction": 1}, {"at": 1, "fraction": 0.5}]}), ("loudness", {"min": -10, "max": -20}),
    ("not_a_replay", {"max_share": 1}), ("sound_quality", {"bands": [{"at": 2, "fraction": 1}], "scale": "p808"}),
])
def test_arguments_that_make_no_sense_are_refused(name, args):
    with pytest.raises(TaskError):
        get_grader(name).bind(args)
