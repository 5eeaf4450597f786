# 另一条路：核密度估计，每张训练图像周围按高斯核抽样，结果取整，按 8 × 8 保存
import numpy as np

rng = np.random.default_rng(5)
data = np.load("digits.npz")
labels = np.repeat(np.arange(10), 50)
WIDTH = 2.0  # 核的带宽，像素单位

samples = []
for digit in labels:
    own = data["images"][data["labels"] == digit]
    centre = own[rng.integers(len(own))]
    samples.append(np.clip(np.rint(centre + rng.normal(0, WIDTH, 64)), 0, 16).reshape(8, 8))

order = rng.permutation(500)
np.save("samples.npy", np.array(samples, np.uint8)[order])
np.save("labels.npy", labels[order])
