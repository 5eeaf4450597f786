"""Choice: options chosen against the key, by the paper's rule."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key

from grading.errors import TaskError
from grading.model import Mark
from grading.registry import grader

Rule = Literal["all_or_nothing", "partial_no_wrong", "per_option"]

_JUDGE = {"T": "正确", "F": "错误"}


def _check(*, key: str | tuple[str, ...], options: int | None, **_: object) -> None:
    ids = _ids(key)
    if not ids or not all(ids):
        raise TaskError("key 至少要写一个选项", key="args.key")
    if options is not None and len(ids) > options:
        raise TaskError(f"key 有 {len(ids)} 项，多于 options: {options}", key="args.key")


@grader(validate=_check)
def choice(
    found: frozenset[str], *, key: str | tuple[str, ...], rule: Rule = "all_or_nothing",
    options: Annotated[int, Key(ge=2, le=26)] | None = None,  # noqa: ARG001  checked when the task is loaded
) -> Mark:
    """Mark chosen options; for true-or-false and single choice every rule means equality.

    Parameters
    ----------
    found : the chosen option ids
    key : the right option id, or all right ones
    rule : for several right options, `all_or_nothing`; `partial_no_wrong`: right ones chosen / right ones, but 0 with any
        wrong one; `per_option`: (right ones chosen − wrong ones chosen) / right ones, at least 0
    options : how many options there are to choose from; only checked against `key`

    Returns
    -------
    Mark with the share by `rule`

    Examples
    --------
    >>> choice(frozenset("AC"), key=["A", "C"]).fraction
    1.0
    >>> choice(frozenset("A"), key=["A", "C"], rule="partial_no_wrong").fraction
    0.5
    >>> choice(frozenset("ACD"), key=["A", "C"], rule="per_option").fraction
    0.5
    """
    right = _ids(key)
    hits, wrong = len(found & right), len(found - right)
    if found == right:
        fraction = 1.0
    elif rule == "all_or_nothing" or not found:
        fraction = 0.0
    elif rule == "partial_no_wrong":
        fraction = 0.0 if wrong else hits / len(right)
    else:
        fraction = max(0, hits - wrong) / len(right)
    return Mark(fraction, _show(right), _show(found), _reason(hits, wrong, len(right), rule))


def _ids(key: str | tuple[str, ...]) -> frozenset[str]:
    return frozenset([key] if isinstance(key, str) else key)


def _show(ids: frozenset[str]) -> str:
    return "、".join(_JUDGE.get(option, option) for option in sorted(ids)[:26]) or "未选"


def _reason(hits: int, wrong: int, right: int, rule: Rule) -> str:
    if hits == right and not wrong:
        return "选择正确。"
    if right == 1 and hits + wrong <= 1:
        return "选择错误。" if wrong else "没有选择任何选项。"
    parts = [f"选对 {hits} 项"]
    parts += [f"漏选 {right - hits} 项"] if hits < right else []
    parts += [f"错选 {wrong} 项"] if wrong else []
    rules = {
        "all_or_nothing": "全部选对才得分",
        "partial_no_wrong": "错选不得分，漏选按选对的比例得分",
        "per_option": "每错选一项抵消一项选对的",
    }
    return f"{'，'.join(parts)}；本题{rules[rule]}。"
