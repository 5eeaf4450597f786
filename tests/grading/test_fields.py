"""Field kinds: what is blank, what is read, what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from grading.boxes import Box, Boxes
from grading.errors import ResponseError, TaskError
from grading.fields import all_kinds, get_kind
from grading.fields.home import Automations
from grading.flow import Flow, Node
from grading.model import Upload
from grading.pictures import Pictures
from grading.sound import RawSound
from grading.tables import Table

NODE = "kind: app\nworkflow: {graph: {nodes: [{id: s, data: {type: start, title: 开始}}], edges: []}}"
WAV = b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 40
FLAC = b"fLaC" + b"\0" * 40
BOX = '{"a.png": [{"label": "pit", "box": [1, 2, 3, 4]}]}'
PICTURE = Upload("a.jpg", b"\xff\xd8\xff\xe0")
SPECS = {
    "choice": {"form": "multiple", "options": {"A": "甲", "B": "乙", "C": "丙"}},
    "number": {"unit": "元"},
    "text": {"max_length": 10},
    "table": {"max_mb": 0.001, "max_rows": 2, "max_columns": 3},
    "file": {"accept": [".png"], "max_mb": 0.001},
    "code": {"max_length": 20},
    "flow": {"max_length": 120},
    "audio": {"max_mb": 0.001},
    "boxes": {"images": {"a.png": [40, 30]}, "labels": {"pit": "麻点"}, "max_boxes": 1},
    "images": {"max_files": 2, "max_mb": 0.001},
    "home": {"home": "home.yaml", "max_length": 100},
}
BLANK = {
    "choice": [None, [], "", [""]],
    "number": [None, "", "  ", "　"],
    "text": [None, "", " \n"],
    "table": [None, ""],
    "file": [None, ""],
    "code": [None, "", " \n\t"],
    "flow": [None, "", " \n\t"],
    "audio": [None, ""],
    "boxes": [None, "", " \n", "{}", '{"a.png": []}'],
    "images": [None, "", []],
    "home": [None, "", " \n", "# 在这里写\n"],
}
GOOD = {
    "choice": [(["A", "C"], frozenset("AC")), (["A", "A"], frozenset("A")), ("B", frozenset("B"))],
    "number": [("１２．５", 12.5), ("1,234", 1234.0), ("12 元", 12.0), ("12元", 12.0), ("-0.5", -0.5)],
    "text": [("答案", "答案")],
    "table": [(Upload("a.csv", b"x,y\n1,2\n"), Table(("x", "y"), (("1", "2"),)))],
    "file": [(Upload("A.PNG", b"x"), Upload("A.PNG", b"x"))],
    "code": [("print(1)", "print(1)")],
    "flow": [(NODE, Flow("", "advanced-chat", "", (Node("s", "start", "开始", {"type": "start", "title": "开始"}),), (), (), {}, {}))],
    "audio": [(Upload("A.WAV", WAV), RawSound("A.WAV", WAV)), (Upload("a.flac", FLAC), RawSound("a.flac", FLAC))],
    "boxes": [(BOX, Boxes({"a.png": (Box("pit", 1, 2, 3, 4),)}, {"a.png": (40, 30)}, {"pit": "麻点"}))],
    "images": [([PICTURE], Pictures((PICTURE,)))],
    "home": [("- alias: a\n", Automations("- alias: a\n", 1))],
}
BAD = {
    "choice": [["D"], [1], {"A": 1}, 3, "AB"],
    "number": ["12%", "十二元整", "nan", "inf", "1e999", "1_0", 12, ["1"], "12,34", "9" * 400],
    "text": ["x" * 11, 3, ["x"]],
    "table": ["x", Upload("a.csv", b""), Upload("a.csv", b"x\n" * 2000), Upload("a.csv", b"x\n1\n2\n3\n"), Upload("a.csv", b"a,b,c,d\n")],
    "file": ["x", Upload("a.png", b""), Upload("a.png", b"x" * 2000), Upload("a.pdf", b"x"), Upload("png", b"x")],
    "code": ["x" * 21, 3, "a\0b", "\ud800"],
    "flow": ["x" * 121, 3, "a: 1", "a: [", "\0", "kind: app", "kind: app\nworkflow: {graph: {nodes: []}}", NODE + " # \ud800",
             "a: &a [x]\nb: *a", "kind: app\nworkflow: {graph: {nodes: [{id: s, data: {type: start, x: .inf}}]}}"],
    "audio": ["x", Upload("a.wav", b""), Upload("a.wav", WAV[:20]), Upload("a.wav", FLAC), Upload("a.flac", WAV), Upload("a.mp3", WAV),
              Upload("a.wav", WAV + b"\0" * 2000), Upload("a.wav.html", WAV), Upload("a.wav", b"RIFX" + WAV[4:])],
    "home": ["- alias: " + "x" * 100, 3, "- a: [", "- alias: a\0", "- alias: \ud800", "- &a {alias: a}\n- *a", "- alias: !x a",
             "- a: 1\n  a: 2"],
    "boxes": ["[", 3, ["x"], BOX.replace("pit", "rust"), BOX.replace("a.png", "b.png"), BOX.replace("4]", "40]")],
    "images": [
        "x", PICTURE, [PICTURE] * 3, ["x"], [Upload("a.jpg", b"")], [Upload("a.jpg", PICTURE.data * 999)], [Upload("a.jpg", b"GIF89a")],
    ],
}


def parse(kind, raw, **extra):
    field = get_kind(kind)
    return field.parse(raw, field.spec(id="f", kind=kind, **{**SPECS[kind], **extra}))


def cases(table):
    return [pytest.param(kind, value, id=f"{kind}-{n}") for kind, values in table.items() for n, value in enumerate(values)]


def test_every_kind_is_covered():
    assert set(all_kinds()) == set(SPECS) == set(BLANK) == set(GOOD) == set(BAD)


@pytest.mark.parametrize(("kind", "raw"), cases(BLANK))
def test_blank(kind, raw):
    assert get_kind(kind).is_blank(raw)


@pytest.mark.parametrize(("kind", "pair"), cases(GOOD))
def test_read(kind, pair):
    raw, value = pair
    assert not get_kind(kind).is_blank(raw)
    assert parse(kind, raw) == value


@pytest.mark.parametrize(("kind", "raw"), cases(BAD))
def test_refused_with_a_chinese_sentence(kind, raw):
    assert not get_kind(kind).is_blank(raw)
    with pytest.raises(ResponseError) as caught:
        parse(kind, raw)
    assert str(caught.value).endswith("。")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("form", ["single", "judge"])
def test_one_choice_means_one(form):
    options = {} if form == "judge" else {"T": "甲", "F": "乙"}
    assert parse("choice", ["T"], form=form, options=options) == {"T"}
    with pytest.raises(ResponseError, match="只能选一项"):
        parse("choice", ["T", "F"], form=form, options=options)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("choice", {"form": "judge", "options": {"A": "甲", "B": "乙"}}),
        ("choice", {"form": "single", "options": {"A": "甲"}}),
        ("choice", {"form": "single"}),
        ("choice", {"options": {"甲": "x", "乙": "y"}}),
        ("number", {"digits": 2}),
        ("table", {"max_mb": 0}),
        ("file", {"accept": ["png"]}),
        ("code", {"file": "../x.py"}),
        ("code", {"language": "perl"}),
    ],
)
def test_a_wrong_spec_is_refused(kind, keys):
    with pytest.raises(ValidationError):
        get_kind(kind).spec(id="f", kind=kind, **keys)


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(TaskError, match=r"choice.*number"):
        get_kind("smell")


def test_without_a_unit_the_sentence_says_so():
    with pytest.raises(ResponseError, match="百分号"):
        parse("number", "12%", unit="")
    assert parse("number", "12%", unit="%") == 12.0
