# 手写数字生成器：学会给出的数字图像，再画出 500 张新的，每个数字 50 张。
# 程序要写出 samples.npy（500 × 64，像素 0 到 16）和 labels.npy（500 个整数）。

import numpy as np

data = np.load("digits.npz")
images, labels = data["images"].astype(float), data["labels"]  # (898, 64)、(898,)

# 第 1 步  为每个数字建立一个能抽样的模型

# 第 2 步  每个数字抽 50 张，裁剪到 0 至 16

# 第 3 步  np.save("samples.npy", …)，np.save("labels.npy", …)
