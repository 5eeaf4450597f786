"""Blank: a word or a few, equal to one of the accepted answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Key

from grading.errors import TaskError
from grading.model import Mark
from grading.registry import grader
from grading.text import as_number, fold, shorten

Answer = Annotated[str, Key(min_length=1, max_length=200)]


def _check(*, accept: tuple[str, ...], ignore_case: bool, ignore_punctuation: bool, **_: object) -> None:
    for answer in accept:
        if not fold(answer, ignore_case=ignore_case, ignore_punctuation=ignore_punctuation):
            raise TaskError(f"答案 {answer!r} 去掉空格和标点后是空的", key="args.accept")


@grader(validate=_check)
def blank(
    found: str, *, accept: Annotated[tuple[Answer, ...], Key(min_length=1)], ignore_case: bool = True,
    ignore_punctuation: bool = False, numbers: bool = True,
) -> Mark:
    """Mark a filled blank: right if it equals one of `accept`. Width, kinds of quotes and spaces never matter.

    Parameters
    ----------
    found : what the candidate wrote
    accept : all accepted answers; the first one is shown as the expected one
    ignore_case : `KNN` equals `knn`
    ignore_punctuation : `k-means` equals `kmeans`
    numbers : `0.50`, `.5` and `０．５` are equal, and so are `3` and `三`, if the whole answer is a number

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> blank("　ＫＮＮ ", accept=["knn", "K近邻"]).fraction
    1.0
    >>> blank("三", accept=["3"]).fraction, blank("三", accept=["3"], numbers=False).fraction
    (1.0, 0.0)
    """
    expected = shorten(" / ".join(accept), 120)
    answer = fold(found, ignore_case=ignore_case, ignore_punctuation=ignore_punctuation)
    shown = shorten(found) or "（空）"
    if not answer:
        return Mark(0.0, expected, shown, "没有填写内容。")
    for wanted in accept:
        if answer == fold(wanted, ignore_case=ignore_case, ignore_punctuation=ignore_punctuation):
            return Mark(1.0, expected, shown, "填写正确。")
        if numbers and (value := as_number(found)) is not None and value == as_number(wanted):
            return Mark(1.0, expected, shown, "填写正确，数值相等。")
    return Mark(0.0, expected, shown, "填写的内容与可接受的答案都不一致。")
