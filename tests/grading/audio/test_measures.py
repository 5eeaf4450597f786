"""The measures themselves, where they are made: against the original models, and on sounds whose measures are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.grading.audio import clips

pytestmark = pytest.mark.sandbox

FILES = Path(__file__).parents[3] / "tasks" / "generation" / "voice-clone" / "files"
SAMPLES = FILES.parent / "samples"
REFERENCE = Path(__file__).with_name("reference.npz")


def given(name):
    return (FILES / f"{name}.flac").read_bytes()


@pytest.mark.parametrize("name", ["target-1", "source-new"])
def test_the_models_say_what_their_originals_say(inside, name):
    found = inside(f"""
import numpy as np
from engine import decode, mel, quality, speaker
stored = np.load("reference.npz")
wave = decode.decode(open("clip.flac", "rb").read()).mono()
wanted = {{key: stored[f"{name}.{{key}}"] for key in ("vector", "mel", "mos")}}
cosine = float(speaker.embed([wave])[0] @ wanted["vector"])
bands = float(np.abs(mel.spectrogram(wave)[:20] - wanted["mel"]).max() / wanted["mel"].max())
score = quality.dnsmos(np.resize(wave, int(9.01 * 16000)))
mos = max(abs(score[key] - float(value)) for key, value in zip(("sig", "bak", "ovrl"), wanted["mos"]))
found = [cosine, bands, mos]
""", clip__flac=given(name), reference__npz=REFERENCE.read_bytes())
    assert found[0] >= 0.99999
    assert found[1] < 1e-4
    assert found[2] < 1e-3


def test_level_and_clipping_of_known_sounds(inside):
    found = inside("""
import numpy as np
from engine import level
time = np.arange(32000) / 16000
sine = np.sin(2 * np.pi * 997 * time)[:, None].astype(np.float32)
cut = 0.5 * np.clip(2 * sine, -1, 1)
found = [level.loudness(sine, 16000), level.loudness(0.1 * sine, 16000), level.loudness(0 * sine, 16000),
         level.clipped(0.5 * sine), level.clipped(cut), level.clipped(np.round(cut * 32767) / 32767), level.clipped(0 * sine)]
""")
    assert found[0] == pytest.approx(-3.01, abs=0.1)  # BS.1770: a full-scale sine of 997 Hz in one channel
    assert found[1] == pytest.approx(-23.01, abs=0.1)
    assert found[2] is None
    assert found[3] == 0
    assert found[4] > 0.5
    assert found[5] > 0.5
    assert found[6] == 0


def test_copies_are_found_whatever_was_done_to_them_and_new_speech_is_none(inside):
    found = inside("""
import numpy as np, soxr, io, soundfile
from engine import decode, replay
given = decode.decode(open("a.flac", "rb").read()).mono()
other = decode.decode(open("b.flac", "rb").read()).mono()
noise = np.random.default_rng(1).standard_normal(len(given)) * given.std() * 0.3
eight = np.round(given * 100) / 100
smooth = np.convolve(given, [0.3, 0.4, 0.3], "same")
copies = {
    "same": given, "trimmed": given[7000:], "louder": 2.5 * given, "turned": -given, "noisy": given + noise,
    "resampled": soxr.resample(soxr.resample(given, 16000, 44100), 44100, 16000),
    "8 kHz": soxr.resample(soxr.resample(given, 16000, 8000), 8000, 16000),
    "coarse": eight, "smooth": smooth, "late": np.concatenate([np.zeros(5001), given]),
}
found = [{name: replay.copied(wave, given) for name, wave in copies.items()}, replay.copied(other, given), replay.copied(noise, given),
         replay.copied(np.zeros(16000), given), replay.copied(given[:300], given), replay.copied(np.concatenate([given, other]), given)]
""", a__flac=given("target-1"), b__flac=given("target-2"))
    assert min(found[0].values()) > 0.75, found[0]  # a piece at the very beginning may hold more silence than speech
    assert found[1:4] == [0, 0, 0]
    assert 0 <= found[4] <= 1
    assert 0.25 < found[5] < 0.75


def test_copies_played_faster_or_slower_are_found_with_their_speed(inside):
    found = inside("""
import numpy as np, soxr
from engine import decode, replay, speed
given = {name: decode.decode(open(name + ".flac", "rb").read()).mono() for name in ("a", "b", "c")}
noise = np.random.default_rng(1).standard_normal(80_000)
found = []
for name, times in (("a", 0.9), ("a", 1.1), ("b", 0.8), ("b", 1.25), ("c", 1.037)):
    wave = soxr.resample(given[name], 16000 * times, 16000)
    plain = replay.copied(wave, given[name])
    changed = 2 * wave[3000:] + 0.1 * wave.std() * noise[: len(wave) - 3000]  # trimmed, louder, noisy
    found.append([name, times, plain, speed.copies(wave, given), speed.copies(changed, given)])
""", a__flac=given("target-1"), b__flac=given("source-2"), c__flac=given("source-new"))
    for name, times, plain, clean, changed in found:
        assert plain < 0.25, (name, times)  # what `replay` alone would say
        for copies in (clean, changed):
            assert list(copies) == [name], (name, times, copies)
            assert copies[name] == [pytest.approx(1, abs=0.25), pytest.approx(times, abs=0.002)]


def test_honest_speech_is_no_copy_at_any_speed(inside):
    """The given clips among themselves, and every sample that is not a copy: converted, half converted, noisy, of the same engine."""
    clips = {path.parent.name: path.read_bytes() for path in SAMPLES.glob("*/answer.flac")}
    honest = sorted(clips.keys() - {"wrong-replay", "wrong-source"})
    found = inside(f"""
import numpy as np
from engine import decode, speed
given = {{name: decode.decode(open(name + ".flac", "rb").read()).mono() for name in {sorted(SAID)!r}}}
found = {{name: speed.copies(decode.decode(open(name + ".flac", "rb").read()).mono(), given) for name in {honest!r}}}
for name in given:
    found[name] = speed.copies(given[name], {{other: wave for other, wave in given.items() if other != name}})
noise = np.random.default_rng(0).normal(size=32000)
for name, wave in (("silence", np.zeros(16000)), ("short", given["target-1"][:3000]), ("noise", noise)):
    found[name] = speed.copies(wave, given)
found["nothing given"] = speed.copies(given["target-1"], {{}})
""", **{f"{name}__flac": clips[name] for name in honest}, **{f"{name}__flac": given(name) for name in SAID})
    assert {name: copies for name, copies in found.items() if copies} == {}


def test_voice_activity_finds_speech_and_no_noise(inside):
    found = inside("""
import numpy as np
from engine import decode, speech
wave = decode.decode(open("a.flac", "rb").read()).mono()
padded = np.concatenate([np.zeros(16000, np.float32), wave, np.zeros(16000, np.float32)])
noise = 0.1 * np.random.default_rng(0).standard_normal(32000)
found = [speech.facts(speech.activity(w), len(w) / 16000) for w in (padded, noise, np.zeros(16000))]
found.append(len(speech.spoken(padded, speech.activity(padded))) / len(wave))
""", a__flac=given("target-1"))
    assert found[0]["lead"] == pytest.approx(1.2, abs=0.2)
    assert found[0]["trail"] == pytest.approx(1.1, abs=0.2)
    assert found[0]["speech"] > 1
    assert found[1]["speech"] < 0.2
    assert found[2] == {"speech": 0.0, "share": 0.0, "lead": 1.0, "trail": 1.0}
    assert 0.7 < found[3] < 1.2


SAID = {
    "target-1": "The new machine checks every part.", "target-2": "Please bring the red folder at half past nine.",
    "target-3": "Our teacher says a voice can be copied.", "source-1": "The new machine checks every part.",
    "source-2": "Please bring the red folder at half past nine.", "source-3": "Our teacher says a voice can be copied.",
    "source-new": "Never use the voice of another person without permission.",
}


def test_the_recogniser_tells_sentences_apart(inside):
    """Seven clips of two voices: each agrees with its own sentence, none with another."""
    found = inside(f"""
from engine import decode, sentence
said = {SAID!r}
found = {{}}
for name in said:
    words = sentence.heard(decode.decode(open(name + ".flac", "rb").read()).mono())
    texts = (said[name], *sorted(set(said.values()) - {{said[name]}}))
    found[name] = [sentence.agreement(words, sentence.words(text)) for text in texts]
""", **{f"{name}__flac": given(name) for name in SAID})
    for name, (own, *others) in found.items():
        assert own >= 0.5, (name, found)
        assert max(others) <= 0.35, (name, found)


@pytest.mark.parametrize(("coding", "places"), [("PCM_16", 1e-4), ("PCM_24", 1e-6), ("PCM_32", 1e-6), ("FLOAT", 1e-7)])
def test_every_coding_and_rate_comes_out_the_same(inside, coding, places):
    found = inside(f"""
import io, numpy as np, soundfile
from engine.decode import decode
wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
stereo = np.stack([wave, wave], axis=1)
found = []
for kind in ("WAV", "FLAC") if "{coding}" in ("PCM_16", "PCM_24") else ("WAV",):
    file = io.BytesIO()
    soundfile.write(file, stereo, 44100, "{coding}", format=kind)
    clip = decode(file.getvalue())
    mono = clip.mono()
    error = float(np.abs(clip.samples[:, 0] - wave).max())
    found.append([clip.header.kind, clip.coding, clip.rate, clip.samples.shape[1], clip.seconds, error, len(mono)])
""")
    for kind, name, rate, channels, seconds, error, length in found:
        assert kind in ("WAV", "FLAC")
        assert (name, rate, channels, seconds, length) == (coding, 44100, 2, 1.0, 16000)
        assert error <= places


def test_streams_of_unknown_length_are_decoded(inside):
    lines = "from engine.decode import decode\nfound = decode(open('a.wav', 'rb').read()).seconds"
    found = inside(lines, a__wav=clips.wav(says=0xFFFFFFFF))
    assert found == pytest.approx(1.0, abs=0.01)
