"""Make the clips of this task: what is given, and the samples. Everything is synthetic speech of flite's voices.

Needs Debian's flite (voices slt and rms: Carnegie Mellon University, free licence, see files/LICENCE.txt) and the packages of
the runtime `media` (soundfile, pyworld, pyloudnorm):

    instance/runtimes/media/bin/python tasks/generation/voice-clone/make_data.py

The samples `full` and `wrong-half` are made by the given program files/world_convert.py with its parameters changed, so they
show what a candidate reaches with it. The noise has a fixed seed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyloudnorm
import soundfile as sf

HERE = Path(__file__).parent
FILES, SAMPLES = HERE / "files", HERE / "samples"
RATE = 16000
GIVEN = (
    "The new machine checks every part.",
    "Please bring the red folder at half past nine.",
    "Our teacher says a voice can be copied.",
)
WANTED = "Never use the voice of another person without permission."
OTHER = "We label every sound that was made by a machine."
LABEL = json.dumps({"AIGC": {"Label": "1", "ContentProducer": "考生 07"}}, ensure_ascii=False)


def speak(voice: str, text: str) -> np.ndarray:
    """Return `text` in one of flite's voices, 16 kHz mono within ±1."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/said.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True, stdout=subprocess.DEVNULL)
        wave, rate = sf.read(path)
    assert rate == RATE
    return wave


def at(wave: np.ndarray, lufs: float = -20.0) -> np.ndarray:
    """Return the wave at a loudness."""
    return wave * 10 ** ((lufs - pyloudnorm.Meter(RATE).integrated_loudness(wave)) / 20)


def write(path: Path, wave: np.ndarray, label: str = LABEL) -> None:
    """Write a 16-bit clip, with a label if there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with sf.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        if label:
            file.comment = label
        file.write(np.clip(wave, -1, 1))


def convert(**settings: float | bool) -> np.ndarray:
    """Return what the given program makes with changed settings."""
    program = (FILES / "world_convert.py").read_text("utf-8")
    for name, value in settings.items():
        program, count = re.subn(rf"^{name} = \S+", f"{name} = {value}", program, flags=re.M)
        assert count == 1
    with tempfile.TemporaryDirectory() as folder:
        for clip in FILES.glob("*.flac"):
            (Path(folder) / clip.name).write_bytes(clip.read_bytes())
        subprocess.run([sys.executable, "-c", program], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return sf.read(f"{folder}/answer.wav")[0]


def main() -> None:
    """Write all clips."""
    for n, text in enumerate(GIVEN, 1):
        write(FILES / f"target-{n}.flac", speak("slt", text), "")
        write(FILES / f"source-{n}.flac", speak("rms", text), "")
    write(FILES / "source-new.flac", speak("rms", WANTED), "")
    full = convert(PITCH=True, STRENGTH=1, SPREAD=0.7, GAIN=0.5)
    target, noise = speak("slt", WANTED), np.random.default_rng(20261125).standard_normal(len(full))
    write(SAMPLES / "full/answer.flac", at(full))
    write(SAMPLES / "full-other-way/answer.flac", at(target))
    write(SAMPLES / "wrong-half/answer.flac", at(convert(PITCH=True, STRENGTH=0.5, GAIN=0.5)))
    write(SAMPLES / "wrong-source/answer.flac", sf.read(FILES / "source-new.flac")[0], "")
    write(SAMPLES / "wrong-replay/answer.flac", at(sf.read(FILES / "target-1.flac")[0][3200:], -23))
    write(SAMPLES / "wrong-noisy/answer.flac", at(full + 0.316 * full.std() * noise))
    write(SAMPLES / "wrong-sentence/answer.flac", at(speak("slt", OTHER)))
    write(SAMPLES / "wrong-silence/answer.flac", np.zeros(3 * RATE))
    write(SAMPLES / "wrong-clipped/answer.flac", np.clip(4 * target, -0.5, 0.5))


if __name__ == "__main__":
    main()
