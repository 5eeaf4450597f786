"""Measured pictures."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from grading.pictures import Colours, Label, Measures, Pair, Picture, PictureSheet, TextLine
from grading.prompts import Fit, PromptSheet
from tests.grading.cases import Case


def picture(number, text="青山杯 AI生成", **measured):
    """A measured picture that keeps every rule; `measured` says what is otherwise."""
    colours = Colours(0.6, 0.5, 60.0, (0.0,) * 16 + (0.5,) + (0.0,) * 19, 0.0, 0.1, (("#148c8c", 1.0),))
    lines = (TextLine(text, 0.98, 0.7, 0.9, 0.25, 0.06, 0.06),)
    values = {"format": "PNG", "width": 768, "height": 1024, "sharpness": 500.0, "noise": 1.0, "detail": 0.5, "variety": 1.0,
              "brisque": 20.0, "colours": colours, "lines": lines, "label": Label("PNG AIGC", "1", "工位 1", f"P-{number}"), **measured}
    return Picture(number, f"p{number}.png", 40_000, "0" * 12, "", Measures(**values))


def broken(number):
    return Picture(number, f"p{number}.png", 10, "0" * 12, "文件不完整或已损坏。")


POSTERS = PictureSheet((picture(0), picture(1)), (Pair(0, 1, 30),))

FITTING = PromptSheet("0" * 64, tuple(Fit(n, "一只水壶", 0.3, 1, 0.9, "一只水壶", 8) for n in range(2)))

SHEETS = st.builds(
    lambda pictures, distance: PictureSheet(tuple(pictures), (Pair(0, 1, distance),) if len(pictures) > 1 else ()),
    st.lists(st.builds(
        picture, st.integers(0, 5), text=st.text(max_size=10), detail=st.floats(0, 1), noise=st.floats(0, 60), width=st.integers(1, 9999),
        brisque=st.none() | st.floats(-200, 300),
    ), max_size=4).map(lambda some: [replace(one, number=n) for n, one in enumerate(some)]),
    st.integers(0, 64),
)

GRADERS = {
    "picture_count": Case({"count": 2}, (POSTERS,)),
    "picture_format": Case(
        {"count": 2, "formats": ["PNG"], "width": 768, "height": [1000, 1100], "ratio": [3, 4], "max_kb": 500}, (POSTERS,)
    ),
    "sharp_enough": Case({"count": 2, "min": 100}, (POSTERS,)),
    "picture_quality": Case({"count": 2, "bands": [{"at": 35, "fraction": 1}, {"at": 55, "fraction": 0.5}]}, (POSTERS,)),
    "picture_colours": Case({"count": 2, "hues": [[160, 200]], "min_share": 0.25, "brightness": [0.2, 0.9]}, (POSTERS,)),
    "no_near_duplicates": Case({"count": 2}, (POSTERS,)),
    "text_in_picture": Case({"count": 2, "texts": ["青山杯"]}, (POSTERS,)),
    "prompt_match": Case({"count": 2, "bands": [{"at": 0.5, "fraction": 1}, {"at": 0.3, "fraction": 0.5}]}, (POSTERS, FITTING)),
    "ai_label": Case({"count": 2, "kind": "visible"}, (POSTERS,)),
}

GARBAGE = {
    "pictures": [
        PictureSheet(()), PictureSheet((broken(0), broken(1))),
        PictureSheet(tuple(picture(n, detail=0.0, brisque=None) for n in range(12)), tuple(Pair(0, n, 0) for n in range(1, 12))),
        PictureSheet((picture(0, noise=1e7, sharpness=1e7), broken(1))), PictureSheet((picture(0, detail=0.0, lines=(), label=None),)),
    ],
    "prompts": [
        PromptSheet("0" * 64), PromptSheet("0" * 64, (Fit(0, "一只水壶", -1.0, 8, 0.0, "一只猫", 8), Fit(99, "x", 1.0, 1, 1.0, "x", 8))),
    ],
}

VALUES = {
    "pictures": SHEETS,
    "prompts": st.builds(
        lambda fits: PromptSheet("0" * 64, tuple(fits)), st.lists(st.builds(
            Fit, st.integers(0, 5), st.text(max_size=10), st.floats(-1, 1), st.integers(1, 9), st.floats(0, 1), st.text(max_size=10),
            st.integers(1, 9),
        ), max_size=4),
    ),
}
