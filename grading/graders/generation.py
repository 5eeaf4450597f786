"""Generated images beside real ones that the generator never saw: five figures, each its own point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Key

from grading.arrays import Array
from grading.errors import TaskError
from grading.generated import Figures, Judge, nearest, prepare, read_judge
from grading.graders._bands import Bands, band_text, check_bands, earned, read_bands
from grading.graders.metric import Better
from grading.model import Evidence, Mark
from grading.registry import KeyFile, grader

if TYPE_CHECKING:
    from grading.generated import Matrix

Measure = Literal["label_accuracy", "frechet", "diversity", "recall", "memorised"]
SHOWN = 6
"""Near copies that the score sheet shows beside their models."""

RECOGNISABLE = 0.5
"""Label accuracy below which nothing is earned for not copying: noise copies nobody."""


@dataclass(frozen=True)
class _Way:
    """How a measure is called, which way is better, and what to do if it is bad."""

    name: str
    better: Better
    advice: str


WAYS: dict[str, _Way] = {
    "label_accuracy": _Way("标签准确率", "higher", "有些图像与标签不符：按类别分别建模，检查标签的顺序。"),
    "frechet": _Way("Fréchet 距离", "lower", "分布与真实图像差得远：均值和协方差都要像，单靠平均图像或独立噪声不行。"),
    "diversity": _Way("多样性", "higher", "类内的变化与真实图像不一样大：太小是模式坍塌，太大是噪声。"),
    "recall": _Way("召回率（覆盖）", "higher", "许多真实写法没有相近的生成图像：增加模型的成分或自由度。"),
    "memorised": _Way("近似副本的比例", "lower", "不少图像几乎就是真实图像：模型要能产生新的图像，不能抽取或轻微改动原图。"),
}


def _check(*, measure: str, bands: Bands, key: KeyFile, scale: float, **_: object) -> None:
    check_bands(bands, WAYS[measure].better)
    try:
        read_judge(key.path.read_bytes(), scale)
    except (ValueError, KeyError, OSError) as error:
        raise TaskError(f"应是含 train、hidden、hidden_labels 的 .npz 文件：{error}", file=key.path) from None


@grader(validate=_check)
def generation(
    found: Array, labels: Array, *, key: KeyFile, measure: Measure, bands: Bands, each: Annotated[int, Key(ge=2, le=1000)],
    scale: Annotated[float, Key(gt=0)] = 1.0,
) -> Mark:
    """Mark generated images by one measure, against real images that are hidden from the candidate.

    A near copy of a real image (given or hidden) is no generated image. All measures but `memorised` leave copies out, and earn nothing if
    these are more than half; `memorised` earns nothing for images that nobody recognises.

    * `label_accuracy`: share of images that a support vector machine, trained on the hidden images only, sees as labelled
    * `frechet`: |μ₁ − μ₂|² + tr(C₁ + C₂ − 2(C₁C₂)^½) in 20 principal components of the hidden images (Heusel et al., 2017, there
      of features of Inception); 0 is best
    * `diversity`: spread within the classes as a share of the real one, or its inverse; 1 is best
    * `recall`: share of hidden images with a generated one near, after Kynkäänniemi et al., 2019
    * `memorised`: share of images nearer to a real image than half of what is usual between real images

    Parameters
    ----------
    found : the images, (n, pixels) or (n, side, side), from 0 to `scale`
    labels : their n classes
    key : NPZ in `key/` with the arrays `train` (images given to candidates), `hidden` and `hidden_labels`
    measure : what to measure
    bands : `at` and `fraction`
    each : how many images of every class must be there
    scale : the value of a full pixel

    Returns
    -------
    Mark with the fraction of the band reached

    Examples
    --------
    >>> import pathlib, tempfile, numpy
    >>> random, path = numpy.random.default_rng(0), pathlib.Path(tempfile.mkdtemp()) / "key.npz"
    >>> real, classes = random.random((80, 16)) * 0.3, numpy.arange(80) % 2
    >>> real[classes == 1, :8] += 0.6
    >>> numpy.savez(path, train=real[:40], hidden=real[40:], hidden_labels=classes[40:])
    >>> mark = generation(
    ...     real[:40], classes[:40], key=KeyFile(path), measure="memorised", bands=[{"at": 0.1, "fraction": 1}], each=20)
    >>> mark.fraction, mark.found, mark.expected
    (0.0, '近似副本的比例 1', '近似副本的比例 ≤ 0.1 得满分')
    """
    levels, way = read_bands(bands), WAYS[measure]
    expected = band_text(way.name, levels, way.better)
    judge = read_judge(key.path.read_bytes(), scale)
    ready = _ready(found, labels, judge, each, scale)
    if isinstance(ready, str):
        return Mark(0.0, expected, "不能评价", ready, "unreadable")
    images, named = ready
    measured = _measured(images.tobytes(), named.tobytes(), key.path.read_bytes(), scale, images.shape)
    if measure == "memorised":
        return _memorised(judge, images, measured, expected, lambda value: earned(value, levels, "lower"))
    if measured.memorised > 0.5:
        return Mark(0.0, expected, f"副本 {measured.memorised:.1%}", "半数以上是真实图像的近似副本，不算生成的图像，本项不得分。")
    value = getattr(measured, measure)
    fraction = earned(value, levels, way.better)
    return Mark(fraction, expected, f"{way.name} {value:g}", "达到满分线。" if fraction == 1 else way.advice)


def _ready(found: Any, labels: Any, judge: Judge, each: int, scale: float) -> tuple[Matrix, Matrix] | str:
    classes = sorted({int(label) for label in judge.labels})
    return prepare(found, labels, classes=classes, each=each, pixels=judge.hidden.shape[1], scale=scale)


@lru_cache(maxsize=8)
def _measured(images: bytes, labels: bytes, key: bytes, scale: float, shape: tuple[int, int]) -> Figures:
    """Measure once for all points of a task."""
    import numpy as np

    judge = read_judge(key, scale)
    every, named = np.frombuffer(images, float).reshape(shape), np.frombuffer(labels, int)
    return judge.figures(every, named)


def _memorised(judge: Judge, images: Matrix, measured: Figures, expected: str, share: Callable[[float], float]) -> Mark:
    shown = f"{WAYS['memorised'].name} {measured.memorised:g}"
    if measured.label_accuracy < RECOGNISABLE:
        return Mark(0.0, expected, shown, "图像大多认不出是什么，没有照抄也不能得分。")
    fraction = share(measured.memorised)
    copied = _copies(judge, images) if measured.memorised > 0 else None
    return Mark(fraction, expected, shown, "基本没有照抄真实图像。" if fraction == 1 else WAYS["memorised"].advice, evidence=copied)


def _copies(judge: Judge, images: Matrix) -> Evidence:
    """The nearest copies beside the real images that they are like."""
    distances, places = nearest(judge.real, images)
    order = sorted(range(len(images)), key=lambda n: (round(float(distances[n]), 6), n))[:SHOWN]
    pairs = [{"number": n, "made": grid(images[n]), "given": grid(judge.real[places[n]])} for n in order]
    return {"kind": "digits", "side": round(images.shape[1] ** 0.5), "pairs": pairs}


def grid(image: Any) -> list[int]:
    """Return an image as grey levels from 0 to 9, for evidence."""
    return [round(float(value) * 9) for value in image]
