"""Take over the readings of `onnx-export`, and export the models of the samples.

Run with the runtime's Python, which has skl2onnx, after that task's own `make_data.py`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
SHARED = HERE.parent / "onnx-export"


def network(X: np.ndarray, y: np.ndarray) -> bytes:
    """Return a small neural network whose graph is put together by hand."""
    mean, spread = X.mean(axis=0), X.std(axis=0)
    net = MLPClassifier((32,), max_iter=600, random_state=0).fit((X - mean) / spread, y)
    weights = {"mean": mean, "spread": spread, "w0": net.coefs_[0], "b0": net.intercepts_[0], "w1": net.coefs_[1], "b1": net.intercepts_[1]}
    nodes = [
        helper.make_node("Sub", ["features", "mean"], ["centred"]), helper.make_node("Div", ["centred", "spread"], ["scaled"]),
        helper.make_node("Gemm", ["scaled", "w0", "b0"], ["raw"]), helper.make_node("Relu", ["raw"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "w1", "b1"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0),
    ]
    graph = helper.make_graph(
        nodes, "pump", [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, X.shape[1]])],
        [helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
         helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 4])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def main() -> None:
    """Write all files."""
    for name in ("files/train.csv", "files/inputs.csv", "key/inputs.csv", "key/labels.csv", "key/reference.onnx"):
        shutil.copyfile(SHARED / name, HERE / name)
    train = pd.read_csv(HERE / "files" / "train.csv")
    X, y = train.drop(columns=["pump_id", "fault"]).to_numpy(np.float32), train["fault"].to_numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(X, y)

    def export(fitted: object, rows: int | None = None, zipmap: bool = False) -> bytes:
        port = [("features", FloatTensorType([rows, X.shape[1]]))]
        return bytes(to_onnx(fitted, initial_types=port, target_opset=17, options={"zipmap": zipmap}).SerializeToString())

    good = export(model)
    for name, data in {
        "full": good, "full-other-way": network(X, y), "wrong-fixed-rows": export(model, rows=1),
        "wrong-zipmap": export(model, zipmap=True),
        "wrong-unscaled": export(LogisticRegression(max_iter=40).fit(X, y)), "wrong-cut": good[: len(good) // 2],
    }.items():
        (HERE / "samples" / name).mkdir(parents=True, exist_ok=True)
        (HERE / "samples" / name / "model.onnx").write_bytes(data)


if __name__ == "__main__":
    main()
