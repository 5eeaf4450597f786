"""Lint while typing: what a field's kind finds in an answer that is not even saved. Nothing is marked and nothing is stored."""

from __future__ import annotations

import threading
from typing import Any

from grading.errors import ResponseError
from grading.fields import get_kind
from grading.model import Task
from simulator.errors import Refused

MAX_CHARS = 120_000
MAX_FINDINGS = 100
MESSAGE_CHARS = 300
PLACE_CHARS = 120
WAIT_S = 2.0

_turn = threading.BoundedSemaphore(1)
"""A web process checks one answer at a time: typing may never take the threads that save drafts."""


def lint(task: Task, field_id: str, value: Any) -> list[dict[str, Any]]:
    """Return the findings of one field as [{severity, place, line, message}], worst first as its kind gives them.

    Refused if the task has no such field (404), its kind finds nothing while typing (404), the value is no text or too long
    (422), or the process is busy (503: ask again).
    """
    field = next((one for one in task.fields if one.id == field_id), None)
    kind = get_kind(field.kind) if field is not None else None
    if kind is None or kind.lint is None:
        raise Refused("这个作答项没有即时检查。", "请刷新页面。", status=404)
    if not isinstance(value, str):
        raise Refused("检查请求的格式不对。", "请刷新页面后再试。", status=422)
    if len(value) > MAX_CHARS:
        raise Refused("内容超过 120000 个字符，无法检查。", "请删去多余的内容。", status=422)
    if not _turn.acquire(timeout=WAIT_S):
        raise Refused("检查暂时排不上队。", "稍后会自动再查。", status=503)
    try:
        found = kind.lint(value, field)
    except ResponseError as error:
        found = [{"severity": "error", "message": str(error)}]
    finally:
        _turn.release()
    return [_bounded(one) for one in found[:MAX_FINDINGS]]


def _bounded(finding: dict[str, Any]) -> dict[str, Any]:
    line = finding.get("line")
    return {
        "severity": "error" if finding.get("severity") == "error" else "warning",
        "place": str(finding.get("place") or "")[:PLACE_CHARS], "line": line if isinstance(line, int) and line > 0 else None,
        "message": str(finding.get("message") or "")[:MESSAGE_CHARS],
    }
