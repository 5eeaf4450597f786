"""Engines of ours inside the sandbox: what goes in and comes out, and whose doing a failure is."""

from __future__ import annotations

from pathlib import Path

import pytest

from grading.model import RunSpec
from grading.runners import Problem
from grading.runners._engine import ANSWER, bundle, job, play
from grading.sandbox.contract import RunResult
from tests.grading.trees import PreparedSandbox

ECHO = Path(__file__).parent / "engines" / "echo"
GIVEN = {"given.txt": "给定".encode()}


def run_spec(**limits):
    return RunSpec(id="r", runner="python", of="f", produces={}, limits=limits)


@pytest.mark.sandbox
class TestReal:
    def test_it_answers_from_plain_data_and_files(self, sandbox):
        result, answer = play(ECHO, "python", {"问": ["甲", 1.5, None]}, GIVEN, run_spec(), sandbox)
        assert result.status == "ok"
        assert answer["request"] == {"问": ["甲", 1.5, None]}
        assert answer["given"] == "给定"

    def test_it_sees_neither_its_request_file_nor_our_library(self, sandbox):
        _, answer = play(ECHO, "python", {}, GIVEN, run_spec(), sandbox)
        assert answer["files"] == ["_engine.zip", "given.txt"]
        assert answer["ours"] == []

    def test_an_engine_that_breaks_is_our_fault(self, sandbox):
        _, problem = play(ECHO, "python", {"fail": True}, GIVEN, run_spec(), sandbox)
        assert problem == Problem("评测引擎异常结束：RuntimeError: engine broke", "fault")

    def test_an_engine_that_is_stopped_had_too_much_to_do(self, sandbox):
        _, problem = play(ECHO, "python", {"hang": True}, GIVEN, run_spec(wall_s=1), sandbox)
        assert problem.cause == "time_limit"


def test_the_bundle_is_made_once_and_holds_no_source():
    data = bundle(ECHO)
    assert bundle(ECHO) is data
    assert b"An engine for tests" in data
    assert b".pyc" in data
    assert b"def answer" not in data


def test_the_job_brings_back_nothing_but_the_answer():
    made = job(ECHO, "python", {"a": 1}, GIVEN, limits=run_spec().limits, seed=5)
    assert made.collect == (ANSWER,)
    assert made.seed == 5
    assert made.files["given.txt"] == GIVEN["given.txt"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_json_is_our_fault(data):
    sandbox = PreparedSandbox(RunResult("ok", files={ANSWER: data}))
    assert play(ECHO, "python", {}, {}, run_spec(), sandbox)[1].cause == "fault"
