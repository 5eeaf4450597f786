"""Runner `audio`: from a clip to its measures, from a bad one to a sentence; and what it believes of its engine's answer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grading.errors import TaskError
from grading.fields.audio import AudioSpec
from grading.loader import load_task
from grading.model import Produce, RunSpec
from grading.runners import get_runner
from grading.runners._engine import ANSWER
from grading.runners.audio import Args, check
from grading.runners.audio.report import REFUSALS, BadReport, refusal, sound
from grading.sandbox.contract import RunResult
from grading.sound import RawSound
from tests.grading.audio import clips
from tests.grading.trees import PreparedSandbox

ROOT = Path(__file__).parents[3] / "tasks" / "generation" / "voice-clone"
GOOD = {
    "kind": "WAV", "coding": "PCM_16", "rate": 16000, "channels": 1, "seconds": 1.004999, "loudness": -20.04, "peak": 0.5, "clipped": 0.0,
    "speech": 0.9, "share": 0.9, "lead": 0.0, "trail": 0.1, "sig": 3.123, "bak": 4.0, "ovrl": 2.5, "copies": {"a.flac": 0.123},
    "speeds": {}, "notes": [["ICMT", "x"]], "to_target": 0.8149, "to_source": -0.0001, "heard": "we saw", "agreement": 1.0,
    "wave": [0, 100],
}


@pytest.fixture(scope="module")
def task():
    return load_task(ROOT)


def bare(task):
    """The task's run without anything to compare with: only format and level."""
    return task.runs[0].model_copy(update={"args": {}, "files": ()})


def measure(task, data, box, run=None):
    return get_runner("audio")(run or task.runs[0], task, RawSound("a.wav", data), box)


@pytest.mark.sandbox
@pytest.mark.usefixtures("media")
class TestReal:
    def test_a_sample_is_measured_in_full(self, task, sandbox):
        outcome = measure(task, (ROOT / "samples" / "full" / "answer.flac").read_bytes(), sandbox)
        found = outcome.artifacts["sound"]
        assert outcome.problems == {}
        assert (found.container, found.coding, found.rate, found.channels, found.seconds) == ("FLAC", "PCM_16", 16000, 1, 3.6)
        assert (found.loudness, found.to_target, found.to_source) == (-20.0, 0.81, 0.62)
        assert found.agreement >= 0.7
        assert dict(found.notes)["comment"].startswith('{"AIGC"')
        assert set(found.copies.values()) == {0.0}
        assert len(outcome.evidence["outline"]) == 240
        assert len(json.dumps(outcome.evidence)) < 10_000

    @pytest.mark.parametrize(("data", "says"), [
        (clips.wav(says=2**31), "不完整"), (clips.wav(says=2**31 - 2), "不完整"),
        (clips.wav(channels=0), "损坏"), (clips.wav(channels=3), "3 个声道"), (clips.wav(channels=65535), "。"),
        (clips.wav(tag=0x11, bits=4), "未压缩"), (clips.wav(tag=2, bits=4), "未压缩"),
        (clips.wav(tag=3, bits=32, data=np.full(16000, np.nan, "<f4").tobytes()), "NaN"),
        (clips.wav(tag=3, bits=32, data=np.full(16000, np.inf, "<f4").tobytes()), "无穷大"),
        (clips.wav((clips.tone() * 1e30).astype("<f4").tobytes(), tag=3, bits=32), "超出满幅"),
        (clips.wav(rate=8000), "8000 Hz，本题要求 16000 Hz"), (clips.wav(rate=2**31), "损坏"), (clips.wav(b"\0\0" * 100), "太短"),
        (clips.wav(b""), "太短"), (clips.wav(clips.pcm(clips.tone(11))), "超过 10 秒"),
        (clips.flac_header(samples=2**36 - 1), "超过 10 秒"), (clips.flac_header(), "损坏"), (clips.flac_header(samples=0), "没有写明长度"),
        (b"RIFF" + b"\xff" * 100, "不是 WAV"), (b"RIFF\0\0\0\0WAVE" + b"<script>alert(1)</script>" * 20, "损坏"),
    ])  # fmt: skip
    def test_hostile_files_get_a_sentence(self, task, sandbox, data, says):
        outcome = measure(task, data, sandbox, bare(task))
        problem = outcome.problems["sound"]
        assert problem.cause == "unreadable"
        assert says in problem.sentence
        assert problem.sentence.endswith("。")

    def test_half_a_flac_is_refused(self, task, sandbox):
        whole = (ROOT / "samples" / "full" / "answer.flac").read_bytes()
        for half in (whole[: len(whole) // 2], whole[:8300]):
            assert measure(task, half, sandbox, bare(task)).problems["sound"].cause == "unreadable"

    def test_damage_in_the_middle_never_is_our_fault(self, task, sandbox):
        whole = bytearray((ROOT / "samples" / "full" / "answer.flac").read_bytes())
        for at in range(9000, 40_000, 400):
            whole[at] ^= 0x5A
        outcome = measure(task, bytes(whole), sandbox, bare(task))
        assert all(problem.cause != "fault" for problem in outcome.problems.values())

    def test_a_polyglot_is_measured_as_the_sound_that_it_is(self, task, sandbox):
        data = clips.wav(extra=clips.chunk(b"junk", b"PK\x03\x04<html><script>alert(1)</script>")) + b"PK\x05\x06" + b"\0" * 18
        found = measure(task, data, sandbox, bare(task)).artifacts["sound"]
        assert (found.container, found.seconds) == ("WAV", 1.0)

    def test_floats_beyond_full_scale_are_measured(self, task, sandbox):
        loud = clips.wav((clips.tone(amplitude=8) / 2).astype("<f4").tobytes(), tag=3, bits=32)
        found = measure(task, loud, sandbox, bare(task)).artifacts["sound"]
        assert found.peak == pytest.approx(4, abs=0.01)

    def test_silence_is_no_speech(self, task, sandbox):
        found = measure(task, clips.wav(b"\0" * 64_000), sandbox).artifacts["sound"]
        assert (found.loudness, found.speech, found.to_target, found.heard) == (None, 0.0, 0.0, "")
        assert not found.speaks


def prepared(task, answer):
    box = PreparedSandbox(RunResult("ok", files={ANSWER: json.dumps(answer).encode()}))
    return measure(task, clips.wav(), box)


def test_measures_are_rounded_and_plain(task):
    found = prepared(task, GOOD).artifacts["sound"]
    assert (found.seconds, found.loudness, found.sig, found.to_target, found.copies) == (1.0, -20.0, 3.12, 0.81, {"a.flac": 0.12})
    assert str(found.to_source) == "0.0"
    assert sound({name: value for name, value in GOOD.items() if name not in ("to_target", "heard")}).to_target is None


@pytest.mark.parametrize("changes", [
    {"kind": "MP3"}, {"coding": "ADPCM"}, {"rate": 10**9}, {"rate": "16000"}, {"channels": True}, {"seconds": -1}, {"seconds": 1e300},
    {"clipped": 2}, {"copies": []}, {"copies": {"a": None}}, {"copies": {str(n): 0 for n in range(99)}}, {"speeds": None},
    {"speeds": {"a": 9}}, {"notes": [["a"]]},
    {"notes": [["a", 1]]}, {"notes": [["a", "b"]] * 99}, {"heard": ["x"]}, {"heard": "x" * 9999}, {"agreement": None},
    {"loudness": "loud"},
])
def test_an_answer_that_no_engine_of_ours_gives_is_our_fault(task, changes):
    assert prepared(task, GOOD | changes).problems["sound"].cause == "fault"


@pytest.mark.parametrize("answer", [
    None, [], 3, "x", {}, {"refused": "x"}, {"refused": {"why": "x", "facts": {}}}, {"refused": {"why": "rate", "facts": {}}},
])
def test_an_answer_of_another_shape_is_our_fault(task, answer):
    assert prepared(task, answer).problems["sound"].cause == "fault"


@pytest.mark.parametrize("wave", [None, "x", [1] * 999, [101], [-1], [0.5], [None]])
def test_a_picture_that_is_none_is_left_out(task, wave):
    assert prepared(task, GOOD | {"wave": wave}).evidence["outline"] == []


@pytest.mark.parametrize("why", REFUSALS)
def test_every_refusal_is_a_sentence(why):
    limits = {"rates": (), "max_seconds": 10}
    assert refusal({"why": why, "facts": {"rate": 8000, "channels": 3, "seconds": 11}}, limits).endswith("。")


def test_a_refusal_without_its_facts_is_no_refusal():
    with pytest.raises(BadReport):
        refusal({"why": "channels", "facts": {"channels": "<b>"}}, {"rates": (), "max_seconds": 10})


@pytest.mark.parametrize(("args", "says"), [
    ({"target": ["none.flac"]}, "none.flac"), ({"target": ["LICENCE.txt"]}, "WAV 或 FLAC"),
    ({"source": ["source-1.flac"]}, "target 和 source"),
    ({"target": ["target-1.flac"], "source": ["source-1.flac"]}, "sentence"),
])
def test_a_task_that_cannot_be_marked_is_refused(task, args, says):
    run = task.runs[0].model_copy(update={"args": args, "files": task.files})
    with pytest.raises(TaskError, match=says):
        check(run, task)


def test_a_voice_that_needs_its_sentence_is_refused_without_one(task):
    point = next(p for p in task.points if p.grader == "speaker_similarity")
    run = task.runs[0].model_copy(update={"args": {**task.runs[0].args, "sentence": ""}})
    check(run, replace(task, points=(point,)))
    gated = point.model_copy(update={"args": {**point.args, "min_agreement": 0.5}})
    with pytest.raises(TaskError, match="sentence"):
        check(run, replace(task, points=(gated,)))


def test_a_run_for_level_alone_needs_nothing(task):
    run = RunSpec(id="r", runner="audio", of="clip", produces={"sound": Produce(output="sound")})
    check(run, replace(task, points=task.points[:2]))
    assert Args().sentence == ""
    assert AudioSpec(id="clip").max_seconds == 30
