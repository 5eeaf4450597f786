"""What one try at a marking found, and how it is stored: verdicts, runs, or a problem of ours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from grading import totals
from grading.engine import Grading
from grading.model import Evidence, Verdict
from grading.sandbox.contract import RunResult
from simulator.models import Marking, VerdictRow

MAX_LOG = 20_000
MAX_TEXT = 4_000
MAX_EVIDENCE = 1_000_000
TOO_LARGE = {"kind": "too-large"}


@dataclass(frozen=True)
class Finding:
    """A grading, or a problem of ours; how long the try took, and in which sandbox ("": none)."""

    grading: Grading | None
    problem: str
    seconds: float
    backend: str = ""

    @property
    def faults(self) -> list[str]:
        """What failed for our fault; [] if the marking is final."""
        if self.grading is None:
            return [self.problem]
        return [f"{v.id}: {v.reason}" for v in self.grading.verdicts if v.status in totals.UNSETTLED]


def note(marking: Marking, finding: Finding) -> None:
    """Write down how the try went, whether it is the last one or not."""
    marking.log = text("\n".join(finding.faults), MAX_LOG)
    marking.seconds, marking.backend = round(finding.seconds, 4), finding.backend


def store(session: Session, marking: Marking, finding: Finding, now: datetime) -> None:
    """Make `finding` the marking's result: done, or error if something of ours failed."""
    if finding.grading is not None:
        session.add_all(_row(marking.id, ordinal, verdict) for ordinal, verdict in enumerate(finding.grading.verdicts))
        marking.runs = {name: _run(result) for name, result in finding.grading.runs.items()}
        marking.evidence = {name: bounded(evidence) for name, evidence in finding.grading.evidence.items()}
        marking.graders = dict(finding.grading.graders)
    marking.state, marking.done_at = "error" if finding.faults else "done", now


def _row(marking_id: int, ordinal: int, verdict: Verdict) -> VerdictRow:
    return VerdictRow(
        marking_id=marking_id, ordinal=ordinal, point_id=verdict.id, title=verdict.title, status=verdict.status, earned=verdict.earned,
        marks=verdict.marks, expected=text(verdict.expected), found=text(verdict.found), reason=text(verdict.reason),
        cause=verdict.cause, board=verdict.board, evidence=bounded(verdict.evidence) if verdict.evidence else None,
    )


def _run(result: RunResult) -> dict[str, Any]:
    return {
        "status": result.status, "message": result.message, "wall_s": round(result.wall_s, 3),
        "memory_mb": round(result.memory_mb, 1), "stdout": _end(result.stdout), "stderr": _end(result.stderr),
    }


def bounded(evidence: Evidence) -> dict[str, Any]:
    """Return `evidence` as every database stores it, or a word instead of it if it is too large."""
    written = json.dumps(evidence, ensure_ascii=False, allow_nan=False)
    if len(written) > MAX_EVIDENCE:
        return dict(TOO_LARGE)
    found: dict[str, Any] = json.loads(text(written, MAX_EVIDENCE).replace("\\u0000", "\N{REPLACEMENT CHARACTER}"))
    return found


def _end(output: str) -> str:
    return text(output[-MAX_TEXT:])


def text(value: str, limit: int = MAX_TEXT) -> str:
    """Return `value` as every database stores it: cut, without NUL and half characters, which programs do print."""
    return value[:limit].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
