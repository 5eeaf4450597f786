"""The field `home`: what is read, what is refused, and with which sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from grading.errors import ResponseError
from grading.fields import get_kind
from grading.fields.home import MAX_AUTOMATIONS, MAX_DEPTH, Automations, HomeSpec, describe, is_blank, parse

SPEC = HomeSpec(id="a", home="home.yaml")


@pytest.mark.parametrize("text, count", [
    ("- alias: a\n- alias: b\n", 2), ("automation:\n  - alias: a\nscript:\n  x: {sequence: []}\n", 1), ("[]", 0),
    ("- alias: a\n  trigger: {platform: state, to: on}\n", 1), ("automation: {alias: a}", 1),
])
def test_automations_are_counted(text, count):
    assert parse(text, SPEC) == Automations(text, count)


@pytest.mark.parametrize("raw", [None, "", " \n", "# 只有注释\n\n  # 两行\n"])
def test_nothing_and_comments_are_blank(raw):
    assert is_blank(raw)


def test_one_automation_is_not_blank():
    assert not is_blank("# 注释\n- alias: a\n")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n"


@pytest.mark.parametrize("text, said", [
    (BOMB, "第 2 行第 8 列：.*别名"), ("- alias: !include secrets.yaml\n", "标签 !include"), ("- alias: !secret x\n", "标签 !secret"),
    ("- !!python/object/apply:os.system [ls]\n", "标签 tag:yaml.org,2002:python"), ("- alias: a\n  alias: b\n", "第 2 行.*重复"),
    ("\t- alias: a\n", "Tab"), ("- alias: a\n   b: c\n d: e\n", "第 2 行"), ("- alias: 'a\n", "引号或括号没有结束"),
    ("shell_command: {x: ls}\n", "不认识 'shell_command'"), ("rest_command: {}\n", "不认识"), ("text", "列表"), ("- a\0", "无法保存"),
    ("- " * (MAX_DEPTH + 2) + "a\n", "嵌套"), ("[" * 5000, "嵌套过深|YAML"), ("- alias: a\n" * (MAX_AUTOMATIONS + 1), "61 条"),
    ("- alias: a\n" * 500, "500 条，最多 60 条"), ("- alias: \ud800\n", "无法保存"),
])
def test_what_would_harm_is_refused_with_a_sentence(text, said):
    with pytest.raises(ResponseError, match=said) as refused:
        parse(text, SPEC)
    assert str(refused.value).endswith("。")


@pytest.mark.parametrize("raw", [7, ["- a"], {"a": 1}, b"- a", True])
def test_only_text_is_read(raw):
    with pytest.raises(ResponseError, match="应填写自动化的 YAML"):
        parse(raw, SPEC)


def test_a_huge_text_is_refused_before_it_is_read():
    with pytest.raises(ResponseError, match="超过 40000 个字符"):
        parse("- alias: a\n" * 10_000, SPEC)


PIECES = ["- ", "a: ", "\n", "  ", "[", "}", "&x", "*x", "!t ", "'", "|", ">", "on"]


@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_whatever_is_typed_is_read_or_refused(text):
    said = describe(text)
    assert said.endswith((" 条自动化", "。）"))


def test_it_is_described_in_a_few_words():
    assert describe("- alias: a\n- alias: b\n") == "2 条自动化"
    assert describe("- [").startswith("不能识别的 YAML（")
    assert get_kind("home").value == "home"
