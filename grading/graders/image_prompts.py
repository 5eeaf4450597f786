"""Pictures and their prompts, as a school's own CLIP model compared them (see `grading/runners/image/prompts.py`)."""

from __future__ import annotations

from typing import Literal

from grading.errors import TaskError
from grading.graders._bands import Bands, band_text, check_bands, earned
from grading.graders._pictures import Count, judge
from grading.graders.metric import Band
from grading.model import Mark
from grading.pictures import Measures, Picture, PictureSheet
from grading.prompts import PromptSheet
from grading.registry import grader
from grading.text import shorten

WORDS = {"share": "提示词的份额", "rank": "提示词在全部句子里的名次"}


def _check(*, bands: tuple[Band, ...], by: Literal["share", "rank"], **_: object) -> None:
    check_bands(bands, "higher" if by == "share" else "lower")
    if by == "rank" and any(band.at < 1 for band in bands):
        raise TaskError("名次从 1 起", key="args.bands")


@grader(validate=_check)
def prompt_match(
    sheet: PictureSheet, prompts: PromptSheet, *, count: Count, bands: Bands, by: Literal["share", "rank"] = "share"
) -> Mark:
    """Mark how well each picture fits its prompt beside the task's other sentences, by the CLIP model that the task names.

    Parameters
    ----------
    sheet : the measured pictures
    prompts : what the model said, from the run's output `prompts`
    count : how many pictures are wanted
    bands : from which share (0 to 1, the higher the better) or rank (1 is best) on which fraction is earned
    by : `share` of the softmax over all sentences, or `rank` among them

    Returns
    -------
    Mark with the sum of the pictures' fractions / wanted pictures

    Examples
    --------
    >>> prompt_match(PictureSheet(()), PromptSheet("0" * 64), count=4, bands=[Band(at=0.5, fraction=1)]).fraction
    0.0
    """
    better: Literal["higher", "lower"] = "higher" if by == "share" else "lower"

    def test(picture: Picture, _measures: Measures) -> tuple[float, str]:
        found = prompts.of(picture.number)
        if found is None:
            return 0.0, "没有对应的提示词"
        fraction = earned(found.share if by == "share" else found.rank, bands, better)
        shown = f"（份额 {found.share:.2f}，第 {found.rank} 名）"
        if fraction == 1:
            return 1.0, ""
        return fraction, f"更像“{shorten(found.nearest, 30)}”{shown}" if found.rank > 1 else f"像提示词，但不够明显{shown}"

    return judge(sheet, count, test, band_text(WORDS[by], bands, better))
