"""Width, spaces, punctuation and numbers of written text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from grading.text import as_number, chinese_number, fold, listing, normalise, plain_number, shorten, show_number, typed_number


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Ｋ－Ｍｅａｎｓ", "K-Means"),
        ("　机器　学习 ", "机器学习"),
        ("random   forest", "random forest"),
        ("使用 Python 3 编程", "使用Python 3编程"),
        ("“甲”、‘乙’。", '"甲",\'乙\'.'),
        ("a\u200bb\ufeff", "ab"),
        ("第一行\n第二行", "第一行第二行"),
        ("", ""),
    ],
)
def test_normalise(written, plain):
    assert normalise(written) == plain


@settings(deadline=None)
@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text):
    assert normalise(normalise(text)) == normalise(text)


def test_fold_keeps_signs_and_points_inside_numbers():
    assert fold("-3", ignore_punctuation=True) != fold("3", ignore_punctuation=True)
    assert fold("1.5", ignore_punctuation=True) != fold("15", ignore_punctuation=True)
    assert fold("3-5", ignore_punctuation=True) != fold("35", ignore_punctuation=True)
    assert fold("k-means。", ignore_punctuation=True) == fold("KMeans", ignore_punctuation=True)


def test_fold_can_keep_case():
    assert fold("KNN") == "knn"
    assert fold("KNN", ignore_case=False) == "KNN"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("12.5", 12.5), ("１２。５", 12.5), ("−3", -3), ("+4", 4), (".5", 0.5), ("5.", 5), ("1e3", 1000), ("1,234,567.5", 1234567.5),
        ("1，234", 1234), ("  7 ", 7), ("12,34", None), ("1、234", None), ("12%", None), ("12元", None), ("nan", None), ("inf", None),
        ("-Infinity", None), ("1_000", None), ("1e999", None), ("0x10", None), ("٣", None), ("", None), ("1 2", None), ("--1", None),
    ],
)
def test_typed_numbers(typed, number):
    assert typed_number(typed) == number


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_number_is_finite_or_none(text):
    for number in (plain_number(text), typed_number(text), as_number(text)):
        assert number is None or abs(number) < float("inf")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("零", 0), ("二", 2), ("十", 10), ("十五", 15), ("二十", 20), ("九十九", 99), ("一百", 100), ("三百二十一", 321),
        ("一千零一", 1001), ("两万三千", 23000), ("一亿", 100_000_000), ("二亿三千万", 230_000_000), ("叁拾", 30),
        ("", None), ("一致", None), ("二三", None), ("百", None), ("万", None), ("万一", None), ("十百", None), ("一万亿", None),
        ("3", None),
    ],
)
def test_chinese_numbers(text, value):
    assert chinese_number(text) == value


def test_digits_and_numerals_meet():
    assert as_number("三") == as_number("３") == 3
    assert as_number("三七") is None


def test_numbers_are_shown_without_noise():
    assert show_number(0.1 + 0.2) == "0.3"
    assert show_number(1200.0) == "1200"


@settings(deadline=None)
@given(st.text(max_size=300), st.integers(2, 80))
def test_shortened_text_is_one_printable_line(text, limit):
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short.isprintable()


def test_listing_counts_what_it_does_not_name():
    assert listing(["a", "b"]) == "a、b"
    assert listing(list("abcde"), 2) == "a、b等 5 项"
