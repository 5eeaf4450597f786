# 把泵故障分类模型导出成 ONNX，并证明它与原模型说的一样。
# 程序要写出两个文件：model.onnx 和 source_labels.npy

import numpy as np
import pandas as pd

FEATURES = ["load", "speed", "vib_rms", "vib_kurtosis", "vib_1x", "bearing_temp", "flow", "pressure_ripple", "noise_hf"]

train = pd.read_csv("train.csv")
X = train[FEATURES].to_numpy(np.float32)
y = train["fault"].to_numpy()

# 第 1 步  训练一个模型（最好是带标准化的流水线）

# 第 2 步  转换成 ONNX，写出 model.onnx：输入名 features，输出名 label 和 probabilities

# 第 3 步  用 onnxruntime 载入 model.onnx，与原模型对照；把原模型对 X 的预测写入 source_labels.npy
