# 另一条路：神经网络，自己用 onnx 拼出计算图，不经过 skl2onnx
import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from sklearn.neural_network import MLPClassifier

train = pd.read_csv("train.csv")
X = train.drop(columns=["pump_id", "fault"]).to_numpy(np.float32)
y = train["fault"].to_numpy()
mean, spread = X.mean(axis=0), X.std(axis=0)
net = MLPClassifier((32,), max_iter=600, random_state=0).fit((X - mean) / spread, y)

weights = {"mean": mean, "spread": spread, "w0": net.coefs_[0], "b0": net.intercepts_[0], "w1": net.coefs_[1], "b1": net.intercepts_[1]}
nodes = [
    helper.make_node("Sub", ["features", "mean"], ["centred"]),
    helper.make_node("Div", ["centred", "spread"], ["scaled"]),
    helper.make_node("Gemm", ["scaled", "w0", "b0"], ["raw"]),
    helper.make_node("Relu", ["raw"], ["hidden"]),
    helper.make_node("Gemm", ["hidden", "w1", "b1"], ["logits"]),
    helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0),
]
graph = helper.make_graph(
    nodes, "pump",
    [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 9])],
    [helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
     helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 4])],
    [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
onnx.checker.check_model(model)
onnx.save(model, "model.onnx")

label = ort.InferenceSession("model.onnx").run(["label"], {"features": X})[0]
source = net.predict((X - mean) / spread)
print("不一致的行数", int((label != source).sum()))
np.save("source_labels.npy", source)
