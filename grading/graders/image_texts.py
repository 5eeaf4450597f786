"""Texts in pictures, and labels of generated content (GB 45438-2025), seen and in the metadata."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field as Key

from grading.graders._pictures import Count, judge
from grading.model import Mark
from grading.pictures import Measures, Picture, PictureSheet, TextLine
from grading.registry import grader
from grading.text import shorten

LABELS = ("AI生成", "AI合成", "人工智能生成", "人工智能合成", "AIGC", "AIGenerated", "GeneratedbyAI")
SHOWN = {"visible": "边角有“AI生成”一类的文字，字高约为短边的 5%", "metadata": "元数据 AIGC：Label 为 1，有 ContentProducer 和 ProduceID"}
_ALIKE = str.maketrans({"l": "i", "1": "i", "|": "i", "0": "o"})
"""What a reader of letters takes for each other."""

Text = Annotated[str, Key(min_length=1, max_length=60)]


@grader
def text_in_picture(
    sheet: PictureSheet, *, texts: Annotated[tuple[Text, ...], Key(min_length=1, max_length=12)],
    where: Literal["each", "in_order"] = "each", count: Count | None = None, max_cer: Annotated[float, Key(ge=0, le=0.5)] = 0.2,
    min_confidence: Annotated[float, Key(ge=0, le=1)] = 0.5,
) -> Mark:
    """Mark texts that must be read in the pictures, Chinese or English; spaces, case and punctuation do not matter.

    Parameters
    ----------
    sheet : the measured pictures
    texts : the texts
    where : `each`: every picture shows all of them; `in_order`: the first picture shows the first text, and so on
    count : how many pictures are wanted; `in_order` takes the number of texts
    max_cer : largest character error rate: wrong, missing and extra characters / characters of the text
    min_confidence : lines that were read with less are not looked at

    Returns
    -------
    Mark with the share of texts (of all wanted pictures) that are there

    Examples
    --------
    >>> text_in_picture(PictureSheet(()), texts=["青山杯"], count=4).fraction
    0.0
    """
    wanted = count or len(texts)

    def test(picture: Picture, measures: Measures) -> tuple[float, str]:
        own = texts if where == "each" else texts[picture.number : picture.number + 1]
        read = [line.text for line in measures.lines if line.confidence >= min_confidence]
        missing = [text for text in own if error_rate(text, read) > max_cer]
        if not own:
            return 0.0, "多出来，没有对应的文字"
        return 1 - len(missing) / len(own), f"没有读到“{'”“'.join(missing)}”" if missing else ""

    shown = "每张有：" + "、".join(texts) if where == "each" else "按顺序有：" + "、".join(texts)
    return judge(sheet, wanted, test, shown)


def error_rate(text: str, lines: Iterable[str]) -> float:
    """Return the smallest character error rate of `text` against any stretch of what was read.

    >>> error_rate("保温十二小时", ["新品", "保温 十二小肘！"])
    0.16666666666666666
    """
    wanted, read = plain(text), plain("".join(lines))
    if not wanted:
        return 1.0
    # Sellers 1980: like the edit distance, but a match may begin and end anywhere in what was read.
    row = [0] * (len(read) + 1)
    for number, character in enumerate(wanted, 1):
        above, row = row, [number]
        for place, other in enumerate(read, 1):
            row.append(min(above[place - 1] + (character != other), above[place] + 1, row[place - 1] + 1))
    return min(1.0, min(row) / len(wanted))


def plain(text: str) -> str:
    """Return the letters, digits and characters of `text`, of one width and case.

    >>> plain("ＡＩ 生成！")
    'ai生成'
    """
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


@grader
def ai_label(
    sheet: PictureSheet, *, kind: Literal["visible", "metadata"], count: Count, min_size: Annotated[float, Key(ge=0, le=0.5)] = 0.045,
    margin: Annotated[float, Key(gt=0, le=0.5)] = 0.15,
) -> Mark:
    """Mark the label of generated content: pictures that have it / wanted pictures (GB 45438-2025).

    `visible`: a text such as AI生成 at an edge or corner, its letters high enough (the standard asks for 5 % of the shorter side;
    a box around letters is read a little small or large). `metadata`: a field named AIGC with Label "1", ContentProducer and
    ProduceID.

    Parameters
    ----------
    sheet : the measured pictures
    kind : which of the two labels
    count : how many pictures are wanted
    min_size : smallest height of the letters, as a share of the shorter side
    margin : how far from an edge the text may begin or end, as a share of width or height

    Returns
    -------
    Mark with the share of labelled pictures

    Examples
    --------
    >>> ai_label(PictureSheet(()), kind="visible", count=4).fraction
    0.0
    """
    def test(_picture: Picture, measures: Measures) -> tuple[float, str]:
        problem = _unseen(measures.lines, min_size, margin) if kind == "visible" else _unwritten(measures)
        return float(not problem), problem

    return judge(sheet, count, test, SHOWN[kind])


def _unseen(lines: Iterable[TextLine], min_size: float, margin: float) -> str:
    labels = [line for line in lines if any(plain(word).translate(_ALIKE) in plain(line.text).translate(_ALIKE) for word in LABELS)]
    if not labels:
        return "没有读到标识文字"
    if all(line.size < min_size for line in labels):
        return f"标识的字太小（{max(line.size for line in labels):.1%}）"
    at_edge = [line for line in labels if line.size >= min_size and _at_edge(line, margin)]
    return "" if at_edge else "标识不在边或角"


def _at_edge(line: TextLine, margin: float) -> bool:
    return min(line.x, line.y, 1 - line.x - line.width, 1 - line.y - line.height) <= margin


def _unwritten(measures: Measures) -> str:
    label = measures.label
    if label is None:
        return "元数据里没有 AIGC"
    if label.label.strip() != "1":
        return f"的 Label 是“{shorten(label.label, 20)}”"
    missing = [name for name, value in (("ContentProducer", label.producer), ("ProduceID", label.produce_id)) if not value.strip()]
    return f"的标识缺 {'、'.join(missing)}" if missing else ""
