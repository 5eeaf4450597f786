"""A task proves itself: its samples earn what the author says, and trivial answers earn (nearly) nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from grading import totals
from grading.baselines import trivial_responses, trivial_tables
from grading.engine import grade
from grading.errors import GradingError, TaskError
from grading.model import Response, Spec, Status, Task, Verdict
from grading.registry import get_grader
from grading.response import check_fields, load_response
from grading.sandbox.contract import Sandbox
from grading.specs import parse
from grading.yamlfile import read_mapping

MIN_WRONG = 3


@dataclass(frozen=True)
class Trial:
    """One proof: a sample or a baseline. problems is empty when it holds."""

    name: str
    kind: str
    earned: Decimal
    marks: Decimal
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proof:
    """All trials of one task."""

    task: str
    trials: tuple[Trial, ...] = field(default=())

    @property
    def problems(self) -> list[str]:
        """Every mismatch, with the name of its sample."""
        return [f"{trial.name}：{problem}" for trial in self.trials for problem in trial.problems]


class Expectation(Spec):
    """`expect.yaml`: marks for every point, optional statuses, optional note."""

    marks: Mapping[str, Decimal]
    status: Mapping[str, Status] = {}
    note: str = ""


def prove(task: Task, sandbox: Sandbox | None) -> Proof:
    """Run every sample and baseline of `task`. Bank items prove themselves by their key."""
    if task.root is None:
        return Proof(task.id, tuple(_item_trials(task)))
    return Proof(task.id, (*_sample_trials(task, sandbox), *_baseline_trials(task, sandbox)))


def _item_trials(task: Task) -> Iterator[Trial]:
    spec: Any = task.fields[0]
    options = list(spec.options) or ["T", "F"]
    key = sorted(task.bound[task.points[0].id]["key"])
    yield _item_trial(task, "key", {spec.id: key}, task.marks)
    yield _item_trial(task, "blank", {}, Decimal(0))
    for option in options:
        if [option] != key:
            yield _item_trial(task, f"only-{option}", {spec.id: [option]}, Decimal(0))


def _item_trial(task: Task, name: str, response: Response, expected: Decimal) -> Trial:
    verdicts = grade(task, response).verdicts
    earned = totals.total(verdicts)
    problems = () if earned == expected else (f"应得 {expected} 分，实得 {earned} 分",)
    return Trial(name, "item", earned, task.marks, problems)


def _sample_trials(task: Task, sandbox: Sandbox | None) -> Iterator[Trial]:
    assert task.root is not None
    folder = task.root / "samples"
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    missing = [name for name in ("full", "blank") if name not in names]
    wrong = [name for name in names if name.startswith("wrong-")]
    if missing or len(wrong) < MIN_WRONG:
        lacks = "、".join([*missing, *([f"wrong-*（至少 {MIN_WRONG} 个）"] if len(wrong) < MIN_WRONG else [])])
        yield Trial("samples", "sample", Decimal(0), task.marks, (f"样例不全，缺少 {lacks}",))
    for name in names:
        yield _sample_trial(task, folder / name, sandbox)


def _sample_trial(task: Task, folder: Path, sandbox: Sandbox | None) -> Trial:
    try:
        expectation = load_expectation(task, folder)
        verdicts = grade(task, load_response(task, folder), sandbox=sandbox).verdicts
    except (GradingError, OSError) as error:
        return Trial(folder.name, "sample", Decimal(0), task.marks, (str(error),))
    problems = list(_mismatches(expectation, verdicts))
    earned, before = totals.total(verdicts), totals.total(verdicts, final=False)
    if folder.name == "full" and earned != task.marks:
        problems.append(f"full 应得满分 {task.marks}，实得 {earned}")
    elif folder.name == "full" and before != task.marks:
        problems.append(f"full 公布前（按公开部分）应得满分 {task.marks}，实得 {before}")
    if folder.name == "blank" and (earned or before):
        problems.append(f"blank 应得 0 分，实得 {earned or before}")
    return Trial(folder.name, "sample", earned, task.marks, tuple(problems))


def load_expectation(task: Task, folder: Path) -> Expectation:
    """Return `expect.yaml` of a sample; TaskError if a point is missing or unknown."""
    file = folder / "expect.yaml"
    raw = read_mapping(file)
    known = {point.id: point.marks for point in task.points}
    marks = {name: str(value) for name, value in raw.items() if name not in ("status", "note")}
    extra = {name: raw[name] for name in ("status", "note") if name in raw}
    statuses = raw.get("status")
    named = marks.keys() | (statuses.keys() if isinstance(statuses, dict) else set())
    unknown, missing = named - known.keys(), known.keys() - marks.keys()
    if unknown or missing:
        words = [f"未知的评分点 {', '.join(sorted(map(str, unknown)))}"] if unknown else []
        words += [f"缺少评分点 {', '.join(sorted(missing))}"] if missing else []
        raise TaskError("；".join(words), file=file)
    return parse(Expectation, {"marks": marks, **extra}, file=file)


def _mismatches(expectation: Expectation, verdicts: tuple[Verdict, ...]) -> Iterator[str]:
    for verdict in verdicts:
        wanted = expectation.marks[verdict.id]
        if verdict.earned != wanted:
            yield f"{verdict.id} 应得 {wanted}，实得 {verdict.earned}（{verdict.status}：{verdict.reason}）"
        status = expectation.status.get(verdict.id)
        if status is not None and verdict.status != status:
            yield f"{verdict.id} 状态应为 {status}，实为 {verdict.status}（{verdict.reason}）"
        elif status is None and verdict.status in totals.UNSETTLED:
            yield f"{verdict.id} 没有评出结果（{verdict.reason}）"


def _baseline_trials(task: Task, sandbox: Sandbox | None) -> Iterator[Trial]:
    for name, response in trivial_responses(task):
        check_fields(task, response)
        yield _baseline(task, name, grade(task, response, sandbox=sandbox).verdicts)
    for point in task.points:
        for name, table in trivial_tables(task, point):
            mark = get_grader(point.grader).function(table, **task.bound[point.id])
            earned = totals.earned(mark.fraction, point.marks)
            yield _bounded(task, f"{point.id}-{name}", earned)


def _baseline(task: Task, name: str, verdicts: tuple[Verdict, ...]) -> Trial:
    unsettled = [v for v in verdicts if v.status in totals.UNSETTLED]
    trial = _bounded(task, name, max(totals.total(verdicts), totals.total(verdicts, final=False)))
    if not unsettled:
        return trial
    return Trial(name, "baseline", trial.earned, task.marks, (*trial.problems, f"{unsettled[0].id} 没有评出结果"))


def _bounded(task: Task, name: str, earned: Decimal) -> Trial:
    problem = f"不动脑的作答得了 {earned} 分，上限 baseline_max 是 {task.baseline_max}"
    return Trial(name, "baseline", earned, task.marks, () if earned <= task.baseline_max else (problem,))

