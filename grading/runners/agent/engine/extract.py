"""Parameter extractor: finds values in a sentence by the form that the parameter's description gives. It is no language model.

In this order: one of the parameter's `options` that is said; something of the form of an example in the description (如 SO20250001:
two letters, eight digits); a date, telephone number or e-mail address if the name or description speaks of one; a number for
parameters of type number; a code of letters and digits if it speaks of 号, 编号, 编码 or ID; else what follows the description's
first word and 是, 为 or a colon. What is not said stays empty.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from .pool import text_of

_EXAMPLE = re.compile(r"(?:例如|比如|形如|格式为|格式|如|例)[：:\s“\"]*([A-Za-z]{0,6}[-_]?\d{2,}(?:[-_][A-Za-z0-9]+)*)")
_DATE = re.compile(r"(\d{4})\s*[-/年.]\s*(\d{1,2})\s*[-/月.]\s*(\d{1,2})\s*日?")
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.ASCII)
_NUMBER = re.compile(r"(?<![A-Za-z\d.-])-?\d+(?:\.\d+)?(?![A-Za-z\d])")
_CODE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9-]{4,32}(?![A-Za-z0-9]))[A-Za-z]{0,6}-?\d{3,}(?:-\d+)*", re.ASCII)
_RUN = re.compile(r"[A-Za-z]+|\d+|[-_]")


def extract(text: str, parameter: dict[str, Any]) -> Any:
    """Return the value of `parameter` in `text`, "" (or None for numbers) if it is not said.

    >>> extract("帮我看看so２０２５０００１", {"name": "order_id", "description": "订单号，如 SO20250001"})
    'SO20250001'
    >>> extract("我要退货", {"name": "kind", "type": "select", "options": ["退货", "换货"]})
    '退货'
    """
    text = unicodedata.normalize("NFKC", text)
    kind = text_of(parameter.get("type")) or "string"
    described = f"{text_of(parameter.get('name'))} {text_of(parameter.get('description'))}"
    options = parameter.get("options")
    if isinstance(options, list) and options:
        return _option(text, [text_of(option) for option in options])
    if kind == "number":
        return _number(text)
    if kind in ("bool", "boolean"):
        return _yes(text)
    found = _string(text, described)
    return ([found] if found else []) if kind.startswith("array") else found


def _option(text: str, options: list[str]) -> str:
    said = [(text.lower().rfind(option.lower()), option) for option in options if option]
    place, option = max(said, default=(-1, ""))
    return option if place >= 0 else ""


def _number(text: str) -> int | float | None:
    match = _NUMBER.search(text)
    if match is None:
        return None
    return float(match.group()) if "." in match.group() else int(match.group()[:18])


def _yes(text: str) -> bool | None:
    if re.search("不是|不要|不用|不需要|否|没有", text):
        return False
    return True if re.search("是|要|好|对|可以|确认|有", text) else None


def _string(text: str, described: str) -> str:
    example = _EXAMPLE.search(described)
    if example:
        return _like(text, example.group(1))
    if re.search("日期|date", described, re.IGNORECASE):
        match = _DATE.search(text)
        return f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}" if match else ""
    for words, form in (("手机|电话|phone|mobile", _PHONE), ("邮箱|邮件|mail", _MAIL), ("号|编码|编号|代码|id|code|sn", _CODE)):
        if re.search(words, described, re.IGNORECASE):
            match = form.search(text)
            return match.group() if match else ""
    return _after_noun(text, described)


def _like(text: str, example: str) -> str:
    """Return what in `text` is built like `example`: as many letters and digits, spaces or hyphens between them at most."""
    runs = _RUN.findall(example)
    pattern, upper = [], example.upper() == example
    for run in runs:
        if run in "-_":
            pattern.append(r"[-_\s]?")
        else:
            one = "[A-Za-z]" if run[0].isalpha() else "[0-9]"
            pattern.append(rf"({one}(?:[\s-]?{one}){{{len(run) - 1}}})")
    between = r"[\s-]{0,2}"
    match = re.search(rf"(?<![A-Za-z0-9]){between.join(pattern)}(?![A-Za-z0-9])", text, re.ASCII)
    if match is None:
        return ""
    groups = iter(match.groups())
    found = "".join(run if run in "-_" else re.sub(r"[\s-]", "", next(groups)) for run in runs)
    return found.upper() if upper else found


def _after_noun(text: str, described: str) -> str:
    nouns = re.findall(r"[\u3400-\u9fff]{2,8}", described)
    for noun in nouns[:2]:
        match = re.search(rf"{re.escape(noun)}\s*(?:是|为|叫|：|:)\s*([^，,。；;！!？?\n]{{1,80}})", text)
        if match:
            return match.group(1).strip()
    return ""
