"""Pictures: how many, format, sharpness, quality, colours, near-duplicates. (Texts and labels: `image_texts`.)

Every grader here looks at the *distinct usable* pictures only. A picture is usable if it can be decoded and shows something:
one colour, a soft gradient, nothing but text, or nothing but noise is no picture (`Picture.hollow`). One that repeats an
earlier one (also mirrored or in another tint) counts once. So empty tricks earn nothing, and four copies a quarter.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key

from grading.errors import TaskError
from grading.graders._pictures import Count, judge, nth, spread
from grading.model import Mark, Spec
from grading.pictures import HUE_BIN, Measures, Picture, PictureSheet
from grading.registry import grader
from grading.text import show_number

Pixels = Annotated[int, Key(ge=1, le=20_000)]
Range = tuple[Annotated[float, Key(ge=0)], Annotated[float, Key(ge=0)]]


@grader
def picture_count(sheet: PictureSheet, *, count: Count) -> Mark:
    """Mark how many distinct usable pictures there are: found / wanted, at most all.

    Parameters
    ----------
    sheet : the measured pictures
    count : how many are wanted

    Returns
    -------
    Mark with the share of pictures that are there

    Examples
    --------
    >>> picture_count(PictureSheet(()), count=4).fraction
    0.0
    """
    return judge(sheet, count, lambda _picture, _measures: (1.0, ""), f"{count} 张能打开、有画面内容、互不重复的图片")


def _check_format(*, formats: object, width: object, height: object, ratio: object, max_kb: object, **_: object) -> None:
    if not (formats or width or height or ratio or max_kb):
        raise TaskError("formats、width、height、ratio、max_kb 至少写一个")


@grader(validate=_check_format)
def picture_format(
    sheet: PictureSheet, *, count: Count, formats: tuple[Literal["PNG", "JPEG", "WEBP"], ...] = (),
    width: Pixels | tuple[Pixels, Pixels] | None = None, height: Pixels | tuple[Pixels, Pixels] | None = None,
    ratio: tuple[Pixels, Pixels] | None = None, ratio_tol: Annotated[float, Key(ge=0, le=0.5)] = 0.01,
    max_kb: Annotated[int, Key(ge=1)] | None = None,
) -> Mark:
    """Mark format and size: pictures that keep all rules / wanted pictures.

    Parameters
    ----------
    sheet : the measured pictures
    count : how many are wanted
    formats : what a picture may be, by its content (empty: any that the field takes)
    width, height : pixels, exact or [smallest, largest], as the picture is seen
    ratio : width to height, e.g. [3, 4]
    ratio_tol : how far the ratio may be off, as a share of it
    max_kb : KiB of a file at most

    Returns
    -------
    Mark with the share of pictures of the right format and size

    Examples
    --------
    >>> picture_format(PictureSheet(()), count=4, width=768, height=1024).fraction
    0.0
    """
    sides = (("宽", width, "width"), ("高", height, "height"))

    def test(picture: Picture, measures: Measures) -> tuple[float, str]:
        problems = [f"是 {measures.format}"] if formats and measures.format not in formats else []
        for name, wanted, key in sides:
            found = getattr(measures, key)
            if wanted is not None and not spread(wanted)[0] <= found <= spread(wanted)[1]:
                problems.append(f"{name} {found}")
        if ratio and abs(measures.width * ratio[1] - measures.height * ratio[0]) > ratio_tol * measures.height * ratio[0]:
            problems.append(f"是 {measures.width}×{measures.height}")
        if max_kb and picture.size > max_kb * 1024:
            problems.append(f"有 {picture.size // 1024} KB")
        return float(not problems), "、".join(problems)

    parts = ["/".join(formats)] if formats else []
    parts += [f"{name} {_shown(wanted)} 像素" for name, wanted, _ in sides if wanted is not None]
    parts += [f"宽高比 {ratio[0]}:{ratio[1]}"] if ratio else []
    parts += [f"每张至多 {max_kb} KB"] if max_kb else []
    return judge(sheet, count, test, "，".join(parts))


def _shown(wanted: int | tuple[int, int]) -> str:
    return str(wanted) if isinstance(wanted, int) else f"{wanted[0]}–{wanted[1]}"


@grader
def sharp_enough(
    sheet: PictureSheet, *, count: Count, min: Annotated[float, Key(gt=0)], max_noise: Annotated[float, Key(gt=0)] = 20.0
) -> Mark:
    """Mark sharpness: pictures whose Laplacian varies by `min` or more, without much noise / wanted pictures.

    Parameters
    ----------
    sheet : the measured pictures
    count : how many are wanted
    min : smallest variance of the Laplacian; photos and drawings have some hundreds, blurred ones less than 20
    max_noise : largest standard deviation of the noise; noise would pass for sharpness

    Returns
    -------
    Mark with the share of sharp pictures

    Examples
    --------
    >>> sharp_enough(PictureSheet(()), count=4, min=100).fraction
    0.0
    """
    def test(_picture: Picture, measures: Measures) -> tuple[float, str]:
        if measures.noise > max_noise:
            return 0.0, f"噪点太多（{show_number(measures.noise)}）"
        blurred = measures.sharpness < min
        return float(not blurred), f"模糊（清晰度 {show_number(measures.sharpness)}）" if blurred else ""

    return judge(sheet, count, test, f"清晰度至少 {show_number(min)}，噪点至多 {show_number(max_noise)}")


class Band(Spec):
    """A score up to `at` earns `fraction`."""

    at: float
    fraction: Annotated[float, Key(ge=0, le=1)]


def _check_bands(*, bands: tuple[Band, ...], **_: object) -> None:
    places, shares = [band.at for band in bands], [band.fraction for band in bands]
    if places != sorted(set(places)) or shares != sorted(set(shares), reverse=True):
        raise TaskError("bands 从好到差写：at 越来越大，fraction 越来越小", key="args.bands")


@grader(validate=_check_bands)
def picture_quality(sheet: PictureSheet, *, count: Count, bands: Annotated[tuple[Band, ...], Key(min_length=1)]) -> Mark:
    """Mark quality by BRISQUE (Mittal et al. 2012), for photographs and pictures that look like them.

    Low is good: photos about 0–30, visible blur, noise or compression 50–100. Flat drawings read high although they are good,
    so no task that allows them should use this grader.

    Parameters
    ----------
    sheet : the measured pictures
    count : how many are wanted
    bands : from good to bad, [{at: 35, fraction: 1}, {at: 55, fraction: 0.5}]: a score up to `at` earns `fraction`

    Returns
    -------
    Mark with the sum of the pictures' fractions / wanted pictures

    Examples
    --------
    >>> picture_quality(PictureSheet(()), count=1, bands=[Band(at=35, fraction=1)]).fraction
    0.0
    """
    def test(_picture: Picture, measures: Measures) -> tuple[float, str]:
        if measures.brisque is None:
            return 0.0, "没有可以判断质量的内容"
        share = next((band.fraction for band in bands if measures.brisque <= band.at), 0.0)
        return share, "" if share == 1 else f"BRISQUE {show_number(measures.brisque)}"

    return judge(sheet, count, test, "BRISQUE " + "；".join(f"≤ {show_number(b.at)} 得 {b.fraction:.0%}" for b in bands))


def _check_colours(*, hues: tuple[tuple[int, int], ...], min_share: float, brightness: object, saturation: object, **_: object) -> None:
    if bool(hues) != bool(min_share):
        raise TaskError("hues 和 min_share 要一起写")
    if not hues and brightness is None and saturation is None:
        raise TaskError("hues（和 min_share）、brightness、saturation 至少写一个")
    if any(degree % HUE_BIN for pair in hues for degree in pair):
        raise TaskError(f"hues 的度数要是 {HUE_BIN} 的倍数", key="args.hues")


Degree = Annotated[int, Key(ge=0, le=360)]


@grader(validate=_check_colours)
def picture_colours(
    sheet: PictureSheet, *, count: Count, name: Annotated[str, Key(max_length=20)] = "", hues: tuple[tuple[Degree, Degree], ...] = (),
    min_share: Annotated[float, Key(ge=0, le=1)] = 0.0, brightness: Range | None = None, saturation: Range | None = None,
) -> Mark:
    """Mark colours: pictures with enough of a colour, bright enough and not too bright / wanted pictures.

    Parameters
    ----------
    sheet : the measured pictures
    count : how many are wanted
    name : what the brief calls the colour
    hues : degrees of the colour circle, [[160, 200]] for teal, [[340, 20]] for red; multiples of 10
    min_share : smallest share of the picture in these hues (grey, white and black pixels have none)
    brightness, saturation : [smallest, largest] mean, 0 to 1

    Returns
    -------
    Mark with the share of pictures in these colours

    Examples
    --------
    >>> picture_colours(PictureSheet(()), count=4, hues=[(160, 200)], min_share=0.3).fraction
    0.0
    """
    means = (("亮度", brightness, "brightness"), ("饱和度", saturation, "saturation"))
    called = name or "指定色"

    def test(_picture: Picture, measures: Measures) -> tuple[float, str]:
        share = round(sum(hue_share(measures.colours.hues, start, end) for start, end in hues), 3)
        problems = [f"{called}只占 {share:.0%}"] if share < min_share else []
        for what, wanted, key in means:
            found = getattr(measures.colours, key)
            if wanted is not None and not wanted[0] <= found <= wanted[1]:
                problems.append(f"{what} {show_number(found)}")
        return float(not problems), "、".join(problems)

    parts = [f"{called}（色相 {'、'.join(f'{a}°–{b}°' for a, b in hues)}）占画面 {min_share:.0%} 以上"] if hues else []
    parts += [f"{what} {show_number(wanted[0])}–{show_number(wanted[1])}" for what, wanted, _ in means if wanted is not None]
    return judge(sheet, count, test, "，".join(parts))


def hue_share(hues: tuple[float, ...], start: int, end: int) -> float:
    """Return the share of the pixels whose hue lies from `start` up to `end` degrees, over 0° if `start` is larger.

    >>> hue_share((0.5,) + (0.0,) * 34 + (0.25,), 350, 10)
    0.75
    """
    first, last = start // HUE_BIN, end // HUE_BIN
    chosen = hues[first:last] if first < last else hues[first:] + hues[:last]
    return sum(chosen)


@grader
def no_near_duplicates(sheet: PictureSheet, *, count: Annotated[int, Key(ge=2, le=12)]) -> Mark:
    """Mark that no two pictures show the same: (distinct usable pictures − 1) / (wanted − 1).

    Parameters
    ----------
    sheet : the measured pictures
    count : how many different pictures are wanted

    Returns
    -------
    Mark with fraction 1 if all are different, 0 if all are one

    Examples
    --------
    >>> no_near_duplicates(PictureSheet(()), count=4).fraction
    0.0
    """
    distinct, doubles = sheet.distinct(), sheet.doubles()
    fraction = max(0.0, min(1.0, (len(distinct) - 1) / (count - 1)))
    shown = f"{len(distinct)} 张互不相同"
    if doubles:
        named = "、".join(f"{nth(pair.first)}与{nth(pair.second)}" for pair in doubles[:3])
        what = "几乎相同" if not any(pair.mirrored for pair in doubles) else "几乎相同（含左右翻转）"
        return Mark(fraction, f"{count} 张互不相同", shown, f"{named}{what}；换颜色、换字、裁边都不算另一张。")
    if fraction < 1:
        return Mark(fraction, f"{count} 张互不相同", shown, f"能计入的图片不足 {count} 张，无从比较。")
    return Mark(1.0, f"{count} 张互不相同", shown, "没有雷同的图片。")
