"""What graders of pictures share: which pictures count, and how a mark is put into words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field as Key

from grading.model import Mark
from grading.pictures import Measures, Picture, PictureSheet
from grading.text import shorten

Count = Annotated[int, Key(ge=1, le=12)]
Test = Callable[[Picture, Measures], tuple[float, str]]
"""(picture, its measures) → its fraction, and what is wrong with it ("" if nothing is)."""


def nth(number: int) -> str:
    """Return what people call picture `number` (from 0)."""
    return f"第 {number + 1} 张"


def spread(wanted: int | tuple[int, int]) -> tuple[int, int]:
    """Return smallest and largest value of what an author wrote."""
    return (wanted, wanted) if isinstance(wanted, int) else wanted


def excluded(sheet: PictureSheet) -> list[tuple[int, str]]:
    """Return for every picture that does not count why it does not."""
    kept = {picture.number for picture in sheet.distinct()}
    return [(picture.number, _why(sheet, picture)) for picture in sheet.pictures if picture.number not in kept]


def listed(problems: list[tuple[int, str]]) -> list[str]:
    """Return the problems in words, pictures with the same one together.

    >>> listed([(0, "模糊"), (2, "高 768"), (3, "模糊")])
    ['第 1、4 张模糊', '第 3 张高 768']
    """
    by_reason: dict[str, list[int]] = {}
    for number, why in sorted(problems):
        by_reason.setdefault(why, []).append(number)
    return [f"第 {'、'.join(str(n + 1) for n in numbers)} 张{why}" for why, numbers in by_reason.items()]


def _why(sheet: PictureSheet, picture: Picture) -> str:
    if picture.problem or picture.measures is None:
        return "不能解码"
    if picture.hollow:
        return "全是噪点，不算图片" if picture.hollow == "noise" else "只有纯色、渐变或文字，不算图片"
    pair = next((p for p in sheet.doubles() if p.second == picture.number), None)
    return f"与{nth(pair.first)}几乎相同，不重复计" if pair else "不能计入"


def judge(sheet: PictureSheet, count: int, test: Test, expected: str) -> Mark:
    """Return the mark: sum of the fractions of the distinct usable pictures / `count`."""
    chosen = sheet.distinct()[:count]
    found = [(picture, *test(picture, picture.measures)) for picture in chosen if picture.measures]
    good = sum(fraction == 1 for _, fraction, _ in found)
    fraction = min(1.0, sum(share for _, share, _ in found) / count)
    problems = listed([(picture.number, why) for picture, _, why in found if why] + excluded(sheet))
    if len(sheet.pictures) < count:
        problems.append(f"只交了 {len(sheet.pictures)} 张")
    reason = "；".join(problems[:4]) if problems and fraction < 1 else f"{count} 张都符合"
    return Mark(fraction, shorten(expected, 180), f"{good}/{count} 张符合", f"{shorten(reason, 180)}。")
