"""Models, their predictions and records, generated samples."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import strategies as st

from grading.model_facts import ModelFacts, Port
from grading.tables import Table
from tests.grading.cases import Case
from tests.grading.cases.answers import ANSWER

RECORD = Table(("C", "score", "chosen"), (("1", "0.8", "0"), ("10", "0.9", "1"), ("100", "0.85", "0")))
PORTS = {"inputs": (Port("x", "float32", (None, 3)),), "outputs": (Port("label", "int64", (None,)),)}
MODEL = ModelFacts(900, opset=17, latency_ms=1.0, reference_ms=1.0, **PORTS)
HALVES = np.random.default_rng(0).random((160, 16)) * 0.3 + 0.6 * ((np.arange(160) % 2)[:, None] * (np.arange(16) < 8))


def patterns():
    """A key of two kinds of patterns: 80 given, 40 hidden; the last 40 of HALVES are new."""
    file = io.BytesIO()
    np.savez(file, train=HALVES[:80], hidden=HALVES[80:120], hidden_labels=np.arange(40) % 2)
    return file.getvalue()


KEYS = {"patterns.npz": patterns()}

GRADERS = {
    "prediction_metric": Case(
        {"key": "truth.csv", "on": "id", "actual": "y", "metric": "accuracy_score", "better": "higher",
         "bands": [{"at": 0.9, "fraction": 1}]}, (np.array([0, 1, 1, 0]),),
    ),
    "labels_equal": Case({"bands": [{"at": 0.9, "fraction": 1}]}, (np.array([0, 1, 1]), np.array([0, 1, 1]))),
    "latency": Case({"bands": [{"at": 2, "fraction": 1}, {"at": 9, "fraction": 0.5}]}, (MODEL,)),
    "model_size": Case({"bands": [{"at": 2, "fraction": 1}, {"at": 9, "fraction": 0.5}]}, (MODEL,)),
    "model_io": Case({"port": "input", "name": "x", "type": "float32", "size": 3, "min_opset": 15}, (MODEL,)),
    "generation": Case(
        {"key": "patterns.npz", "measure": "memorised", "each": 20, "bands": [{"at": 0.1, "fraction": 1}]},
        (HALVES[120:], np.arange(40) % 2)
    ),
    "generalisation_gap": Case(
        {"key": "truth.csv", "seen_key": "truth.csv", "on": "id", "predicted": "y", "actual": "y", "metric": "accuracy_score",
         "bands": [{"at": 0.1, "fraction": 1}], "floor": 0.6}, (ANSWER,), order_free=True, column="y",
    ),
    "search_size": Case({"score": "score", "chosen": "chosen", "at_least": 3}, (RECORD,)),
    "best_chosen": Case({"score": "score", "chosen": "chosen"}, (RECORD,)),
    "reproducible": Case({"on": "id", "columns": ["y"]}, (ANSWER, ANSWER)),
}

GARBAGE = {
    "array": [np.zeros(()), np.zeros(0), np.full(4, np.nan), np.array(["", "nan"]), np.zeros((3, 3, 3)), np.full(4, np.inf)],
    "model_facts": [ModelFacts(0, error="文件不是 ONNX。"), ModelFacts(10**12, error="不能载入。", inputs=(Port("y\n" * 99, "map"),))],
}

VALUES = {
    "array": st.lists(st.sampled_from([0, 1, 2.5, float("nan"), True, "1", "甲"]), max_size=5).map(np.array),
    "model_facts": st.builds(
        ModelFacts, size_bytes=st.integers(0, 10**9), opset=st.integers(0, 99), latency_ms=st.floats(0.01, 100),
        reference_ms=st.floats(0.01, 100), error=st.sampled_from(["", "坏了。"]),
        inputs=st.lists(st.builds(Port, st.text(max_size=80), st.sampled_from(["float32", "map"]), st.just((None, 3)))).map(tuple),
    ),
}
