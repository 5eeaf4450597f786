"""Sentences that are stored for candidates to read: Chinese in any language, like the reasons that graders give."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

NOT_MARKED = "评分程序异常，等待人工复核。"
REMARKED, UNDONE = "按新版试题重评", "撤销了重评"


def number(marks: Decimal) -> str:
    """Return marks as people write them.

    >>> number(Decimal("1.50"))
    '1.5'
    """
    return f"{marks.normalize():f}"


def decided(reason: str, name: str, at: datetime) -> str:
    """Return the reason of a point that a person has decided. at : in the school's time zone."""
    return f"人工改判：{reason}（{name}，{at:%Y-%m-%d %H:%M}）"


def total_changed(exam: str, what: str, before: Decimal, after: Decimal) -> str:
    """Return what a candidate is told whose total has changed. what : REMARKED or UNDONE."""
    return f"《{exam}》{what}，你的总分 {number(before)} → {number(after)}。"


def changed(exam: str, what: str) -> str:
    """Return what a candidate is told whose marks have changed while the total is not final."""
    return f"《{exam}》{what}，你的得分有变化。"


def points_changed(exam: str, what: str) -> str:
    """Return what a candidate is told whose points have changed, but not the total."""
    return f"《{exam}》{what}，你的总分不变，个别评分点有变化。"


def answered(exam: str, task: str, point: str, change: tuple[Decimal, Decimal] | None) -> str:
    """Return what a candidate is told whose question was answered. change : marks before and after, if they were changed."""
    marks = f"，得分 {number(change[0])} → {number(change[1])}" if change else ""
    return f"《{exam}》“{task}”{point} 的疑问已答复{marks}。"


def overridden(exam: str, task: str, point: str, before: Decimal, after: Decimal) -> str:
    """Return what a candidate is told of whose answer a person has decided one point."""
    return f"《{exam}》“{task}”{point} 由人工改判，得分 {number(before)} → {number(after)}。"
