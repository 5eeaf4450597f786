"""BRISQUE: quality of a picture without a reference.

A. Mittal, A. K. Moorthy, A. C. Bovik: No-Reference Image Quality Assessment in the Spatial Domain, IEEE Transactions on Image
Processing 21 (2012), 4695–4708. The features are written anew here; the trained support vectors are read from the package
`brisque` (Apache-2.0), whose code is not imported.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

_KERNEL = np.outer(cv2.getGaussianKernel(7, 7 / 6), cv2.getGaussianKernel(7, 7 / 6))
_GREY = np.array([0.2125, 0.7154, 0.0721])
_EPSILON = 1 / 255
SMALLEST_SPREAD = 1e-8

LOW = np.array([
    0.336999, 0.019667, 0.23, -0.125959, 0.000167, 0.000616, 0.231, -0.125873, 0.000165, 0.0006, 0.241, -0.128814,
    0.000179, 0.000386, 0.243, -0.13308, 0.000182, 0.000421, 0.436998, 0.016929, 0.247, -0.200231, 0.000104, 0.000834,
    0.257, -0.200017, 0.000112, 0.000876, 0.257, -0.155072, 0.000112, 0.000356, 0.258, -0.154374, 0.000117, 0.000351,
])
HIGH = np.array([
    9.999411, 0.807472, 1.644021, 0.202917, 0.712384, 0.468672, 1.644021, 0.169548, 0.713132, 0.467896, 1.553016,
    0.101368, 0.687324, 0.533087, 1.554016, 0.101, 0.689177, 0.533133, 3.639918, 0.800955, 1.096995, 0.175286, 0.755547,
    0.39927, 1.095995, 0.155928, 0.751488, 0.402398, 1.041992, 0.093209, 0.623516, 0.532925, 1.042992, 0.093714,
    0.621958, 0.534484,
])
"""Smallest and largest value of each feature among the pictures that the model was trained on."""


@cache
def _model() -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return coefficients, support vectors, gamma and rho."""
    spec = find_spec("brisque")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "models"
    head, _, body = (folder / "svm.txt").read_text("ascii").partition("\nSV\n")
    facts = dict(line.split(" ", 1) for line in head.splitlines())
    rows = [[float(cell.rpartition(":")[2]) for cell in line.split()] for line in body.splitlines()]
    table = np.array(rows)
    return table[:, 0], table[:, 1:], float(facts["gamma"]), float(facts["rho"])


def brisque(view: np.ndarray) -> float | None:
    """Return the score, one decimal: about 0 (good) to 100 (bad); None for a picture without any change in brightness."""
    grey = (view.astype(np.float64) / 255) @ _GREY
    if float(grey.std()) < _EPSILON:
        return None
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_CUBIC)
    first, second = features(grey), features(small)
    if first is None or second is None:
        return None
    coefficients, vectors, gamma, rho = _model()
    scaled = -1 + 2 * (np.array(first + second) - LOW) / (HIGH - LOW)
    kernel = np.exp(-gamma * np.square(vectors - scaled).sum(axis=1))
    return round(min(300.0, max(-200.0, float(coefficients @ kernel) - rho)), 1)


def features(grey: np.ndarray) -> list[float] | None:
    """Return the 18 features of one scale, None if there is nothing to fit.

    grey : brightness, 0 to 1. They are shape and variance of the normalised brightness, and shape, mean, left and right
    variance of the products of neighbours in four directions.
    """
    normal = normalised(grey)
    found: list[float] = []
    neighbours = (
        normal, normal[:, :-1] * normal[:, 1:], normal[:-1] * normal[1:], normal[:-1, :-1] * normal[1:, 1:],
        normal[1:, :-1] * normal[:-1, 1:],
    )
    for place, values in enumerate(neighbours):
        fit = asymmetric_gaussian(values)
        if fit is None:
            return None
        shape, mean, left, right = fit
        found += [shape, (left**2 + right**2) / 2] if place == 0 else [shape, mean, left**2, right**2]
    return found


def normalised(grey: np.ndarray) -> np.ndarray:
    """Return the brightness minus its local mean, by its local deviation (MSCN coefficients)."""
    mean = cv2.filter2D(grey, cv2.CV_64F, _KERNEL, borderType=cv2.BORDER_CONSTANT)
    squares = cv2.filter2D(grey * grey, cv2.CV_64F, _KERNEL, borderType=cv2.BORDER_CONSTANT)
    normal: np.ndarray = (grey - mean) / (np.sqrt(np.abs(squares - mean * mean)) + _EPSILON)
    return normal


def asymmetric_gaussian(values: np.ndarray) -> tuple[float, float, float, float] | None:
    """Fit an asymmetric generalised Gaussian by moments; return shape, mean, left and right deviation."""
    squares = np.square(values)
    below, above = squares[values < 0], squares[values >= 0]
    if not below.size or not above.size or squares.mean() < SMALLEST_SPREAD:
        return None
    left, right = math.sqrt(float(below.mean())), math.sqrt(float(above.mean()))
    if right < SMALLEST_SPREAD:
        return None
    gamma = left / right
    ratio = float(np.abs(values).mean()) ** 2 / float(squares.mean())
    shape = _shape(ratio * (gamma**3 + 1) * (gamma + 1) / (gamma**2 + 1) ** 2)
    scale = math.exp((math.lgamma(1 / shape) - math.lgamma(3 / shape)) / 2)
    mean = (right - left) * scale * math.exp(math.lgamma(2 / shape) - math.lgamma(1 / shape))
    return shape, mean, left, right


def _shape(ratio: float) -> float:
    """Return the shape whose ratio of moments is `ratio`, by halving [0.1, 20] (the ratio grows with the shape)."""
    low, high = 0.1, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        moments = math.exp(2 * math.lgamma(2 / middle) - math.lgamma(1 / middle) - math.lgamma(3 / middle))
        low, high = (middle, high) if moments < ratio else (low, middle)
    return (low + high) / 2
