"""Write a tiny CLIP model in Hugging Face's layout into the folder named. Run by the runtime `python`, which has onnx.

`make_clip.py FOLDER OPTIONS`, OPTIONS a JSON object: see `tests.grading.clip.tiny.build`. The weights come in `weights.npz`: an
image's vector is its mean colour times `colour` plus its pixels times `pixels`, a sentence's the mean of its tokens' rows of `words`.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T, helper as h, numpy_helper as nh

OUT, OPTIONS = Path(sys.argv[1]), json.loads(sys.argv[2])
WEIGHTS = np.load(OUT / "weights.npz")
SIDE = OPTIONS["side"]


def port(name, kind, *shape):
    return h.make_tensor_value_info(name, kind, list(shape))


def save(name, nodes, inputs, outputs, weights):
    graph = h.make_graph(nodes, "g", inputs, outputs, [nh.from_array(np.asarray(value), key) for key, value in weights.items()])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path = OUT / name
    path.parent.mkdir(exist_ok=True)
    onnx.save(model, str(path), save_as_external_data=OPTIONS["external"], size_threshold=0)


VISION = [
    h.make_node("ReduceMean", [OPTIONS["image_in"]], ["mean"], axes=[2, 3], keepdims=0), h.make_node("MatMul", ["mean", "colour"], ["a"]),
    h.make_node("Flatten", [OPTIONS["image_in"]], ["flat"]), h.make_node("MatMul", ["flat", "pixels"], ["b"]),
    h.make_node("Add", ["a", "b"], [OPTIONS["image_out"]]),
]
IMAGE_IN = [port(OPTIONS["image_in"], T.FLOAT, "batch", 3, SIDE, SIDE)]
IMAGE_OUT = [port(OPTIONS["image_out"], T.FLOAT, "batch", WEIGHTS["colour"].shape[1])]
IMAGE_WEIGHTS = {"colour": WEIGHTS["colour"], "pixels": WEIGHTS["pixels"]}

TEXT = [
    h.make_node("Gather", ["words", "input_ids"], ["rows"], axis=0), h.make_node("Cast", ["attention_mask"], ["seen"], to=T.FLOAT),
    h.make_node("Unsqueeze", ["seen", "two"], ["column"]), h.make_node("Mul", ["rows", "column"], ["kept"]),
    h.make_node("ReduceSum", ["kept", "one"], ["sum"], keepdims=0), h.make_node("ReduceSum", ["seen", "one"], ["count"], keepdims=1),
    h.make_node("Div", ["sum", "count"], ["text_embeds"]),
]
TEXT_IN = [port(name, T.INT64, "batch", OPTIONS["length"] or "length") for name in ("input_ids", "attention_mask")]
TEXT_OUT = [port("text_embeds", T.FLOAT, "batch", WEIGHTS["words"].shape[1])]
TEXT_WEIGHTS = {"words": WEIGHTS["words"], "one": np.array([1], np.int64), "two": np.array([2], np.int64)}

if OPTIONS["both"]:
    save("onnx/model.onnx", VISION + TEXT, IMAGE_IN + TEXT_IN, IMAGE_OUT + TEXT_OUT, IMAGE_WEIGHTS | TEXT_WEIGHTS)
else:
    save(f"{OPTIONS['place']}vision_model{OPTIONS['variant']}.onnx", VISION, IMAGE_IN, IMAGE_OUT, IMAGE_WEIGHTS)
    save(f"{OPTIONS['place']}text_model.onnx", TEXT, TEXT_IN, TEXT_OUT, TEXT_WEIGHTS)
