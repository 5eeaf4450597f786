"""The engine contains every failure: each point gets its verdict, and what is our fault never reads as the candidate's."""

from __future__ import annotations

import logging
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from grading import engine
from grading.engine import NO_SANDBOX, OUR_FAULT, grade
from grading.errors import ResponseError, SandboxError
from grading.fields import all_kinds, get_kind
from grading.library import load_library
from grading.loader import load_task
from grading.model import Mark, Upload
from grading.sandbox.contract import RunResult
from grading.tables import Table
from grading.totals import UNSETTLED, total
from tests.grading.trees import FULL, GOOD_RUN, PLAIN, PreparedSandbox, make_plain, make_task, registered, write_library, write_task


def statuses(grading) -> dict[str, str]:
    return {verdict.id: verdict.status for verdict in grading.verdicts}


def by_id(grading) -> dict[str, Any]:
    return {verdict.id: verdict for verdict in grading.verdicts}


# Graders that fail in every way; each is registered only for the test that names it.


def crashes(found: Any) -> Mark:
    raise ZeroDivisionError("secret of the key")


def recurses(found: Any) -> Mark:
    return recurses(found)


def returns_nothing(found: Any) -> Mark:
    return None  # type: ignore[return-value]


def cannot_read(found: Any) -> Mark:
    raise ResponseError("这张表没有表头。")


def gives(found: Any, *, fraction: Any) -> Mark:
    return Mark(fraction, expected="规定", found="实际", reason="因为。")


def sees_state(code: str, state: float | None = None, *, wants: float = 1.0) -> Mark:
    return Mark(1.0 if state == wants else 0.5 if "print" in code else 0.0, found=repr(state))


FAILING = [crashes, recurses, returns_nothing, cannot_read, gives, sees_state]


def graded_with(tmp_path, grader: str, args: dict | None = None, of: Any = "rows", response: Any = None, **kwargs):
    """Return the verdicts of PLAIN whose first point is marked by `grader`."""
    with registered(*FAILING):
        changes = {"points.0.grader": grader, "points.0.args": args or {}, "points.0.of": of}
        task = make_task(tmp_path / "odd", changes, base=PLAIN)
        return by_id(grade(task, response or {"rows": "3", "word": "去重"}, **kwargs))


# what a whole marking looks like


def test_full_response_earns_everything(task):
    sandbox = PreparedSandbox(GOOD_RUN)
    grading = grade(task, FULL, sandbox=sandbox)
    assert set(statuses(grading).values()) == {"correct"}
    assert total(grading.verdicts) == task.marks
    assert grading.runs == {"clean": GOOD_RUN}
    assert [verdict.title for verdict in grading.verdicts] == [point.title for point in task.points]


def test_run_gets_its_files_and_limits_and_no_expected_answer(task):
    sandbox = PreparedSandbox(GOOD_RUN)
    grade(task, FULL, sandbox=sandbox)
    [job] = sandbox.jobs
    assert {"sales.csv", "more.csv", "starter.py"} <= set(job.files)
    assert job.files["starter.py"] == FULL["program"].encode()
    assert "rules.yaml" not in job.files
    assert "cleaned.csv" in job.collect
    assert job.limits == task.runs[0].limits


def test_blank_response_is_blank_everywhere_and_runs_nothing(task):
    sandbox = PreparedSandbox(SandboxError("never called"))
    for response in ({}, dict.fromkeys(FULL), {"rows": " ", "column": [], "note": "\n", "program": ""}):
        grading = grade(task, response, sandbox=sandbox)
        assert set(statuses(grading).values()) == {"blank"}
        assert total(grading.verdicts) == 0
        assert {verdict.cause for verdict in grading.verdicts} == {""}
    assert sandbox.jobs == []


def test_blank_is_decided_before_parsing(tmp_path):
    """What would not parse is blank all the same if nothing was given, and blank never costs an error."""
    changes = {
        "fields.0": {"id": "rows", "kind": "file", "accept": [".png"]},
        "points.0": {"id": "M1", "title": "图", "marks": 1, "grader": "file_exists", "of": "rows"},
    }
    task = make_task(tmp_path / "t", changes, base=PLAIN)
    assert statuses(grade(task, {"rows": "", "word": "　\t"})) == {"M1": "blank", "M2": "blank"}
    assert statuses(grade(task, {"rows": Upload("a.png", b"")})) == {"M1": "incorrect", "M2": "blank"}


# a candidate's bad answer costs its own points only


@pytest.mark.parametrize(("change", "lost"), [
    ({"rows": "三行"}, {"M1": "incorrect"}),
    ({"rows": 3}, {"M1": "incorrect"}),
    ({"rows": {"blob": "x"}}, {"M1": "incorrect"}),
    ({"column": ["A", "Z"]}, {"M2": "incorrect"}),
    ({"column": "AB"}, {"M2": "incorrect"}),
    ({"note": ["x"]}, {"M3": "incorrect"}),
    ({"note": "字" * 6000}, {"M3": "incorrect"}),
    ({"program": 5}, {"M4": "incorrect", "M5": "incorrect"}),
])
def test_unreadable_field_is_incorrect_with_its_cause_and_costs_only_its_points(task, change, lost):
    grading = grade(task, {**FULL, **change}, sandbox=PreparedSandbox(GOOD_RUN))
    assert statuses(grading) == {**dict.fromkeys(["M1", "M2", "M3", "M4", "M5"], "correct"), **lost}
    for name in lost:
        verdict = by_id(grading)[name]
        assert (verdict.cause, verdict.earned) == ("unreadable", 0)
        assert len(verdict.reason) > 4


def test_field_that_the_task_does_not_have_is_ignored(plain):
    assert set(statuses(grade(plain, {"rows": "3", "word": "去重", "x": object()})).values()) == {"correct"}


# runs


RUNS = {
    "crash": (RunResult("runtime_error", exit_code=1, message="第 3 行出错：KeyError。"), "incorrect", "crash", "KeyError"),
    "time": (RunResult("time_limit", message="运行超过 10 秒。"), "incorrect", "time_limit", "10 秒"),
    "memory": (RunResult("memory_limit", message="内存超过 1024 MB。"), "incorrect", "memory_limit", "1024 MB"),
    "output": (RunResult("output_limit", message="输出超过 256 KB。"), "incorrect", "output_limit", "256 KB"),
    "processes": (RunResult("process_limit", message="进程太多。"), "incorrect", "process_limit", "进程"),
    "broken": (RunResult("sandbox_error", message="沙箱没有启动。"), "error", "fault", "沙箱"),
    "refused": (RunResult("refused", message="任务不合规。"), "error", "fault", "任务"),
}


@pytest.mark.parametrize("case", RUNS)
def test_failed_run_costs_only_the_points_of_its_artifacts(task, case):
    result, status, cause, words = RUNS[case]
    grading = grade(task, FULL, sandbox=PreparedSandbox(result))
    assert [statuses(grading)[name] for name in ("M1", "M2", "M3")] == ["correct"] * 3
    verdict = by_id(grading)["M4"]
    assert (verdict.status, verdict.cause, verdict.earned) == (status, cause, 0)
    assert words in verdict.reason
    assert grading.runs == {"clean": result}


def test_artifact_made_before_the_program_failed_still_earns(task):
    result = RunResult("runtime_error", exit_code=1, stdout="", files=GOOD_RUN.files, message="第 9 行出错。")
    grading = grade(task, FULL, sandbox=PreparedSandbox(result))
    assert statuses(grading)["M4"] == "correct"
    assert statuses(grading)["M5"] == "incorrect"


def test_missing_and_unreadable_artifacts_cost_their_own_points(task):
    grading = grade(task, FULL, sandbox=PreparedSandbox(RunResult("ok", exit_code=0, stdout="done")))
    assert statuses(grading)["M4"] == "incorrect"
    assert "cleaned.csv" in by_id(grading)["M4"].reason
    assert statuses(grading)["M5"] == "correct"
    grading = grade(task, FULL, sandbox=PreparedSandbox(RunResult("ok", stdout="done", files={"cleaned.csv": b"\0\1"})))
    assert (by_id(grading)["M4"].status, by_id(grading)["M4"].cause) == ("incorrect", "unreadable")


def test_each_run_fails_alone(tmp_path):
    second = {"id": "again", "runner": "python", "of": "program", "produces": {"text": {"stdout": True, "kind": "text"}}}
    point = {"id": "M6", "title": "再跑", "marks": 1, "grader": "blank", "of": "text", "args": {"accept": ["done"]}}
    task = make_task(tmp_path / "t", {"runs.1": second, "points.5": point, "marks": 11})
    for results in ((SandboxError("第一次坏了"), GOOD_RUN), (GOOD_RUN, SandboxError("第二次坏了"))):
        found = statuses(grade(task, FULL, sandbox=PreparedSandbox(*results)))
        good, bad = (("M6",), ("M4", "M5")) if isinstance(results[0], Exception) else (("M4", "M5"), ("M6",))
        assert {found[name] for name in good} == {"correct"}
        assert {found[name] for name in bad} == {"error"}


def test_without_sandbox_points_of_runs_wait_and_say_so(task):
    grading = grade(task, FULL)
    assert statuses(grading) == {"M1": "correct", "M2": "correct", "M3": "correct", "M4": "error", "M5": "error"}
    assert by_id(grading)["M4"].reason == NO_SANDBOX
    assert by_id(grading)["M4"].cause == "fault"
    assert total(grading.verdicts) == Decimal(5)


@pytest.mark.parametrize("failure", [SandboxError("bwrap 不见了"), RuntimeError("runner bug"), MemoryError(), OSError(28, "full")])
def test_failure_of_sandbox_or_runner_is_an_error_of_its_points_only(task, failure, caplog):
    caplog.set_level(logging.ERROR)
    grading = grade(task, FULL, sandbox=PreparedSandbox(failure))
    assert statuses(grading) == {"M1": "correct", "M2": "correct", "M3": "correct", "M4": "error", "M5": "error"}
    assert by_id(grading)["M4"].reason.startswith(OUR_FAULT)
    assert "data/mini" in caplog.text


def test_failure_of_a_field_kind_is_an_error_of_its_points_only(plain, monkeypatch, caplog):
    kinds = {**all_kinds(), "number": replace(get_kind("number"), parse=lambda raw, spec: 1 / 0)}
    monkeypatch.setattr(engine, "get_kind", kinds.__getitem__)
    grading = grade(plain, {"rows": "3", "word": "去重"})
    assert statuses(grading) == {"M1": "error", "M2": "correct"}
    assert by_id(grading)["M1"].reason == OUR_FAULT
    assert "rows" in caplog.text


# graders


@pytest.mark.parametrize("grader", ["crashes", "recurses", "returns_nothing"])
def test_crash_of_a_grader_is_our_fault_never_zero(tmp_path, grader, caplog):
    found = graded_with(tmp_path, grader)
    assert (found["M1"].status, found["M1"].cause, found["M1"].reason) == ("error", "fault", OUR_FAULT)
    assert found["M2"].status == "correct"
    assert found["M1"].status in UNSETTLED
    assert "M1" in caplog.text
    assert grader in caplog.text


def test_grader_may_say_that_a_value_is_unreadable(tmp_path):
    found = graded_with(tmp_path, "cannot_read")["M1"]
    assert (found.status, found.cause, found.reason) == ("incorrect", "unreadable", "这张表没有表头。")


@pytest.mark.parametrize("fraction", [float("nan"), float("inf"), 1.5, -0.1, 1.0000001, "viel", None])
def test_fraction_that_is_none_is_our_fault(tmp_path, fraction):
    found = graded_with(tmp_path, "gives", {"fraction": fraction})
    assert (found["M1"].status, found["M1"].earned) == ("error", 0)
    assert found["M2"].status == "correct"


@pytest.mark.parametrize(("fraction", "status", "earned"), [
    (1, "correct", "1.00"), (True, "correct", "1.00"), (0, "incorrect", "0.00"), (0.125, "partial", "0.13"),
    (1 / 3, "partial", "0.33"), (0.995, "correct", "1.00"), (0.994, "partial", "0.99"),
    (0.005, "partial", "0.01"), (1e-12, "incorrect", "0.00"),
])
def test_fraction_gives_status_and_marks_rounded_half_up(tmp_path, fraction, status, earned):
    found = graded_with(tmp_path, "gives", {"fraction": fraction})["M1"]
    assert (found.status, str(found.earned)) == (status, earned)
    assert (found.expected, found.found, found.reason) == ("规定", "实际", "因为。")
    assert found.cause == ("" if status == "correct" else "wrong")


def test_fraction_may_be_a_number_of_numpy(tmp_path):
    def numpys(found: Any) -> Mark:
        return Mark(np.float64(0.5))  # type: ignore[arg-type]

    with registered(numpys):
        task = make_task(tmp_path / "odd", {"points.0.grader": "numpys", "points.0.args": {}}, base=PLAIN)
        assert by_id(grade(task, {"rows": "3"}))["M1"].earned == Decimal("0.50")


# a second, optional value


@pytest.fixture
def two_values(tmp_path):
    with registered(*FAILING):
        yield make_task(tmp_path / "two", {
            "runs.0.produces.state": {"variable": "state", "kind": "number"},
            "points.4": {"id": "M5", "title": "步骤", "marks": 2, "grader": "sees_state", "of": ["program", "state"], "args": {"wants": 7}},
        })


def with_state(value: bytes) -> RunResult:
    return RunResult("ok", files={**GOOD_RUN.files, "_variables.json": value})


def test_both_values_reach_the_grader_in_order(two_values):
    found = by_id(grade(two_values, FULL, sandbox=PreparedSandbox(with_state(b'{"state": {"value": 7}}'))))["M5"]
    assert (found.status, found.found) == ("correct", "7.0")


@pytest.mark.parametrize("result", [
    with_state(b"{}"), with_state(b'{"state": {"value": "x"}}'), RunResult("runtime_error", message="第 1 行出错。"),
    RunResult("time_limit", message="超时。"),
])
def test_missing_optional_value_is_still_judged_without_it(two_values, result):
    found = by_id(grade(two_values, FULL, sandbox=PreparedSandbox(result)))["M5"]
    assert (found.status, found.earned, found.found) == ("partial", 1, "None")


@pytest.mark.parametrize("sandbox", [
    None, PreparedSandbox(SandboxError("坏了")), PreparedSandbox(RunResult("sandbox_error", message="坏了。")),
])
def test_half_of_the_evidence_missing_by_our_fault_is_not_final(two_values, sandbox):
    found = by_id(grade(two_values, FULL, sandbox=sandbox))["M5"]
    assert (found.status, found.cause, found.earned) == ("error", "fault", 0)


def test_full_marks_on_half_of_the_evidence_are_final(tmp_path):
    def content(code: str, state: float | None = None) -> Mark:
        return Mark(1.0)

    with registered(content):
        point = {"id": "M5", "title": "步骤", "marks": 2, "grader": "content", "of": ["program", "printed"]}
        task = make_task(tmp_path / "t", {"points.4": point})
        assert by_id(grade(task, FULL))["M5"].status == "correct"


def test_blank_first_value_is_blank_whatever_the_second(two_values):
    found = by_id(grade(two_values, {**FULL, "program": " "}, sandbox=PreparedSandbox(GOOD_RUN)))["M5"]
    assert found.status == "blank"


# the paper's rules


@pytest.mark.parametrize(("own", "paper", "earned"), [
    ({}, None, "0.00"), ({}, "all_or_nothing", "0.00"), ({}, "partial_no_wrong", "1.00"),
    ({"rule": "all_or_nothing"}, "partial_no_wrong", "0.00"), ({"rule": "partial_no_wrong"}, "all_or_nothing", "1.00"),
])
def test_paper_sets_only_what_the_task_leaves_open(tmp_path, own, paper, earned):
    changes = {"points.1.args": {"key": ["A", "B"], **own}, "runs": [], "points.4": ..., "points.3": ..., "marks": 5}
    task = make_task(tmp_path / "t", changes)
    defaults = {"choice": {"rule": paper}} if paper else None
    found = by_id(grade(task, {"column": ["A"]}, defaults=defaults))
    assert str(found["M2"].earned) == earned
    assert task.bound["M2"].get("rule") == own.get("rule", "all_or_nothing")  # the task is as it was


# properties

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["3", "去重", "A", "done"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=4,
)
uploads = st.builds(Upload, st.sampled_from(["a.csv", "a.xlsx", "a", "a.png"]), st.binary(max_size=60))


@given(response=st.dictionaries(st.sampled_from([*FULL, "other"]), anything | uploads | st.sampled_from([["A", "B"], ["A"]])),
       result=st.sampled_from([*(case[0] for case in RUNS.values()), GOOD_RUN]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_handed_in_every_point_gets_one_verdict_within_its_marks(task, response, result):
    grading = grade(task, response, sandbox=PreparedSandbox(result))
    assert [verdict.id for verdict in grading.verdicts] == [point.id for point in task.points]
    for verdict in grading.verdicts:
        assert 0 <= verdict.earned <= verdict.marks
        assert verdict.earned == verdict.earned.quantize(Decimal("0.01"))
        assert (verdict.status == "correct") <= (verdict.earned == verdict.marks)
        assert verdict.reason or verdict.status == "correct"
        assert verdict.status != "error" or verdict.cause == "fault"
    assert total(grading.verdicts) <= task.marks
    assert grade(task, response, sandbox=PreparedSandbox(result)).verdicts == grading.verdicts


def test_blank_response_earns_nothing_on_every_task_of_a_library(tmp_path):
    for task in load_library(write_library(tmp_path / "tasks")).tasks.values():
        assert set(statuses(grade(task, {})).values()) == {"blank"}
        assert total(grade(task, {}).verdicts) == 0


def test_order_of_points_changes_no_verdict(tmp_path):
    task = load_task(write_task(tmp_path / "a"), task_id="t")
    turned = replace(task, points=task.points[::-1])
    response = {**FULL, "rows": "9", "note": "去重"}
    one, other = (by_id(grade(t, response, sandbox=PreparedSandbox(GOOD_RUN))) for t in (task, turned))
    assert one == other


def test_tables_reach_graders_as_plain_tables(tmp_path):
    seen: list[Any] = []

    def looks(found: Table) -> Mark:
        seen.append(found)
        return Mark(1.0)

    with registered(looks):
        task = make_task(tmp_path / "t", {"points.3.grader": "looks", "points.3.args": {}})
        grade(task, FULL, sandbox=PreparedSandbox(GOOD_RUN))
    assert seen == [Table(("shop", "amount"), (("1", "10"), ("2", "0")))]


def test_two_tasks_marked_together_do_not_share_values(tmp_path):
    first, second = make_plain(tmp_path / "a"), make_plain(tmp_path / "b", {"points.0.args.equals": 4}, {"full": None})
    assert statuses(grade(first, {"rows": "3"}))["M1"] == "correct"
    assert statuses(grade(second, {"rows": "3"}))["M1"] == "incorrect"
