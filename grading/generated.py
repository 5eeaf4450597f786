"""How good generated images of digits (or other small labelled patterns) are, against real ones that the generator never saw.

Images are rows of numbers from 0 to 1. Five figures, because no single one tells honest models from tricks: copies of the
training images have the best Fréchet distance, one image per class the best label accuracy, noise the greatest diversity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from grading.text import shorten

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, Any]

COMPONENTS = 20
"""Principal components in which Fréchet distance is measured."""

NEAR = 0.5
"""A generated image nearer to a real image than this share of what is usual between real ones counts as its copy."""

RADIUS = 0.9
"""Quantile of the distances between real images that still counts as covered."""


@dataclass(frozen=True)
class Figures:
    """What was measured.

    label_accuracy : share of images that the judge sees as what they are called; frechet : distance of the distributions;
    diversity : spread within the classes beside that of real images (1 is best); recall : share of real images with a
    generated one near; memorised : share of near copies of real images.
    """

    label_accuracy: float
    frechet: float
    diversity: float
    recall: float
    memorised: float


class Judge:
    """Measures generated images against `hidden` real ones; `train` : the images that the generator was given.

    The judge of labels (a support vector machine) and the principal components are fitted to the hidden images only.
    """

    def __init__(self, train: Matrix, hidden: Matrix, labels: Matrix) -> None:
        self.train, self.hidden, self.labels = train, hidden, labels

    @cached_property
    def _classifier(self) -> Any:
        from sklearn.svm import SVC

        return SVC(gamma="scale", C=10).fit(self.hidden, self.labels)

    @cached_property
    def _plane(self) -> Any:
        from sklearn.decomposition import PCA

        return PCA(min(COMPONENTS, self.hidden.shape[1]), svd_solver="full").fit(self.hidden)

    @cached_property
    def _usual(self) -> Matrix:
        """Distance of every hidden image to the nearest training image; of every training image to the nearest other one, if
        there are no hidden ones."""
        return nearest(self.train, self.hidden, skip=int(self.hidden is self.train))[0]

    @cached_property
    def real(self) -> Matrix:
        """All real images: the hidden ones of a public data set can be found elsewhere, and copied too."""
        import numpy as np

        return self.train if self.hidden is self.train else np.vstack([self.train, self.hidden])

    def copies(self, images: Matrix) -> Matrix:
        """Return for each image whether it is a near copy of a real image."""
        import numpy as np

        found: Matrix = nearest(self.real, images)[0] < NEAR * float(np.median(self._usual))
        return found

    def label_accuracy(self, images: Matrix, labels: Matrix) -> float:
        """Return the share of images that the judge sees as `labels`."""
        return float((self._classifier.predict(images) == labels).mean())

    def frechet(self, images: Matrix) -> float:
        """Return |μ₁ − μ₂|² + tr(C₁ + C₂ − 2(C₁C₂)^½) of the images in the judge's principal components.

        Heusel et al., GANs Trained by a Two Time-Scale Update Rule…, 2017, with principal components in place of Inception's.
        """
        import numpy as np

        a, b = self._plane.transform(images), self._plane.transform(self.hidden)
        c, d = np.cov(a.T), np.cov(b.T)
        values, vectors = np.linalg.eigh(d)
        root = vectors @ np.diag(np.sqrt(np.clip(values, 0, None))) @ vectors.T
        both = np.sqrt(np.clip(np.linalg.eigvalsh(root @ c @ root), 0, None)).sum()  # tr (C₁C₂)^½
        return max(0.0, float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(c) + np.trace(d) - 2 * both))

    def diversity(self, images: Matrix, labels: Matrix) -> float:
        """Return the spread within the classes as a share of that of real images, or its inverse if it is larger: 1 is best.

        Spread is the mean over the classes of the mean standard deviation, once of the pixels and once of the principal
        components; the worse of both counts, because noise upon one image per class spreads in the pixels only.
        """
        import numpy as np

        shares = []
        for view in (lambda x: x, self._plane.transform):
            mine, real = view(images), view(self.hidden)
            ratios = [
                mine[labels == label].std(0).mean() / real[self.labels == label].std(0).mean() if (labels == label).any() else 0.0
                for label in np.unique(self.labels)
            ]
            shares.append(float(np.mean(ratios)))
        return min(min(share, 1 / share) if share > 0 else 0.0 for share in shares)

    def recall(self, images: Matrix) -> float:
        """Return the share of hidden images that have a generated one within the radius of real images.

        Recall of Kynkäänniemi et al., Improved Precision and Recall Metric for Assessing Generative Models, 2019, but with
        one radius, taken from real images: with radii of the generated ones noise would cover everything.
        """
        import numpy as np

        return float((nearest(images, self.hidden)[0] < np.quantile(self._usual, RADIUS)).mean())

    def figures(self, images: Matrix, labels: Matrix) -> Figures:
        """Return all figures, rounded to three places: of the images that are no copies, unless nearly all are."""
        copied = self.copies(images)
        own = ~copied if copied.mean() <= 0.5 else copied | True  # too few would be left to measure
        kept, named = images[own], labels[own]
        found = (
            self.label_accuracy(kept, named), self.frechet(kept), self.diversity(kept, named), self.recall(kept),
            float(copied.mean()),
        )  # fmt: skip
        return Figures(*(round(value, 3) for value in found))


def nearest(reference: Matrix, images: Matrix, skip: int = 0) -> tuple[Matrix, Matrix]:
    """Return for each of `images` the Euclidean distance to its nearest one in `reference`, and which that is; skip : 1 to pass
    over the nearest one, which is itself."""
    from sklearn.neighbors import NearestNeighbors

    distances, places = NearestNeighbors(n_neighbors=1 + skip, algorithm="brute").fit(reference).kneighbors(images)
    return distances[:, skip], places[:, skip]


def prepare(
    samples: Matrix, labels: Matrix, *, classes: Sequence[int], each: int, pixels: int, scale: float
) -> tuple[Matrix, Matrix] | str:
    """Return images (rows from 0 to 1) and their labels, or one Chinese sentence about what is wrong with them.

    classes, each : so many images of each class are wanted; pixels : numbers of one image; scale : the value of a full pixel.
    """
    import numpy as np

    count, side = each * len(classes), round(pixels**0.5)
    if samples.dtype.kind not in "iuf" or samples.shape not in ((count, pixels), (count, side, side)):
        shapes = f"({count}, {pixels}) 或 ({count}, {side}, {side})"
        return f"图像数组应是形状为 {shapes} 的数字，实际是 {shorten(str(samples.shape), 60)}（{samples.dtype}）。"
    if labels.dtype.kind not in "iu" or labels.shape not in ((count,), (count, 1)):
        return f"标签数组应是 {count} 个整数，实际是 {shorten(str(labels.shape), 60)}（{labels.dtype}）。"
    images, named = samples.reshape(count, pixels).astype(float), labels.reshape(count).astype(int)
    if not np.isfinite(images).all() or images.min() < -1e-6 or images.max() > scale * (1 + 1e-6):
        return f"像素应在 0 到 {scale:g} 之间，没有 NaN；请先裁剪（np.clip）再保存。"
    uneven = [f"{label} 有 {int((named == label).sum())} 张" for label in classes if (named == label).sum() != each]
    if uneven:
        return f"每个类别要正好 {each} 张，而标签 {uneven[0]}。"
    return np.clip(images / scale, 0, 1), named


@lru_cache(maxsize=4)
def read_judge(data: bytes, scale: float) -> Judge:
    """Return the judge of an NPZ file with `train`, `hidden`, `hidden_labels`; scale : the value of a full pixel. ValueError,
    KeyError if it is none."""
    import numpy as np

    with np.load(BytesIO(data), allow_pickle=False) as archive:
        train, hidden, labels = (archive[name] for name in ("train", "hidden", "hidden_labels"))
    return Judge(train.reshape(len(train), -1) / scale, hidden.reshape(len(hidden), -1) / scale, labels)
