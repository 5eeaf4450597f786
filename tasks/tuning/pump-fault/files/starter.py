# 泵故障模型调参：用按泵分组的验证比较至少 12 组设置，选最好的一组，对 test_inputs.csv 预测。
# 程序要写出 predictions.csv 和 trials.csv，并留下变量 n_shared。

import pandas as pd

FEATURES = ["load", "speed", "vib_rms", "vib_kurtosis", "vib_1x", "bearing_temp", "flow", "pressure_ripple", "noise_hf", "current"]

train = pd.read_csv("train.csv")
test = pd.read_csv("test_inputs.csv")
X, y, pump = train[FEATURES], train["fault"], train["pump"]

# 第 1 步  按泵分组划分训练和验证（每台泵有 6 条读数）

# 第 2 步  逐组设置训练、验证，把参数和分数记进 trials.csv

# 第 3 步  用最好的设置在全部训练数据上训练，写出 predictions.csv
