"""Words of a sentence, and how far two sentences agree."""

from __future__ import annotations

import pytest

from grading.runners.audio.engine.sentence import agreement, words


def test_words_are_folded():
    assert words("Don't stop, Anna! 1 stop") == ["don't", "stop", "anna", "stop"]
    assert words("请读这一句") == []


@pytest.mark.parametrize(("said", "share"), [
    ("we saw the cat", 1), ("we saw a cat", 0.75), ("", 0), ("cat the saw we", 0.25), ("we we saw saw the the cat cat", 0.5), ("dogs", 0),
])
def test_agreement_counts_order_and_what_is_too_much(said, share):
    assert agreement(words(said), words("We saw the cat.")) == share


def test_nothing_agrees_with_nothing():
    assert agreement([], []) == 0
