"""How a picture is prepared for a CLIP model: what `preprocessor_config.json` says, in the ways that Hugging Face has written it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of the pictures that OpenAI's CLIP was trained on, red, green, blue; Radford et al. 2021."""

SIDE = 224
BICUBIC = 3
MOST = 1024


@dataclass(frozen=True)
class Preparation:
    """The steps, in order.

    shortest : resize so that the shorter side has so many pixels, 0: resize to (`height`, `width`) instead; resample : number of
    Pillow's filter; crop : side of the square cut out of the middle, 0 for none; mean, deviation : of each channel, 0–1.
    """

    shortest: int
    height: int
    width: int
    crop: int
    resample: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


def preparation(config: Any, side: int | None) -> Preparation:
    """Return the steps in `config` ({} for CLIP's own); ValueError with a Chinese sentence without its full stop.

    side : what the model takes, None if any.
    """
    if not isinstance(config, Mapping):
        raise ValueError("应是一个 JSON 对象")
    shortest, height, width = _size(config.get("size", side or SIDE))
    crop = _crop(config.get("crop_size", side or SIDE)) if config.get("do_center_crop", True) else 0
    resample = config.get("resample", BICUBIC)
    if type(resample) is not int or not 0 <= resample <= 5:
        raise ValueError("resample 应是 0 到 5 的整数")
    if not all(config.get(key, True) for key in ("do_resize", "do_rescale", "do_normalize")):
        raise ValueError("do_resize、do_rescale、do_normalize 应为 true")
    factor = config.get("rescale_factor", 1 / 255)
    if not isinstance(factor, float) or not math.isclose(factor, 1 / 255, rel_tol=1e-3):
        raise ValueError("rescale_factor 应是 1/255")
    if crop and crop > (shortest or min(height, width)):
        raise ValueError("crop_size 比 size 大")
    ends = {crop} if crop else {height, width}
    if len(ends) > 1 or 0 in ends or (side is not None and ends != {side}):
        raise ValueError(f"准备好的图片应是正方形，边长与模型要的{f' {side} ' if side else ''}一致")
    mean, deviation = _channels(config, "image_mean", MEAN), _channels(config, "image_std", DEVIATION)
    if min(deviation) <= 0:
        raise ValueError("image_std 应大于 0")
    return Preparation(shortest, height, width, crop, resample, mean, deviation)


def _size(found: Any) -> tuple[int, int, int]:
    """Return (shorter side, height, width); either the first or the others are 0."""
    if isinstance(found, Mapping) and {"height", "width"} <= found.keys():
        return 0, _pixels(found["height"], "size"), _pixels(found["width"], "size")
    return _pixels(found.get("shortest_edge") if isinstance(found, Mapping) else found, "size"), 0, 0


def _crop(found: Any) -> int:
    if isinstance(found, Mapping):
        if found.get("height") != found.get("width"):
            raise ValueError("crop_size 应是正方形")
        found = found.get("height")
    return _pixels(found, "crop_size")


def _pixels(value: Any, key: str) -> int:
    if type(value) is not int or not 1 <= value <= MOST:
        raise ValueError(f"{key} 应是 1 到 {MOST} 的整数")
    return value


def _channels(config: Mapping[str, Any], key: str, default: tuple[float, float, float]) -> tuple[float, float, float]:
    found = config.get(key, default)
    if not isinstance(found, list | tuple) or len(found) != 3:
        raise ValueError(f"{key} 应有三个数")
    if not all(type(value) in (int, float) and math.isfinite(value) for value in found):
        raise ValueError(f"{key} 应有三个数")
    return float(found[0]), float(found[1]), float(found[2])
