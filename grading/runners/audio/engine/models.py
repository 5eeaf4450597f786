"""The trained models that lie in the runtime (`grading/runtimes/media.py` put them there).

The fork server may have loaded them already (`prime` in media.toml); otherwise they are loaded here, in the same way.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np


def path(name: str) -> Path:
    """Return the file of a model."""
    import media_models

    return Path(str(media_models.__file__)).with_name(name)


def warm(name: str) -> Any:
    """Return what the fork server has loaded under `name`, or None."""
    import media_models

    return getattr(media_models, "warm", {}).get(name)


@cache
def session(name: str) -> Any:
    """Return an ONNX session of one thread: the results then do not depend on the number of cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return warm(name) or onnxruntime.InferenceSession(str(path(name)), options, providers=["CPUExecutionProvider"])


@cache
def weights(name: str) -> dict[str, Any]:
    """Return the arrays of a stored network as float32 by name."""
    if found := warm(name):
        return dict(found)
    with np.load(path(name), allow_pickle=False) as stored:
        return {key: stored[key].astype(np.float32) for key in stored.files}


@cache
def recogniser() -> Any:
    """Return a recogniser of free English speech at 16 kHz."""
    from pocketsphinx import Decoder

    # maxhmmpf bounds the search: half the time on noise, the same words on speech
    return warm("pocketsphinx") or Decoder(samprate=16000, maxhmmpf=3000, loglevel="FATAL")
