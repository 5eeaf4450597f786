"""Make the clips of this task: the given ones, and the hidden sentence. Everything is synthetic speech of flite's voices.

Needs Debian's flite (voices slt and rms: Carnegie Mellon University, free licence, see files/LICENCE.txt) and soundfile:

    instance/runtimes/media/bin/python tasks/generation/voice-code/make_data.py
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf

HERE = Path(__file__).parent
FILES, KEY = HERE / "files", HERE / "key"
RATE = 16000
GIVEN = (
    "The new machine checks every part.",
    "Please bring the red folder at half past nine.",
    "Our teacher says a voice can be copied.",
)
WANTED = "Never use the voice of another person without permission."
HIDDEN = "Please tell the visitors that the museum closes at six today."


def speak(voice: str, text: str) -> np.ndarray:
    """Return `text` in one of flite's voices, 16 kHz mono within ±1."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/said.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True, stdout=subprocess.DEVNULL)
        wave, rate = sf.read(path)
    assert rate == RATE
    return wave


def main() -> None:
    """Write all clips; the hidden one has the name of the public one, in whose place it is run."""
    for n, text in enumerate(GIVEN, 1):
        sf.write(FILES / f"target-{n}.flac", speak("slt", text), RATE)
        sf.write(FILES / f"source-{n}.flac", speak("rms", text), RATE)
    sf.write(FILES / "source-new.flac", speak("rms", WANTED), RATE)
    sf.write(KEY / "source-new.flac", speak("rms", HIDDEN), RATE)


if __name__ == "__main__":
    main()
