"""试运行: run a candidate's draft on the task's public files, in the sandbox, for their eyes only. Nothing is marked."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any

from grading.errors import ResponseError, SandboxError
from grading.fields import get_kind
from grading.model import Task
from grading.runners import get_runner
from grading.tables import Table
from grading.text import show_number
from simulator.errors import Refused
from simulator.services import Services

PREVIEW_ROWS = 8
MAX_OUTPUT = 20_000

_slots = threading.BoundedSemaphore(max(os.cpu_count() or 1, 1))
_running: set[int] = set()
_lock = threading.Lock()


def run(task: Task, run_id: str, draft: Mapping[str, Any], services: Services, *, owner: int) -> dict[str, Any]:
    """Return what the run did: status, message, output, artifacts. One at a time for each attempt."""
    spec = next((r for r in task.runs if r.id == run_id), None)
    if spec is None:
        raise Refused("这道题没有这个试运行。", "请刷新页面。", status=404)
    field, sandbox = task.field(spec.of), services.sandbox.get()
    if sandbox is None:
        raise Refused(services.sandbox.problem, "请告诉监考教师；作答已保存，不受影响。", status=503)
    raw = draft.get(spec.of)
    if get_kind(field.kind).is_blank(raw):
        raise Refused("还没有可以运行的程序。", "请先填写程序，保存后再试运行。", status=422)
    try:
        program = get_kind(field.kind).parse(raw, field)
    except ResponseError as error:
        raise Refused(str(error), "请修改后再试运行。", status=422) from None
    public = spec.model_copy(update={"hidden": ()})  # hidden inputs are for marking only
    with _Turn(owner):
        try:
            return _view(get_runner(spec.runner)(public, task, program, sandbox))
        except SandboxError as error:
            raise Refused(str(error), "请告诉监考教师；作答已保存，不受影响。", status=503) from None


class _Turn:
    """Admits one trial per attempt and as many at once as there are cores."""

    def __init__(self, owner: int) -> None:
        self._owner = owner

    def __enter__(self) -> None:
        with _lock:
            if self._owner in _running:
                raise Refused("上一次试运行还没有结束。", "请等它结束后再试。", status=429)
            _running.add(self._owner)
        _slots.acquire()

    def __exit__(self, *_error: object) -> None:
        _slots.release()
        with _lock:
            _running.discard(self._owner)


def _view(outcome: Any) -> dict[str, Any]:
    result = outcome.result
    return {
        "status": result.status, "message": result.message, "wall_s": round(result.wall_s, 2),
        "memory_mb": round(result.memory_mb), "stdout": result.stdout[-MAX_OUTPUT:], "stderr": result.stderr[-MAX_OUTPUT:],
        "artifacts": [{"name": name, **_artifact(value)} for name, value in outcome.artifacts.items()],
        "problems": [{"name": name, "reason": problem.sentence} for name, problem in outcome.problems.items()],
    }


def _artifact(value: Any) -> dict[str, Any]:
    if isinstance(value, Table):
        rows = [["" if cell is None else str(cell)[:60] for cell in row[:12]] for row in value.rows[:PREVIEW_ROWS]]
        return {"kind": "table", "columns": list(value.columns[:12]), "rows": rows, "count": len(value.rows)}
    return {"kind": "text", "text": (show_number(value) if isinstance(value, float) else str(value))[:2000]}
