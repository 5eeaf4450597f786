"""What a trial leaves for its page: figures of the run, previews of its artifacts, its evidence."""

from __future__ import annotations

from typing import Any

from grading.runners import RunOutcome
from grading.tables import Table
from grading.text import show_number
from simulator.findings import bounded

PREVIEW_ROWS = 8


def view(outcome: RunOutcome) -> dict[str, Any]:
    """Return what the page of a trial shows of `outcome`: plain, bounded data."""
    result = outcome.result
    shown = {} if outcome.evidence else outcome.artifacts  # evidence shows them better
    problems = {} if result.status == "cancelled" else outcome.problems  # what it did not come to is no mistake
    return {
        "status": result.status, "message": result.message, "wall_s": round(result.wall_s, 2), "memory_mb": round(result.memory_mb),
        "artifacts": [{"name": name, **_artifact(value)} for name, value in shown.items()],
        "problems": [{"name": name, "reason": problem.sentence} for name, problem in problems.items()],
        "evidence": bounded(outcome.evidence) if outcome.evidence else None,
    }


def _artifact(value: Any) -> dict[str, Any]:
    if isinstance(value, Table):
        rows = [["" if cell is None else str(cell)[:60] for cell in row[:12]] for row in value.rows[:PREVIEW_ROWS]]
        return {"kind": "table", "columns": list(value.columns[:12]), "rows": rows, "count": len(value.rows)}
    return {"kind": "text", "text": (show_number(value) if isinstance(value, float) else str(value))[:2000]}
