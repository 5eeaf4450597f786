"""A clip of speech, by the measures that runner `audio` made of it: its form, level, share of speech, quality and label.

The measures are rounded before they come here, and limits are compared with the rounded figure that the candidate sees.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field as Key, FiniteFloat

from grading.errors import TaskError
from grading.graders._bands import Bands, band_text, earned, rising
from grading.model import Mark
from grading.registry import grader
from grading.sound import SILENT, Sound
from grading.text import shorten

Share = Annotated[float, Key(ge=0, le=1)]
Seconds = Annotated[float, Key(ge=0, le=600)]

SCALES = {"ovrl": "总体", "sig": "语音", "bak": "背景"}
LABELLED = "元数据里有 AIGC 标识：Label 为 1，并写明生成者"


@grader
def sound_format(
    found: Sound, *, channels: Literal[1, 2] | None = None, rates: tuple[int, ...] = (), min_seconds: Seconds = 0.4,
    max_seconds: Seconds = 600,
) -> Mark:
    """Mark the form of a clip: sample rate, channels and length; WAV and FLAC are taken alike.

    Parameters
    ----------
    found : the measured clip
    channels : 1 for mono, 2 for stereo, or any
    rates : the sample rates that are right, Hz (none: any)
    min_seconds, max_seconds : bounds of the length, both included

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> clip = Sound("WAV", "PCM_16", 16000, 1, 3.5, -20.0, 0.8, 0.0, 3.0, 0.86, 0.2, 0.3, 3.1, 4.0, 2.8)
    >>> sound_format(clip, channels=1, rates=(16000,), min_seconds=2, max_seconds=8).fraction
    1.0
    """
    wrong = [f"采样率是 {found.rate} Hz"] if rates and found.rate not in rates else []
    wrong += [f"有 {found.channels} 个声道"] if channels and found.channels != channels else []
    wrong += [] if min_seconds <= found.seconds <= max_seconds else [f"长度是 {found.seconds:g} 秒"]
    parts = [" / ".join(f"{rate} Hz" for rate in rates)] if rates else []
    parts += [{1: "单声道", 2: "双声道"}[channels]] if channels else []
    parts += [f"{min_seconds:g}–{max_seconds:g} 秒"]
    shown = f"{found.container}，{found.rate} Hz，{found.channels} 个声道，{found.seconds:g} 秒"
    return Mark(float(not wrong), shorten("，".join(parts), 200), shown, f"不符合要求：{'；'.join(wrong)}。" if wrong else "格式符合要求。")


def _bounds(*, min: float, max: float, **_: object) -> None:
    if min >= max:
        raise TaskError(f"min: {min} 应小于 max: {max}", key="args.min")


@grader(validate=_bounds)
def loudness(found: Sound, *, min: FiniteFloat = -26.0, max: FiniteFloat = -14.0, max_clipped: Share = 0.001) -> Mark:
    """Mark the loudness (ITU-R BS.1770) and that no peaks are cut off: half of the marks each.

    Parameters
    ----------
    found : the measured clip
    min, max : bounds of the integrated loudness in LUFS, both included
    max_clipped : the largest share of samples that may lie on a flat top

    Returns
    -------
    Mark with fraction 1, 0.5 or 0; a clip without speech earns nothing

    Examples
    --------
    >>> clip = Sound("WAV", "PCM_16", 16000, 1, 3.5, -20.0, 0.8, 0.0, 3.0, 0.86, 0.2, 0.3, 3.1, 4.0, 2.8)
    >>> loudness(clip).fraction
    1.0
    """
    expected = f"{min:g} 到 {max:g} LUFS，削波不超过 {max_clipped:.2%}"
    if found.loudness is None or not found.speaks:
        return Mark(0.0, expected, "没有声音" if found.loudness is None else f"{found.loudness:g} LUFS", SILENT)
    shown = f"{found.loudness:g} LUFS，削波 {found.clipped:.2%}"
    wrong = [] if min <= found.loudness <= max else ["太轻，请提高音量" if found.loudness < min else "太响，请降低音量"]
    wrong += [] if found.clipped <= max_clipped else ["波峰被削平，请降低录音或合成的增益后重做，事后调小音量不能恢复"]
    return Mark(1 - len(wrong) / 2, expected, shown, f"{'；'.join(wrong)}。" if wrong else "响度合适，没有削波。")


@grader
def speech_share(found: Sound, *, min_share: Annotated[float, Key(gt=0, le=1)] = 0.6, max_ends: Seconds = 0.8) -> Mark:
    """Mark that the clip is speech, without long silence at its ends (Silero VAD, in steps of 32 ms).

    Parameters
    ----------
    found : the measured clip
    min_share : the smallest share of the clip's length with speech
    max_ends : the longest silence before and after, s each

    Returns
    -------
    Mark with fraction 1, 0.5 (silence at the ends) or 0

    Examples
    --------
    >>> clip = Sound("WAV", "PCM_16", 16000, 1, 3.5, -20.0, 0.8, 0.0, 3.0, 0.86, 0.2, 0.3, 3.1, 4.0, 2.8)
    >>> speech_share(clip).fraction
    1.0
    """
    expected = f"说话至少占 {min_share:.0%}，首尾静音各不超过 {max_ends:g} 秒"
    shown = f"说话占 {found.share:.0%}，开头静音 {found.lead:g} 秒，结尾静音 {found.trail:g} 秒"
    if not found.speaks:
        return Mark(0.0, expected, shown, SILENT)
    if found.share < min_share:
        return Mark(0.0, expected, shown, "说话的部分太少，请剪去停顿、静音或杂音。")
    if max(found.lead, found.trail) > max_ends:
        return Mark(0.5, expected, shown, "首尾的静音太长，请剪去。")
    return Mark(1.0, expected, shown, "有效语音的比例合适。")


@grader(validate=rising)
def sound_quality(found: Sound, *, bands: Bands, scale: Literal["ovrl", "sig", "bak"] = "ovrl") -> Mark:
    """Mark the quality that a listening panel would hear (DNSMOS P.835, 1 to 5), in bands.

    Parameters
    ----------
    found : the measured clip
    bands : from which score on which share is earned
    scale : `ovrl` altogether, `sig` the speech, `bak` the background

    Returns
    -------
    Mark with the fraction of the highest band reached; a clip without speech earns nothing

    Examples
    --------
    >>> from grading.graders.metric import Band
    >>> clip = Sound("WAV", "PCM_16", 16000, 1, 3.5, -20.0, 0.8, 0.0, 3.0, 0.86, 0.2, 0.3, 3.1, 4.0, 2.8)
    >>> sound_quality(clip, bands=[Band(at=2.5, fraction=1), Band(at=2, fraction=0.5)]).fraction
    1.0
    """
    expected, value = band_text(f"{SCALES[scale]}质量（1–5 分）", bands, "higher"), getattr(found, scale)
    if not found.speaks:
        return Mark(0.0, expected, f"{value:g}", SILENT)
    fraction = earned(value, bands, "higher")
    weak = "背景有噪声，请降噪或换干净的材料" if found.bak < found.sig else "语音本身失真，请检查转换或合成的参数"
    reason = "质量达到要求。" if fraction == 1 else f"质量不够：{weak}。"
    return Mark(fraction, shorten(expected, 200), f"总体 {found.ovrl:g}，语音 {found.sig:g}，背景 {found.bak:g}", reason)


@grader
def sound_label(found: Sound, *, producer: bool = True) -> Mark:
    """Mark the label of AI-made content in the file's header: a note with JSON, `AIGC: {"Label": "1", "ContentProducer": …}`.

    The note may be a RIFF INFO chunk or a Vorbis comment of any name, as GB 45438-2025 lets the format decide.

    Parameters
    ----------
    found : the measured clip
    producer : True if `ContentProducer` must be filled in for more than half of the marks

    Returns
    -------
    Mark with fraction 1, 0.5 (no producer) or 0

    Examples
    --------
    >>> note = ("ICMT", '{"AIGC": {"Label": "1", "ContentProducer": "考生 07"}}')
    >>> clip = Sound("WAV", "PCM_16", 16000, 1, 3.5, -20.0, 0.8, 0.0, 3.0, 0.86, 0.2, 0.3, 3.1, 4.0, 2.8, notes=(note,))
    >>> sound_label(clip).fraction
    1.0
    """
    if not found.notes:
        return Mark(0.0, LABELLED, "没有元数据", "文件头里没有任何元数据，看不出这是 AI 生成的声音。")
    label = next((label for name, text in found.notes if (label := _aigc(name, text)) is not None), None)
    shown = shorten("；".join(" ".join(f"{name}：{text}".split()) for name, text in found.notes), 150)
    if label is None:
        return Mark(0.0, LABELLED, shown, "元数据里没有写成 JSON 的 AIGC 标识。")
    if str(label.get("Label", "")).strip() != "1":
        return Mark(0.0, LABELLED, shown, "AIGC 标识的 Label 应为 1（确定是生成合成内容）。")
    if producer and not str(label.get("ContentProducer") or "").strip():
        return Mark(0.5, LABELLED, shown, "AIGC 标识里没有写生成者 ContentProducer。")
    return Mark(1.0, LABELLED, shown, "隐式标识完整。")


def _aigc(name: str, text: str) -> dict[str, Any] | None:
    """Return the label in a note: the value of its key AIGC, or the whole of a note that is itself called AIGC."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict) and isinstance(found.get("AIGC"), dict):
        return dict(found["AIGC"])
    return found if isinstance(found, dict) and name.casefold() == "aigc" else None
