"""Read what the engine answered: as little trusted as a candidate's program, because it has decoded a candidate's file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from grading.sound import Sound

MAX_TEXT, MAX_NOTES, MAX_FILES = 2000, 50, 50

REFUSALS = {
    "format": "文件不是 WAV 或 FLAC。",
    "coding": "只接受未压缩的 WAV（16、24、32 位整数或 32 位浮点）和 FLAC，请重新导出。",
    "broken": "文件损坏，不能解码，请重新导出。",
    "truncated": "文件不完整：文件头写的长度比实际的声音长，请重新导出或重新上传。",
    "not_finite": "声音里有无效的样本（NaN 或无穷大），请重新导出。",
    "range": "样本的数值远远超出满幅（1），请按满幅 ±1 重新导出。",
    "unknown_length": "FLAC 的文件头没有写明长度（常见于管道输出），请重新导出。",
    "short": "声音太短，不到 0.4 秒。",
    "long": "声音超过 {max_seconds:g} 秒，请剪短。",
    "rate": "采样率是 {rate:g} Hz，本题要求 {rates}。",
    "channels": "声音有 {channels:g} 个声道，最多两个。",
}


class BadReport(Exception):
    """The engine's answer is not what an engine of ours would say."""


def refusal(found: Any, limits: Mapping[str, Any]) -> str:
    """Return the sentence for a clip that the engine refused; limits : `rates` and `max_seconds` of the field."""
    if not isinstance(found, Mapping) or found.get("why") not in REFUSALS or not isinstance(found.get("facts"), Mapping):
        raise BadReport("没有说明原因")
    facts = {name: value for name, value in found["facts"].items() if isinstance(value, int | float) and math.isfinite(value)}
    rates = "、".join(f"{rate} Hz" for rate in limits["rates"]) or "4000–192000 Hz"
    try:
        return REFUSALS[found["why"]].format(**{**facts, "max_seconds": limits["max_seconds"], "rates": rates})
    except KeyError as error:
        raise BadReport(f"缺少 {error.args[0]}") from None


def sound(answer: Any) -> Sound:
    """Return the measures in `answer`, rounded; BadReport if one is missing, of the wrong type or out of range."""
    if not isinstance(answer, Mapping):
        raise BadReport("不是一组测量值")
    number = _Numbers(answer)
    compares, recognises = "to_target" in answer, "heard" in answer
    return Sound(
        container=_one_of(answer, "kind", ("WAV", "FLAC")), coding=_one_of(answer, "coding", ("PCM_16", "PCM_24", "PCM_32", "FLOAT")),
        rate=int(number("rate", 4000, 192_000)), channels=int(number("channels", 1, 2)), seconds=number("seconds", 0, 121, 2),
        loudness=None if answer.get("loudness") is None else number("loudness", -120, 60, 1),
        peak=number("peak", 0, 16, 3), clipped=number("clipped", 0, 1, 4),
        speech=number("speech", 0, 121, 2), share=number("share", 0, 1, 2),
        lead=number("lead", 0, 121, 2), trail=number("trail", 0, 121, 2),
        sig=number("sig", -10, 10, 2), bak=number("bak", -10, 10, 2), ovrl=number("ovrl", -10, 10, 2),
        to_target=number("to_target", -1.001, 1.001, 2) if compares else None,
        to_source=number("to_source", -1.001, 1.001, 2) if compares else None,
        copies=_by_file(answer, "copies", 0, 1), speeds=_by_file(answer, "speeds", 0.5, 2),
        heard=_text(answer.get("heard")) if recognises else None,
        agreement=number("agreement", 0, 1, 2) if recognises else None, notes=_notes(answer),
    )


class _Numbers:
    def __init__(self, answer: Mapping[str, Any]) -> None:
        self._answer = answer

    def __call__(self, name: str, low: float, high: float, places: int = 0) -> float:
        value = self._answer.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not low <= value <= high:
            raise BadReport(f"{name} 不在范围内")
        return round(float(value), places) + 0.0  # no −0.0


def _one_of(answer: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = answer.get(name)
    if value not in allowed:
        raise BadReport(f"{name} 不能识别")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise BadReport("文字太长或不是文字")
    return value


def _by_file(answer: Mapping[str, Any], key: str, low: float, high: float) -> dict[str, float]:
    found = answer.get(key)
    if not isinstance(found, Mapping) or len(found) > MAX_FILES:
        raise BadReport(f"{key} 不能识别")
    number = _Numbers(found)
    return {_text(name): number(name, low, high, 2) for name in found}


def _notes(answer: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = answer.get("notes")
    if not isinstance(found, list) or len(found) > MAX_NOTES or any(not isinstance(n, list) or len(n) != 2 for n in found):
        raise BadReport("notes 不能识别")
    return tuple((_text(name), _text(text)) for name, text in found)
