"""Whose voice a clip has, whether it is a copy, and what it says, by the measures that runner `audio` made of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Key

from grading.graders._bands import Bands, band_text, earned, rising
from grading.model import Mark
from grading.registry import grader
from grading.sound import SILENT, Sound
from grading.text import shorten

Share = Annotated[float, Key(ge=0, le=1)]
NOT_COMPARED = "这个运行没有给出用来比较的内容。"


@grader(version=2, validate=rising)
def speaker_similarity(
    found: Sound, *, bands: Bands, min_target: Share = 0.0, max_copied: Share = 0.5, min_agreement: Share = 0.0
) -> Mark:
    """Mark whose voice it is: similarity to the target minus similarity to the source, in bands.

    Parameters
    ----------
    found : the measured clip, from a run that names clips of the target and of the source
    bands : from which difference on which share is earned
    min_target : similarity to the target below which nothing is earned
    max_copied : share of the clip copied from a given one above which nothing is earned: its voice is then not made
    min_agreement : agreement with the run's sentence (0 to 1) below which nothing is earned: a clip made beforehand has the
        target's voice, but says something else; 0 : the sentence does not matter

    Returns
    -------
    Mark with the fraction of the highest band reached; a clip without speech earns nothing

    Examples
    --------
    >>> from grading.graders.metric import Band
    >>> clip = Sound("WAV", "PCM_16", 16000, 1, 3.5, -20.0, 0.8, 0.0, 3.0, 0.86, 0.2, 0.3, 3.1, 4.0, 2.8, 0.81, 0.56)
    >>> speaker_similarity(clip, bands=[Band(at=0.2, fraction=1)], min_target=0.7).found
    '与目标 0.81，与原声 0.56，差 +0.25'
    """
    said = f"；词的一致程度至少 {min_agreement:.0%}" if min_agreement else ""
    expected = band_text(f"与目标至少 {min_target:g}{said}；与目标减与原声之差", bands, "higher")
    if found.to_target is None or found.to_source is None or (min_agreement and found.agreement is None):
        return Mark(0.0, expected, "没有比较", NOT_COMPARED)
    gap = round(found.to_target - found.to_source, 2)
    shown = f"与目标 {found.to_target:.2f}，与原声 {found.to_source:.2f}，差 {gap:+.2f}"
    if not found.speaks:
        return Mark(0.0, expected, shown, SILENT)
    if max(found.copies.values(), default=0.0) > max_copied:
        return Mark(0.0, expected, shown, "这段声音抄自给定的声音，像目标不算克隆。")
    if min_agreement and (agreement := found.agreement or 0.0) < min_agreement:
        return Mark(0.0, expected, f"{shown}，词的一致程度 {agreement:.0%}", "听不出是规定的那一句，像目标也不算转换。")
    if found.to_target < min_target:
        nearer = "听起来仍是原来的说话人" if gap < 0 else "不像目标说话人；噪声和失真也会使相似度下降，请先改善质量"
        return Mark(0.0, expected, shown, f"{nearer}。")
    fraction = earned(gap, bands, "higher")
    return Mark(fraction, expected, shown, "音色接近目标说话人。" if fraction == 1 else "音色还带有原说话人的特点，转换得不够。")


@grader(version=2)
def not_a_replay(found: Sound, *, max_share: Annotated[float, Key(ge=0, lt=1)] = 0.25) -> Mark:
    """Mark that the clip is new: hardly any piece of it is a copy, at whatever speed, of a clip that the task gives.

    Parameters
    ----------
    found : the measured clip, from a run that names the given clips
    max_share : the largest share of the clip that may be found in one of them

    Returns
    -------
    Mark with fraction 1 or 0; a clip without speech earns nothing

    Examples
    --------
    >>> clip = Sound("WAV", "PCM_16", 16000, 1, 3.5, -20.0, 0.8, 0.0, 3.0, 0.86, 0.2, 0.3, 3.1, 4.0, 2.8, copies={"target-1.flac": 1.0})
    >>> not_a_replay(clip).reason
    '有 100% 与给定的 target-1.flac 逐段相同：这是重放，不是生成。'
    """
    expected = f"与任何一段给定的声音相同的部分不超过 {max_share:.0%}"
    name, share = max(found.copies.items(), key=lambda item: (item[1], item[0]), default=("", 0.0))
    if not found.speaks:
        return Mark(0.0, expected, "没有语音", SILENT)
    shown = f"最多 {share:.0%}" + (f"（{shorten(name, 60)}）" if share else "")
    if share > max_share:
        changed = f"（速度是它的 {found.speeds[name]:g} 倍）" if name in found.speeds else ""
        return Mark(0.0, expected, shown, f"有 {share:.0%} 与给定的 {shorten(name, 60)} 逐段相同{changed}：这是重放，不是生成。")
    return Mark(1.0, expected, shown, "没有重放给定的声音。")


@grader(validate=rising)
def says_sentence(found: Sound, *, bands: Bands) -> Mark:
    """Mark that the wanted English sentence is said: words recognised in common and in order / words of the longer one.

    Parameters
    ----------
    found : the measured clip, from a run that names the sentence
    bands : from which agreement (0 to 1) on which share is earned

    Returns
    -------
    Mark with the fraction of the highest band reached

    Examples
    --------
    >>> from grading.graders.metric import Band
    >>> said = {"heard": "we saw a cat", "agreement": 0.75}
    >>> clip = Sound("WAV", "PCM_16", 16000, 1, 3.5, -20.0, 0.8, 0.0, 3.0, 0.86, 0.2, 0.3, 3.1, 4.0, 2.8, **said)
    >>> says_sentence(clip, bands=[Band(at=0.7, fraction=1)]).fraction
    1.0
    """
    expected = band_text("词的一致程度", bands, "higher")
    if found.heard is None or found.agreement is None:
        return Mark(0.0, expected, "没有识别", NOT_COMPARED)
    shown = f"{found.agreement:.0%}：{shorten(' '.join(found.heard.split()), 120) or '（没有听出词）'}"
    if not found.speaks:
        return Mark(0.0, expected, shown, SILENT)
    fraction = earned(found.agreement, bands, "higher")
    reason = "读的是规定的句子。" if fraction == 1 else "识别出的词与规定的句子相差较多：读错了句子，或发音、清晰度不够。"
    return Mark(fraction, expected, shown, reason)
