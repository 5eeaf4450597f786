"""Whose doing it was that a run ended as it did."""

from __future__ import annotations

from collections.abc import Mapping

from grading.model import Cause
from grading.runners import Problem
from grading.sandbox.contract import RunResult, RunStatus

CAUSES: Mapping[RunStatus, Cause] = {
    "ok": "wrong", "runtime_error": "crash", "time_limit": "time_limit", "memory_limit": "memory_limit",
    "output_limit": "output_limit", "process_limit": "process_limit", "cancelled": "fault", "refused": "fault",
    "sandbox_error": "fault",
}


def missing(result: RunResult, what: str) -> Problem:
    """Return why something that a program should have made is not there; `what` : e.g. ``没有生成文件 out.csv``."""
    cause = CAUSES[result.status]
    if cause == "fault":
        return Problem(f"程序未能运行：{result.message}", cause)
    if cause == "wrong":
        return Problem(f"程序正常结束，但{what}。", cause)
    return Problem(f"{result.message.rstrip('。')}；{what.rstrip('。')}。", cause)
