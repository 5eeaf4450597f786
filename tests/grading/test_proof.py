"""A task proves itself: what does not hold is named with its sample, its point, what was expected and what was earned."""

from __future__ import annotations

import pytest

from grading.proof import load_expectation, prove
from grading.sandbox.contract import RunResult
from tests.grading.trees import (
    FULL,
    GOOD_RUN,
    SAMPLES,
    PreparedSandbox,
    changed,
    make_plain,
    make_task,
    refusal,
    registered,
    write_samples,
)


def proof_of(tmp_path, samples=None, changes=None):
    return prove(make_plain(tmp_path / "plain", changes, samples), None)


def test_good_task_holds_and_lists_its_trials(plain):
    proof = prove(plain, None)
    assert proof.problems == []
    assert proof.task == "data/plain"
    assert [(t.name, t.kind, str(t.earned)) for t in proof.trials] == [
        ("blank", "sample", "0.00"), ("full", "sample", "3.00"), ("wrong-header", "sample", "2.00"),
        ("wrong-unit", "sample", "2.00"), ("wrong-word", "sample", "1.00"), ("constant", "baseline", "0.00"),
    ]
    assert {trial.marks for trial in proof.trials} == {plain.marks}


def sample(name: str, **changes):
    """Return sample `name` with its expectation changed."""
    response, expected = SAMPLES[name]
    return {name: (response, changed(expected, changes))}


MISMATCHES = {
    "too much expected": (sample("wrong-header", M1=1), ["wrong-header：M1 应得 1，实得 0.00"]),
    "too little expected": (sample("wrong-word", M1=0), ["wrong-word：M1 应得 0，实得 1.00"]),
    "half expected": (sample("wrong-word", M2=0.5), ["wrong-word：M2 应得 0.5，实得 0.00"]),
    "another status": (sample("blank", status={"M1": "incorrect"}), ["blank：M1 状态应为 incorrect，实为 blank"]),
    "blank is not wrong": (sample("wrong-word", status={"M2": "blank"}), ["wrong-word：M2 状态应为 blank，实为 incorrect"]),
    "unknown point": (sample("full", M9=1), ["full：", "未知的评分点 M9", "expect.yaml"]),
    "unknown point in status": (sample("blank", status={"M9": "blank"}), ["blank：", "未知的评分点 M9"]),
    "missing point": (sample("full", M2=...), ["full：", "缺少评分点 M2", "expect.yaml"]),
    "unknown status": (sample("full", status={"M1": "right"}), ["full：", "status.M1", "correct", "pending"]),
    "marks in words": (sample("full", M1="全部"), ["full：", "M1", "应是数字"]),
    "no marks": (sample("full", M1=None), ["full：", "M1", "应是数字"]),
    "unknown field": ({"full": ({"row": 3, "word": "去重"}, SAMPLES["full"][1])}, ["full：", "row", "rows, word"]),
    "missing file": ({"full": ({"rows": 3, "word": {"file": "w.txt"}}, SAMPLES["full"][1])}, ["full：", "w.txt"]),
    "no full": ({"full": None}, ["samples：", "缺少 full"]),
    "no blank": ({"blank": None}, ["samples：", "缺少 blank"]),
    "too few wrong": ({"wrong-unit": None}, ["samples：", "wrong-*", "3"]),
    "full that is not full": (
        {"full": ({"rows": 3, "word": "删除"}, {"M1": 1, "M2": 0})}, ["full：", "full 应得满分 3，实得 1.00"]),
    "blank that is not blank": (
        {"blank": ({"rows": 3}, {"M1": 1, "M2": 0})}, ["blank：", "blank 应得 0 分，实得 1.00"]),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_what_does_not_hold_is_named(tmp_path, case):
    samples, words = MISMATCHES[case]
    without = {name for name, content in samples.items() if content is None}
    task = make_plain(tmp_path / "plain", samples=dict.fromkeys(SAMPLES))  # write none, then those of this case
    write_samples(task.root, {name: content for name, content in {**SAMPLES, **samples}.items() if name not in without})
    found = prove(task, None).problems
    assert len(found) == 1, found
    for word in words:
        assert word in found[0], (word, found[0])


def test_changed_grading_is_reported_for_every_sample_that_it_touches(tmp_path):
    found = proof_of(tmp_path, changes={"points.0.args.equals": 4}).problems
    assert [problem.partition("（")[0] for problem in found] == [
        "full：M1 应得 1，实得 0.00", "full：full 应得满分 3，实得 2.00", "wrong-header：M1 应得 0，实得 1.00",
        "wrong-word：M1 应得 1，实得 0.00",
    ]


def test_reason_of_the_verdict_helps_to_find_the_mistake(tmp_path):
    [problem] = proof_of(tmp_path, sample("wrong-unit", M1=1)).problems
    assert "incorrect：" in problem
    assert "三行" in problem


def test_missing_expectation_is_named(plain):
    (plain.root / "samples" / "full" / "expect.yaml").unlink()
    [problem] = prove(plain, None).problems
    assert problem.startswith("full：")
    assert "expect.yaml" in problem


def test_task_without_samples_is_named(tmp_path):
    task = make_plain(tmp_path / "plain", samples=dict.fromkeys(SAMPLES))
    assert prove(task, None).problems == ["samples：样例不全，缺少 full、blank、wrong-*（至少 3 个）"]


def test_expectation_holds_marks_status_and_note(plain):
    found = load_expectation(plain, plain.root / "samples" / "wrong-unit")
    assert {name: str(value) for name, value in found.marks.items()} == {"M1": "0", "M2": "2"}
    assert found.note == "数字项里写了文字"


def test_expectation_that_is_a_list_is_refused(plain):
    (plain.root / "samples" / "full" / "expect.yaml").write_text("- M1\n")
    assert "键: 值" in refusal(load_expectation, plain, plain.root / "samples" / "full").message


# runs and baselines


def program_task(tmp_path, **kwargs):
    task = make_task(tmp_path / "mini", **kwargs)
    everything = {"M1": 1, "M2": 2, "M3": 2, "M4": 3, "M5": 2}
    nothing = dict.fromkeys(everything, 0)
    write_samples(task.root, {
        "full": (FULL, everything), "blank": ({}, nothing), "wrong-rows": ({"rows": 4}, nothing),
        "wrong-column": ({"column": ["C"]}, nothing), "wrong-program": ({"program": "1/0"}, nothing),
    })
    return task


def test_task_with_runs_holds_when_its_programs_do_what_they_should(tmp_path):
    crash = RunResult("runtime_error", message="出错。")
    sandbox = PreparedSandbox(GOOD_RUN, crash, crash, crash)  # full, wrong-program, then the baselines constant and starter
    proof = prove(program_task(tmp_path), sandbox)
    assert proof.problems == []
    assert [trial.name for trial in proof.trials if trial.kind == "baseline"] == ["constant", "starter"]
    assert len(sandbox.jobs) == 4


def test_without_sandbox_nothing_is_proved(tmp_path):
    found = prove(program_task(tmp_path), None).problems
    assert any(problem.startswith("full：M4") and "沙箱" in problem for problem in found)
    assert any(problem.startswith("constant：M4 没有评出结果") for problem in found)
    assert any(problem.startswith("starter：M4 没有评出结果") for problem in found)


def test_unsettled_point_does_not_hold_even_if_no_marks_are_expected(tmp_path):
    """`error` earns 0 for now; a sample that expects 0 must not take it for a proof."""
    found = prove(program_task(tmp_path), None).problems
    assert any(problem.startswith("wrong-program：M4 没有评出结果") for problem in found)


def test_crash_of_a_grader_is_no_proof(tmp_path):
    def crashes(found: str) -> None:
        raise ZeroDivisionError

    with registered(crashes):
        found = proof_of(tmp_path, changes={"points.1.grader": "crashes", "points.1.args": {}}).problems
    assert any(problem.startswith("wrong-word：M2 没有评出结果") for problem in found)


def test_starter_that_earns_is_caught(tmp_path):
    found = prove(program_task(tmp_path), PreparedSandbox(GOOD_RUN)).problems
    assert "starter：不动脑的作答得了 5.00 分，上限 baseline_max 是 0" in found


def test_baseline_max_allows_as_much_as_it_says(tmp_path):
    """One earns 1 for typing 0; what is allowed is allowed to the hundredth."""
    changes = {"points.0.args": {"equals": 0}, "baseline_max": 1}
    assert not any(p.startswith("constant") for p in proof_of(tmp_path / "a", changes=changes).problems)
    assert any(p.startswith("constant") for p in proof_of(tmp_path / "b", changes={**changes, "baseline_max": 0.99}).problems)
