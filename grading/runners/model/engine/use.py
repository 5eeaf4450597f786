"""Run a model with onnxruntime, on one thread, and read labels and probabilities from whatever outputs it has."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime

from .given import Inputs, rows
from .look import ModelError, plain

DTYPES: dict[str, Any] = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16, "tensor(int64)": np.int64,
    "tensor(int32)": np.int32, "tensor(uint8)": np.uint8, "tensor(bool)": np.bool_, "tensor(string)": np.object_,
}
MAX_CLASSES = 1000


class Used:
    """A model that is ready to run."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.ports = session.get_inputs()
        self.outputs = [port.name for port in session.get_outputs()]

    def feed(self, inputs: Inputs) -> dict[str, Any]:
        """Return `inputs` as the model wants them; ModelError says what it wants instead."""
        return _feed(self.ports, inputs)

    def run(self, feed: dict[str, Any]) -> list[Any]:
        """Return the outputs for `feed`; ModelError if the model fails."""
        try:
            found: list[Any] = self.session.run(None, feed)
        except Exception as error:  # onnxruntime has its own exceptions, one for each status
            raise ModelError(f"模型运行出错：{short(error)}") from None
        return found

    def predict(self, inputs: Inputs) -> tuple[list[Any], list[list[float]] | None]:
        """Return a label or value for each example, and the probabilities of the classes if the model gives any."""
        return read_outputs(dict(zip(self.outputs, self.run(self.feed(inputs)), strict=True)), rows(inputs))


def open_model(data: bytes) -> Used:
    """Return the model of an ONNX file; ModelError if onnxruntime does not take it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return Used(onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"]))
    except Exception as error:
        raise ModelError(f"onnxruntime 不能载入模型：{short(error)}") from None


def short(error: Exception) -> str:
    """Return the first line of an error of onnxruntime as the end of a sentence."""
    lines = str(error).splitlines() or [type(error).__name__]
    said = "".join(sign if sign.isprintable() else " " for sign in lines[0].split(" : ", 2)[-1])
    return said.strip().rstrip("。.")[:140] + "。"


def _feed(ports: Any, inputs: Inputs) -> dict[str, Any]:
    if not ports:
        raise ModelError("模型没有输入，不能用来预测。")
    if len(ports) == 1:
        arrays = {ports[0].name: _matrix(inputs)}
    elif all(port.name in inputs for port in ports):
        arrays = {port.name: inputs[port.name].reshape(len(inputs[port.name]), -1) for port in ports}
    else:
        lacking = next(port.name for port in ports if port.name not in inputs)
        raise ModelError(f"模型有 {len(ports)} 个输入，其中 {plain(lacking)} 不是数据里的列名；应只有一个输入，或每列一个、与列同名。")
    return {port.name: _fitted(port, arrays[port.name]) for port in ports}


def _matrix(inputs: Inputs) -> Any:
    arrays = list(inputs.values())
    return arrays[0] if len(arrays) == 1 and "" in inputs else np.column_stack(arrays)


def _fitted(port: Any, array: Any) -> Any:
    """Return `array` in the type of an input; ModelError if its shape is another."""
    dtype = DTYPES.get(port.type)
    if dtype is None:
        raise ModelError(f"模型的输入 {plain(port.name)} 类型是 {port.type}，应是 tensor(float)。")
    sides = [side if isinstance(side, int) and side > 0 else None for side in port.shape]
    if sides and sides[0] is not None and sides[0] != len(array):
        raise ModelError(f"模型的输入 {plain(port.name)} 一次只收 {sides[0]} 行；导出时第一维应写 None，才能预测任意多行。")
    fits = len(sides) == array.ndim and all(side in (None, length) for side, length in zip(sides, array.shape, strict=True))
    if sides and not fits:
        wanted = [None, *array.shape[1:]]
        raise ModelError(f"模型的输入 {plain(port.name)} 形状是 {sides}，与数据的 {wanted} 不符；应按数据的特征列数导出。")
    try:
        if dtype is np.object_:
            return np.asarray([str(item) for item in array.ravel()], object).reshape(array.shape)
        return array.astype(dtype)
    except (ValueError, TypeError):
        raise ModelError(f"模型的输入 {plain(port.name)} 要 {port.type}，而数据里有不能这样转换的列。") from None


def read_outputs(outputs: dict[str, Any], count: int) -> tuple[list[Any], list[list[float]] | None]:
    """Return labels (or values) and probabilities for `count` examples.

    A sequence of maps (skl2onnx's `zipmap`) counts as probabilities by sorted class. Without an output of labels, the most
    probable class's number is the label.
    """
    labels: Any = None
    values: Any = None
    shares: Any = None
    for value in outputs.values():
        array = _probabilities(value, count) if isinstance(value, list) else np.asarray(value)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim == 0 or len(array) != count or array.ndim > 2:
            continue
        if array.ndim == 1 and array.dtype.kind in "iubOUS" and labels is None:
            labels = array
        elif array.ndim == 1 and array.dtype.kind == "f" and values is None:
            values = array
        elif array.ndim == 2 and array.dtype.kind == "f" and array.shape[1] <= MAX_CLASSES and shares is None:
            shares = array
    for found in (values if labels is None else None, shares):
        if found is not None and not np.isfinite(found).all():
            raise ModelError(f"模型的输出里有 {int((~np.isfinite(found)).sum())} 个 NaN 或无穷大，不能作为预测。")
    if labels is None and values is None and shares is None:
        raise ModelError("模型没有一行一个结果的输出；应输出每行的类别（或数值）。")
    chosen = labels if labels is not None else values if values is not None else shares.argmax(axis=1)
    plain = [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in chosen.tolist()]
    return plain, None if shares is None else [[float(f"{share:.7g}") for share in row] for row in shares.tolist()]


def _probabilities(value: list[Any], count: int) -> Any:
    """Return a sequence of maps class → probability as a matrix, classes sorted; an empty array if it is something else."""
    if len(value) != count or not all(isinstance(item, dict) for item in value) or not value:
        return np.empty(0)
    classes = sorted(value[0], key=str)
    return np.array([[row.get(name, np.nan) for name in classes] for row in value], float)
