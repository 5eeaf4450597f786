"""Mark one response: run what has to run, give every scoring point its verdict, contain every failure.

field → run → artifact → grader → mark (DESIGN §2). Points are independent: a failed run or grader costs only its own.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from grading import totals
from grading.errors import GradingError, ResponseError, SandboxError
from grading.fields import get_kind
from grading.model import Cause, Evidence, Mark, Response, RunSpec, ScoringPoint, Status, Task, Verdict
from grading.registry import get_grader
from grading.runners import RunOutcome, get_runner
from grading.sandbox.contract import RunResult, Sandbox

log = logging.getLogger(__name__)

NO_SANDBOX = "本机没有可用的沙箱，程序未运行；已记录，待恢复后重新评分。"
OUR_FAULT = "评分程序异常，已记录，等待人工复核。"

Defaults = Mapping[str, Mapping[str, Any]]
"""grader name → arguments that a paper sets where a task does not, e.g. ``{"choice": {"rule": "partial_no_wrong"}}``."""


@dataclass(frozen=True)
class Problem:
    """Why a value is not there: what the candidate reads, and whose doing it was."""

    sentence: str
    cause: Cause
    status: Status = "incorrect"


@dataclass(frozen=True)
class Grading:
    """All verdicts of one marking, in the order of the task's points, and what each run did.

    graders : name → version of every grader that judged; evidence : run id → what a person may look at.
    """

    verdicts: tuple[Verdict, ...]
    runs: Mapping[str, RunResult]
    graders: Mapping[str, int]
    evidence: Mapping[str, Evidence]


def grade(task: Task, response: Response, *, sandbox: Sandbox | None = None, defaults: Defaults | None = None) -> Grading:
    """Return the verdicts of `response`.

    sandbox : needed by tasks with runs; without one their points get the status `error`, never 0 marks for good.
    """
    values = _field_values(task, response)
    outcomes: dict[str, RunOutcome] = {}
    for run in task.runs:
        if run.purpose != "trial":
            values.update(_run_values(task, run, values[run.of], sandbox, outcomes))
    verdicts = tuple(_verdict(task, point, values, defaults or {}) for point in task.points)
    return Grading(
        verdicts, {name: outcome.result for name, outcome in outcomes.items()},
        {point.grader: get_grader(point.grader).version for point in task.points},
        {name: outcome.evidence for name, outcome in outcomes.items() if outcome.evidence is not None},
    )


def _field_values(task: Task, response: Response) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in task.fields:
        kind = get_kind(field.kind)
        raw = response.get(field.id)
        if kind.is_blank(raw):
            values[field.id] = Problem("未作答。", "", "blank")
            continue
        try:
            values[field.id] = kind.parse(raw, field)
        except ResponseError as error:
            values[field.id] = Problem(str(error), "unreadable")
        except Exception:
            log.exception("field %s of %s could not be parsed", field.id, task.id)
            values[field.id] = Problem(OUR_FAULT, "fault", "error")
    return values


def _run_values(
    task: Task, run: RunSpec, program: Any, sandbox: Sandbox | None, outcomes: dict[str, RunOutcome]
) -> dict[str, Any]:
    """Run once and return artifact id → value or Problem; the run's own account goes into `outcomes`."""
    if isinstance(program, Problem):
        return dict.fromkeys(run.produces, program)
    if sandbox is None:
        return dict.fromkeys(run.produces, Problem(NO_SANDBOX, "fault", "error"))
    try:
        outcome = get_runner(run.runner)(run, task, program, sandbox)
    except SandboxError as error:
        log.exception("sandbox failed in run %s of %s", run.id, task.id)
        return dict.fromkeys(run.produces, Problem(f"{OUR_FAULT}（{error}）", "fault", "error"))
    except Exception:
        log.exception("runner %s failed in run %s of %s", run.runner, run.id, task.id)
        return dict.fromkeys(run.produces, Problem(OUR_FAULT, "fault", "error"))
    outcomes[run.id] = outcome
    missing = {name: _problem(problem.sentence, problem.cause) for name, problem in outcome.problems.items()}
    return {**outcome.artifacts, **missing}


def _problem(sentence: str, cause: Cause) -> Problem:
    return Problem(sentence, cause, "error" if cause == "fault" else "incorrect")


def _verdict(task: Task, point: ScoringPoint, values: Mapping[str, Any], defaults: Defaults) -> Verdict:
    found = [values[source] for source in point.sources]
    problems = [value for value in found if isinstance(value, Problem)]
    if problems and _cannot_go_on(point, found):
        first = next((p for p in problems if p.status == "error"), problems[0])
        return _settle(point, first.status, 0.0, Mark(0.0, reason=first.sentence, cause=first.cause))
    try:
        mark = _apply(task, point, [None if isinstance(value, Problem) else value for value in found], defaults)
    except ResponseError as error:
        return _settle(point, "incorrect", 0.0, Mark(0.0, reason=str(error), cause="unreadable"))
    except Exception:
        # A grader's failure is ours: it must never read as the candidate's failure (DESIGN §2.3).
        log.exception("grader %s failed on point %s of %s", point.grader, point.id, task.id)
        return _settle(point, "error", 0.0, Mark(0.0, reason=OUR_FAULT, cause="fault"))
    fault = next((problem for problem in problems if problem.status == "error"), None)
    if fault is not None and mark.fraction < 1.0:
        # Judged on half of the evidence because of us: not final.
        return _settle(point, "error", 0.0, Mark(0.0, reason=fault.sentence, cause="fault"))
    return _settle(point, _status(mark.fraction, point.marks), mark.fraction, mark)


def _cannot_go_on(point: ScoringPoint, found: list[Any]) -> bool:
    """A missing optional value (e.g. the state behind a code step) does not stop the grader; a missing first one does."""
    required = get_grader(point.grader).required
    return any(isinstance(value, Problem) for value in found[:required])


def _apply(task: Task, point: ScoringPoint, values: list[Any], defaults: Defaults) -> Mark:
    grader = get_grader(point.grader)
    args = dict(task.bound[point.id])
    for name, value in defaults.get(point.grader, {}).items():
        if name not in point.args:
            args[name] = value
    mark = grader.function(*values, **args)
    fraction = float(mark.fraction)  # graders may return numpy's floats, which write themselves differently
    if not 0.0 <= fraction <= 1.0:  # also catches NaN
        raise GradingError(f"{point.grader} returned the fraction {fraction!r}")
    return replace(mark, fraction=fraction)


def _status(fraction: float, marks: Decimal) -> Status:
    """Judge by the rounded marks, so that status and marks on the score sheet never disagree."""
    earned = totals.earned(fraction, marks)
    return "correct" if earned == marks else "partial" if earned else "incorrect"


def _settle(point: ScoringPoint, status: Status, fraction: float, mark: Mark) -> Verdict:
    cause: Cause = mark.cause or ("wrong" if status in ("partial", "incorrect") else "")
    return Verdict(
        id=point.id, title=point.title, status=status, earned=totals.earned(fraction, point.marks), marks=point.marks,
        expected=mark.expected, found=mark.found, reason=mark.reason, cause=cause, evidence=mark.evidence,
        board=point.board or "",
    )
