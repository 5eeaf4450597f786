"""Make `reference.npz`: what the original models say about two of the task's clips. Not part of the tests: run by hand, once.

In a virtual environment of its own (about 1.5 GB, nothing of it is needed afterwards):

    pip install torch==2.13.0 librosa==0.11.0 soundfile==0.14.0 onnxruntime "setuptools<81" webrtcvad-wheels speechmos==0.0.1.1
    pip install --no-deps resemblyzer==0.1.4
    python tests/grading/audio/make_reference.py

It stores, for each clip: `vector` of Resemblyzer's `embed_utterance` (the torch model, on the clip as it is), `mel` of librosa's
first 20 frames, and `mos` (sig, bak, ovrl) of speechmos on the clip repeated to 9.01 s, which is one hearing.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
FILES = HERE.parents[2] / "tasks" / "generation" / "voice-clone" / "files"
HEARD = int(9.01 * 16000)


def main() -> None:
    """Write the file."""
    import librosa
    import numpy as np
    import soundfile
    from resemblyzer import VoiceEncoder
    from speechmos import dnsmos

    encoder, found = VoiceEncoder("cpu", verbose=False), {}
    for name in ("target-1", "source-new"):
        wave, _ = soundfile.read(FILES / f"{name}.flac", dtype="float32")
        found[f"{name}.vector"] = encoder.embed_utterance(wave)
        bands = librosa.feature.melspectrogram(y=wave, sr=16000, n_fft=400, hop_length=160, n_mels=40)
        found[f"{name}.mel"] = bands.T[:20].astype(np.float32)
        score = dnsmos.run(np.resize(wave, HEARD), sr=16000)
        found[f"{name}.mos"] = np.array([score[f"{scale}_mos"] for scale in ("sig", "bak", "ovrl")])
    np.savez_compressed(HERE / "reference.npz", **found)


if __name__ == "__main__":
    main()
