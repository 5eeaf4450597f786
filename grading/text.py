"""Written text made comparable: width, spaces, punctuation, and numbers in digits or Chinese numerals.

Every comparison in marking goes through here, so that 全角 and 半角, `“` and `"`, or two spaces never cost a mark.
"""

from __future__ import annotations

import math
import re
import unicodedata

_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD])
# NFKC leaves these apart; for marking they are the same mark.
_SAME_MARK = str.maketrans({
    "。": ".", "、": ",", "“": '"', "”": '"', "„": '"', "「": '"', "」": '"', "『": '"', "』": '"', "‘": "'", "’": "'",
    "—": "-", "–": "-", "‐": "-", "‑": "-", "−": "-", "《": '"', "》": '"', "【": "[", "】": "]", "〔": "[", "〕": "]",
})
# What a Chinese keyboard gives for the point and the minus sign.
_TYPED_MARK = str.maketrans({"。": ".", "−": "-", "–": "-"})
_WIDE = r"\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SPACE_NEXT_TO_WIDE = re.compile(rf"(?<=[{_WIDE}]) | (?=[{_WIDE}])")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_THOUSANDS = re.compile(r"([+-]?\d{1,3}(?:,\d{3})+)(\.\d*)?", re.ASCII)
_CHINESE_DIGITS = {digit: value for value, digits in enumerate(
    ("〇零", "一壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")) for digit in digits}
_SMALL_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE_UNITS = {"万": 10**4, "亿": 10**8}


def normalise(text: str) -> str:
    """Return `text` with one width, one kind of quotes and dashes, single spaces, and none beside Chinese characters.

    >>> normalise("　Ｐｙｔｈｏｎ　 语言，“ＡＩ” ")
    'Python语言,"AI"'
    """
    text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).translate(_SAME_MARK)
    return _SPACE_NEXT_TO_WIDE.sub("", " ".join(text.split()))


def fold(text: str, *, ignore_case: bool = True, ignore_punctuation: bool = False) -> str:
    """Return `normalise(text)`, optionally without case and without punctuation (a sign or point inside a number stays).

    >>> fold("Random-Forest。", ignore_punctuation=True)
    'randomforest'
    """
    text = normalise(text)
    if ignore_punctuation:
        text = "".join(c for i, c in enumerate(text) if not _is_mark(c) or _belongs_to_number(text, i))
        text = _SPACE_NEXT_TO_WIDE.sub("", " ".join(text.split()))
    return text.casefold() if ignore_case else text


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "P"


def _belongs_to_number(text: str, place: int) -> bool:
    """`-3` is not `3`, and neither `1.5` nor `1-5` is `15`."""
    following = text[place + 1 : place + 2].isdigit()
    before = text[place - 1 : place] if place else ""
    return following and (before.isdigit() or (text[place] == "-" and not before.isalnum()))


def plain_number(text: str) -> float | None:
    """Return the finite number that `text` spells in ASCII digits, else None. No separators, units, nan or inf.

    >>> plain_number(" 12.50 "), plain_number("1e3"), plain_number("12元"), plain_number("nan"), plain_number("1_000")
    (12.5, 1000.0, None, None, None)
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def typed_number(text: str) -> float | None:
    """Return the number that a person typed: any width, thousands commas in their places; else None.

    >>> typed_number("１２．５"), typed_number("1,234.5"), typed_number("－3"), typed_number("12,34"), typed_number("12%")
    (12.5, 1234.5, -3.0, None, None)
    """
    text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).translate(_TYPED_MARK).strip()
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    return plain_number(text)


def chinese_number(text: str) -> int | None:
    """Return the value of a text that is nothing but a Chinese numeral below 10**12, else None.

    Only whole texts are read, because 一 in 一致 or 三 in 三七 is no number.

    >>> chinese_number("三"), chinese_number("十二"), chinese_number("一百零五"), chinese_number("两万三千"), chinese_number("一致")
    (3, 12, 105, 23000, None)
    """
    total = section = 0
    digit: int | None = None
    unit_before = 10**12
    for character in text:
        if character in _CHINESE_DIGITS:
            if digit:  # two digits in a row (二三) are a list or a code, not a numeral
                return None
            digit = _CHINESE_DIGITS[character]
        elif character in _SMALL_UNITS and _SMALL_UNITS[character] < unit_before:
            unit_before = _SMALL_UNITS[character]
            if digit is None and unit_before > 10:  # 十 may stand alone, 百 may not
                return None
            section += (1 if digit is None else digit) * unit_before
            digit = None
        elif character in _LARGE_UNITS and section + (digit or 0) and (not total or _LARGE_UNITS[character] < total):
            total += (section + (digit or 0)) * _LARGE_UNITS[character]
            section, digit, unit_before = 0, None, 10**12
        else:
            return None
    return total + section + (digit or 0) if text else None


def as_number(text: str) -> float | None:
    """Return the number that the whole `text` is, in digits or as a Chinese numeral; else None."""
    number = typed_number(text)
    if number is not None:
        return number
    chinese = chinese_number(text.strip())
    return None if chinese is None else float(chinese)


def show_number(number: float) -> str:
    """Return `number` as a person writes it: no trailing zeros, at most 10 digits.

    >>> show_number(37.0), show_number(0.1 + 0.2), show_number(1234567.0)
    ('37', '0.3', '1234567')
    """
    return f"{number:.10g}"


def shorten(text: str, limit: int = 60) -> str:
    """Return `text` on one line without control characters, at most `limit` characters long.

    >>> shorten("第一行\\n第二行", 6)
    '第一行 第…'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def listing(names: list[str], limit: int = 3) -> str:
    """Return the first `limit` of `names`, joined as a Chinese list, and how many there are in all.

    >>> listing(["甲", "乙", "丙", "丁"])
    '甲、乙、丙等 4 项'
    """
    shown = "、".join(shorten(name, 30) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown}等 {len(names)} 项"
