"""Number: a value within a tolerance."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field as Key, FiniteFloat

from grading.cells import as_number, close
from grading.model import Mark
from grading.registry import grader
from grading.text import show_number

Tolerance = Annotated[float, Key(ge=0, allow_inf_nan=False)]


@grader
def number(
    found: float, *, equals: FiniteFloat, abs_tol: Tolerance = 0.0, rel_tol: Tolerance = 0.0, unit: str = ""
) -> Mark:
    """Mark a number: right if |found − equals| ≤ max(abs_tol, rel_tol · |equals|). NaN and infinity never match.

    Parameters
    ----------
    found : the candidate's number
    equals : the right value
    abs_tol : allowed distance, in the unit of the value
    rel_tol : allowed distance as a share of `equals` (0.02 is 2 %)
    unit : shown behind the numbers

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> number(12.48, equals=12.5, abs_tol=0.05).fraction
    1.0
    >>> number(0.25, equals=25).reason
    '数值偏小；正好相差 100 倍，请检查百分数与小数的换算。'
    """
    suffix = f" {unit.strip()}" if unit.strip() else ""
    expected = f"{show_number(equals)}{_tolerance(abs_tol, rel_tol)}{suffix}"
    value = as_number(found)
    if value is None:
        return Mark(0.0, expected, "不是有限的数", "结果不是有限的数（NaN 或无穷大），请检查缺失值和除以零。")
    shown = f"{show_number(value)}{suffix}"
    if close(equals, value, abs_tol=abs_tol, rel_tol=rel_tol):
        return Mark(1.0, expected, shown, "数值正确。" if value == equals else "数值在允许误差内。")
    return Mark(0.0, expected, shown, _hint(equals, value))


def _tolerance(abs_tol: float, rel_tol: float) -> str:
    parts = [f" ± {show_number(abs_tol)}"] if abs_tol else []
    parts += [f"（允许误差 {show_number(100 * rel_tol)}%）"] if rel_tol else []
    return "".join(parts)


def _hint(equals: float, value: float) -> str:
    side = "数值偏大" if value > equals else "数值偏小"
    if equals and math.isclose(value, -equals, rel_tol=1e-9):
        return f"{side}；符号相反，请检查加减方向。"
    for factor in (100, 1000):
        if equals and any(math.isclose(value * k, equals, rel_tol=1e-9) for k in (factor, 1 / factor)):
            what = "百分数与小数的换算" if factor == 100 else "单位的换算"
            return f"{side}；正好相差 {factor} 倍，请检查{what}。"
    return f"{side}，超出允许误差。"
