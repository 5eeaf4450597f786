"""Sample evidence of models and of generated images."""

FACTS = {
    "size_bytes": 3012, "opset": 17, "ml_opset": 3, "ir_version": 8, "producer": "skl2onnx 1.20.0", "nodes": 12, "parameters": 472,
    "inputs": [], "outputs": [], "latency_ms": 0.21, "reference_ms": 0.8, "error": "",
}
CONFUSION = {
    "labels": ["0", "1", "2"], "strange": True, "rows": [[50, 2, 0, 0], [3, 41, 1, 1], [0, 0, 38, 0]], "recall": [0.962, 0.891, 1.0],
    "precision": [0.943, 0.953, None], "accuracy": 0.949,
}
PORTS = {"inputs": ["features: float32[N, 9]"], "outputs": ["label: int64[N]", "probabilities: float32[N, 4]"]}
RUN = {
    "kind": "model", "facts": FACTS, "ports": PORTS, "ratio": 0.26, "latency_ms": 0.21, "said": [["0", 240], ["3", 120], ["1", 118]],
    "count": 478, "first": ["0", "3"], "confusion": CONFUSION,
}
BROKEN = {
    "kind": "model", "facts": {**FACTS, "ir_version": 0, "error": "文件不是完整的 ONNX 模型：可能没有导出完，或只是改了扩展名。"},
    "ports": {"inputs": [], "outputs": []}, "ratio": None, "latency_ms": None,
}
MARK = {"kind": "model", "confusion": {**CONFUSION, "strange": False, "rows": [row[:3] for row in CONFUSION["rows"]]}}

IMAGE = [level % 10 for level in range(64)]
FIGURES = {"label_accuracy": 0.986, "frechet": 0.093, "diversity": 0.872, "recall": 0.815, "memorised": 0.004}
SHEET = {
    "kind": "digits", "side": 8, "figures": FIGURES, "count": 500, "sheet": [{"label": n, "images": [IMAGE] * 6} for n in range(10)],
}
UNSHOWN = {"kind": "digits", "side": 8, "problem": "每个类别要正好 50 张，而标签 0 有 49 张。"}
COPIES = {"kind": "digits", "side": 8, "pairs": [{"number": n, "made": IMAGE, "given": IMAGE[::-1]} for n in range(6)]}
