"""The benches: what they print, how they compare; and a small part of the marking bench, run end to end."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from grading.engine import grade
from grading.loader import load_task
from simulator.cli import main
from simulator.commands.benches import measure, notebooks, peers, report, workload
from simulator.commands.benches.grading import Plan
from simulator.commands.benches.measure import Contender, NotCounted
from simulator.commands.benches.report import Fact, Goal, Machine, Sample
from tests.grading.sandbox.fixtures import python_runtime, runtimes_dir  # noqa: F401

MACHINE = Machine("A CPU", 2, 8.0, "6.1", "3.11.7", 0.1, "2026-03-02T01:00:00+00:00")
REFERENCE = workload.Reference(
    {**dict.fromkeys(workload.VARIABLES, 1.0), "forest_accuracy": 0.8, "mean_income": 49_000.5}, b"id,churn\n1,0\n2,1\n"
)


@pytest.fixture
def printed(capsys):
    """Print a report and return it: as text, or as what its JSON says."""

    def run(goals: list[Goal], *, as_json: bool = False, facts: tuple[Fact, ...] = ()):
        report.print_report(goals, as_json, machine=MACHINE, facts=facts)
        out = capsys.readouterr().out
        return json.loads(out) if as_json else out

    return run


def test_json_has_the_machine_and_the_goals_and_nothing_else(printed):
    goal = report.at_most("typical", "a ÷ b", Sample.of([0.1, 0.3, 0.2]), 0.2, how="in turns")
    found = printed([goal], as_json=True, facts=(Fact("seconds", "1"),))
    assert found["machine"] == {
        "cpu": "A CPU", "cores": 2, "memory_gib": 8.0, "kernel": "6.1", "python": "3.11.7", "load": 0.1,
        "date": "2026-03-02T01:00:00+00:00",
    }  # fmt: skip
    assert found["goals"] == [{
        "id": "typical", "what": "a ÷ b，要求 ≤ 0.2；in turns；0.1 至 0.3，3 轮", "measured": 0.2, "target": 0.2, "met": True,
    }]  # fmt: skip
    assert set(found) == {"machine", "goals"}


@pytest.mark.parametrize(
    ("goal", "measured", "met"),
    [
        (report.at_most("g", "", Sample.of([3.0, 1.0, 2.0]), 2.0), 2.0, True),
        (report.at_most("g", "", Sample.of([2.1]), 2.0), 2.1, False),
        (report.at_most("g", "", Sample.of([0.1, 0.6]), 0.5, by=max), 0.6, False),
        (report.at_most("g", "", Sample.of([0.200049]), 0.2), 0.2, False),  # rounding for people does not decide
        (report.at_least("g", "", Sample.of([6.0, 9.0, 5.0]), 6.0), 6.0, True),
        (report.at_least("g", "", Sample.of([5.9]), 6.0), 5.9, False),
        (report.at_most("g", "", Sample.of([math.nan]), 2.0), None, False),
        (report.unmeasured("g", "", 2.0, "no network"), None, False),
    ],
)
def test_a_goal_is_met_on_its_side_of_the_target(goal, measured, met):
    assert (goal.measured, goal.met) == (measured, met)


def test_what_was_not_measured_says_why(printed):
    goals = [report.unmeasured("otter", "ours ÷ otter", 0.12, "没有网络")]
    assert "没有网络" in printed(goals, as_json=True)["goals"][0]["what"]
    assert "– 未测" in printed(goals)
    assert "没有网络" in printed(goals)


def test_the_table_shows_goals_and_facts(printed):
    goals = [
        report.at_most("a", "典型程序", Sample.of([0.1, 0.2]), 0.2, unit=" s", how="轮流测"),
        report.at_least("b", "吞吐量", Sample.of([4.0]), 6.0),
    ]
    text = printed(goals, facts=(Fact("直接运行", "100 ms"),))
    rows = {line.split("  ")[0]: line for line in text.splitlines()}
    assert rows["典型程序"].split()[1:] == ["0.15", "s", "≤", "0.2", "s", "✓", "达到", "0.1", "至", "0.2，2", "轮"]
    assert "✗ 未达到" in rows["吞吐量"]
    assert "典型程序：轮流测。" in text
    assert "100 ms" in rows["直接运行"]


def test_this_machine_is_described(monkeypatch, capsys):
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))
    here = Machine.here()
    assert here.cpu
    assert here.cores >= 1
    assert here.memory_gib > 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("os.getloadavg", lambda: (999.0, 0.0, 0.0))
    assert Machine.here().load == 999
    assert "机器正忙" in capsys.readouterr().err


@pytest.fixture
def clock(monkeypatch):
    """A clock that only moves when told."""
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda _: None)

    def forward(seconds: float) -> None:
        now[0] += seconds

    return forward


def contender(clock, name: str, seconds: list[float], *, units: int = 1) -> Contender:
    """Return one whose runs take `seconds`, one after the other; those below zero do not count."""
    left = iter(seconds)

    def run() -> float:
        spent = next(left)
        clock(abs(spent))
        return spent

    def check(spent: float) -> None:
        if spent < 0:
            raise NotCounted("wrong answer")

    return Contender(name, run, check, lambda: clock(100), units)  # preparing is not timed


def test_contenders_are_paired_and_the_first_round_is_dropped(clock):
    ours, theirs = contender(clock, "ours", [9, 1, 2, 3]), contender(clock, "theirs", [9, 2, 8, 4], units=2)
    rounds = measure.paired("test", [ours, theirs], 3)
    assert rounds == {"ours": pytest.approx([1, 2, 3]), "theirs": pytest.approx([1, 4, 2])}
    assert measure.ratio(rounds, "ours", "theirs").values == pytest.approx((1, 0.5, 1.5))
    assert measure.ratio(rounds, "ours", "theirs").median == pytest.approx(1)  # of the ratios, not ratio of the medians


def test_a_wrong_run_does_not_count_and_says_so(clock, capsys):
    rounds = measure.paired("test", [contender(clock, "ours", [1, -1, 1]), contender(clock, "theirs", [2, 2, 4])], 3, warm_up=False)
    assert measure.ratio(rounds, "ours", "theirs").values == pytest.approx((0.5, 0.25))
    assert "ours：这一次不计（wrong answer）" in capsys.readouterr().err


def test_a_run_that_cannot_be_done_does_not_count(clock):
    def fail() -> None:
        raise NotCounted("no tool")

    assert math.isnan(Contender("x", fail, lambda _: None).seconds())


def test_no_round_begins_when_time_is_up(clock, capsys):
    rounds = measure.paired("test", [contender(clock, "ours", [5.0] * 9)], 9, warm_up=False, until=150)
    assert len(rounds["ours"]) == 2  # 105 s each
    assert "只测了 2 轮" in capsys.readouterr().err
    late = measure.paired("test", [contender(clock, "ours", [5.0] * 9)], 9, until=0)
    assert len(late["ours"]) == 1  # at least one round is measured


def test_runs_in_a_row_are_all_checked(clock):
    assert measure.repeated(contender(clock, "ours", [1, 2, 3]), 3).seconds() == pytest.approx(2)
    assert math.isnan(measure.repeated(contender(clock, "ours", [1, -2, 3]), 3).seconds())


def test_the_data_are_always_the_same():
    lines = workload.data().decode().splitlines()
    assert workload.data() == workload.data()
    assert len(lines) == 1 + workload.ROWS + workload.DUPLICATES
    assert len(set(lines)) == 1 + workload.ROWS
    assert any(line.split(",")[1] != line.split(",")[1].strip() for line in lines)


def test_a_reference_that_is_wrong_is_refused():
    output = b"id,churn\n" + b"1,0\n" * workload.TEST_ROWS
    right = {**dict.fromkeys(workload.VARIABLES, 1.0), "n_raw": 5050, "n_rows": 5000, "n_cities": 4, "n_features": 8, "n_test": 1250}
    assert workload.Reference.read(f"noise\n{json.dumps(right)}\n", output).output == output
    for stdout, written in ((json.dumps({**right, "n_rows": 5050}), output), (json.dumps(right), b"id,churn\n")):
        with pytest.raises(ValueError, match="went wrong"):
            workload.Reference.read(stdout, written)


def test_the_task_has_a_point_for_each_cell_and_tests_the_same_as_the_notebooks(tmp_path):
    workload.write_task(tmp_path / "task", REFERENCE)
    task = load_task(tmp_path / "task")
    assert len(task.points) == len(REFERENCE.tests()) == len(workload.CELLS) == 10
    for cell, point in zip(workload.CELLS, task.points, strict=True):
        assert (point.of if point.of != "predictions" else workload.OUTPUT) in cell
    verdicts = grade(task, {"program": workload.PROGRAM}).verdicts
    assert {verdict.status for verdict in verdicts} == {"error"}  # no sandbox, no marks


def test_peers_are_pinned_and_agree_with_the_runtime():
    names = [line.partition("==")[0] for line in peers.PINS.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert {"nbgrader", "otter-grader"} <= set(names)
    assert not {"numpy", "pandas", "scikit-learn", "scipy", "joblib"} & set(names)  # the runtime's versions
    assert peers.Peers(Path("/nowhere")).version("otter-grader")[0].isdecimal()


def test_peers_are_not_taken_for_installed(tmp_path):
    assert peers.installed(tmp_path / "peers") is None
    (tmp_path / "peers").mkdir()
    (tmp_path / "peers" / ".stamp").write_text("of another version")
    assert peers.installed(tmp_path / "peers") is None


NBGRADER = """
import os, pathlib, sqlite3, sys
if sys.argv[1] == "autograde":
    book = sqlite3.connect("gradebook.db")
    book.execute("CREATE TABLE grade (notebook_id TEXT, auto_score REAL)")
    for student in os.listdir("submitted"):
        assert "BEGIN" not in pathlib.Path("submitted", student, "exam", "exam.ipynb").read_text()
        book.executemany("INSERT INTO grade VALUES (?, 1)", [(student,)] * SCORE)
    book.commit()
"""
OTTER = """
import json, pathlib, sys
if sys.argv[1] == "run":
    tests = [{"name": "Public Tests"}] + [{"name": path.stem, "score": 1.0} for path in pathlib.Path("tests").iterdir()][:SCORE]
    pathlib.Path(sys.argv[sys.argv.index("-o") + 1], "results.json").write_text(json.dumps({"tests": tests}))
"""


@pytest.mark.parametrize(("name", "tool"), [("nbgrader", NBGRADER), ("otter", OTTER)])
@pytest.mark.parametrize("score", [10, 9])
def test_a_peer_counts_only_with_full_marks(tmp_path, capsys, name, tool, score):
    """A stand-in for the peer's command, which finds everything where the real one looks for it."""
    command = tmp_path / "peers" / "bin" / name
    command.parent.mkdir(parents=True)
    command.write_text(f"#!{sys.executable}\n{tool.replace('SCORE', str(score))}")
    command.chmod(0o755)
    made = getattr(notebooks, name)(peers.Peers(tmp_path / "peers"), tmp_path / "work", REFERENCE.tests(), 2)
    for _ in range(2):  # a second time, too, with nothing left of the first
        assert math.isnan(made.seconds()) == (score != 10)
    assert ("[9.0, 9.0]" in capsys.readouterr().err) == (score != 10)


def test_a_peer_that_fails_says_why(tmp_path):
    command = tmp_path / "peers" / "bin" / "nbgrader"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\necho no kernel >&2\nexit 3\n")
    command.chmod(0o755)
    with pytest.raises(NotCounted, match="no kernel"):
        notebooks.nbgrader(peers.Peers(tmp_path / "peers"), tmp_path / "work", REFERENCE.tests(), 1)


@pytest.mark.slow
def test_peers_that_cannot_be_got_say_why(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(peers, "PINS", tmp_path / "pins.txt")
    peers.PINS.write_text("nbgrader==0.9.6\n")
    with pytest.raises(peers.NoPeers, match="安装失败"):
        peers.install(tmp_path / "peers")
    assert peers.installed(tmp_path / "peers") is None


TINY = Plan(
    typical=1, empty=3, starts=1, kills=1, memory=1, loads=1, jobs=1, plain_jobs=1, task=1,
    submissions={"ours": 1, "nbgrader": 1, "otter": 1}, warm_up=False, install=False,
)  # fmt: skip
IDS = ("typical", "bwrap", "pass", "memory", "kill", "throughput", "nbgrader", "otter")


@pytest.mark.slow
@pytest.mark.sandbox
def test_the_marking_bench_measures_every_goal(python_runtime, tmp_path, monkeypatch):  # noqa: F811
    """Its shape, not its figures: those are for a quiet machine. The peers are not there, which is said and is no error."""
    monkeypatch.setenv("SIMULATOR_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setattr("simulator.commands.benches.grading.QUICK", TINY)
    done = CliRunner().invoke(main, ["bench", "grading", "--quick", "--json", "--runtimes-dir", str(python_runtime)])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert set(report) == {"machine", "goals"}
    goals = {goal["id"]: goal for goal in report["goals"]}
    assert tuple(goals) == IDS
    assert all(set(goal) == {"id", "what", "measured", "target", "met"} for goal in goals.values())
    for name in IDS[:-2]:
        assert goals[name]["measured"] > 0, goals[name]
        assert isinstance(goals[name]["met"], bool)
    for name in IDS[-2:]:
        assert goals[name]["measured"] is None
        assert "还没有安装" in goals[name]["what"]
    assert "吞吐量" in done.stderr
