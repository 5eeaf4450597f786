"""The task of ten points as the peers want it: a notebook of ten cells with hidden tests, and one call that marks it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from simulator.commands.benches import workload
from simulator.commands.benches.measure import Contender, NotCounted
from simulator.commands.benches.peers import Peers

FULL = float(len(workload.CELLS))
ASSIGNMENT = "exam"
TIMEOUT_S = 180


def nbgrader(peers: Peers, folder: Path, tests: Sequence[str], submissions: int) -> Contender:
    """Return `nbgrader autograde`, which marks all submissions of a course in one call."""
    course, pristine = folder / "nbgrader", folder / "nbgrader.pristine"
    source = [cell for number, pair in enumerate(zip(workload.CELLS, tests, strict=True)) for cell in _graded(number, *pair)]
    _write(pristine / "source" / ASSIGNMENT, source)
    _tool(peers, pristine, "nbgrader", "generate_assignment", ASSIGNMENT)
    handed_in = [_filled(cell) for cell in source]
    for number in range(submissions):
        _write(pristine / "submitted" / f"student{number}" / ASSIGNMENT, handed_in)

    def prepare() -> None:
        shutil.rmtree(course, ignore_errors=True)
        shutil.copytree(pristine, course)

    def run() -> None:
        _tool(peers, course, "nbgrader", "autograde", ASSIGNMENT)

    def check(_: object) -> None:
        with closing(sqlite3.connect(course / "gradebook.db")) as book:
            scores = [row[0] for row in book.execute("SELECT sum(auto_score) FROM grade GROUP BY notebook_id")]
        _expect("nbgrader", scores, submissions)

    return Contender("nbgrader", run, check, prepare, submissions)


def otter(peers: Peers, folder: Path, tests: Sequence[str], submissions: int) -> Contender:
    """Return `otter run`, which marks one submission a call (its batch command needs Docker)."""
    course, out = folder / "otter", folder / "otter" / "out"
    _write(course / "submitted", [_code(f"s{number}", cell) for number, cell in enumerate(workload.CELLS)])
    (course / "tests").mkdir()
    for number, test in enumerate(tests, start=1):
        (course / "tests" / f"q{number}.py").write_text(_otter_test(f"q{number}", test), "utf-8")
    (course / "otter_config.json").write_text('{"pdf": false}', "utf-8")
    (course / workload.DATA).write_bytes(workload.data())
    _tool(peers, course, "otter", "generate", "-t", "tests", "-c", "otter_config.json", "--no-environment", workload.DATA)
    submission = str(Path("submitted") / f"{ASSIGNMENT}.ipynb")

    def prepare() -> None:
        shutil.rmtree(out, ignore_errors=True)
        for number in range(submissions):
            (out / str(number)).mkdir(parents=True)

    def run() -> None:
        for number in range(submissions):
            _tool(peers, course, "otter", "run", "--no-logo", "-a", "autograder.zip", "-o", f"out/{number}", submission)

    def check(_: object) -> None:
        results = [json.loads(path.read_text("utf-8")) for path in out.glob("*/results.json")]
        _expect("otter", [sum(test.get("score", 0.0) for test in result["tests"]) for result in results], submissions)

    return Contender("otter", run, check, prepare, submissions)


def _expect(name: str, scores: Sequence[float], submissions: int) -> None:
    if scores != [FULL] * submissions:
        raise NotCounted(f"{name} 给出的分数是 {scores}，应是 {submissions} 份各 {FULL:g} 分")


def _tool(peers: Peers, folder: Path, name: str, *arguments: str) -> None:
    try:
        done = subprocess.run(
            [peers.command(name), *arguments], cwd=folder, env=peers.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", check=False, timeout=TIMEOUT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotCounted(f"{name} {arguments[0]} 超过 {TIMEOUT_S} 秒") from None
    if done.returncode != 0:
        raise NotCounted(f"{name} {arguments[0]} 失败：{(done.stderr or done.stdout).strip()[-200:]}")


def _write(folder: Path, cells: Sequence[dict[str, Any]]) -> None:
    """Write a notebook of `cells`, with the data beside it."""
    folder.mkdir(parents=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
    (folder / f"{ASSIGNMENT}.ipynb").write_text(json.dumps(notebook), "utf-8")
    (folder / workload.DATA).write_bytes(workload.data())


def _code(name: str, source: str, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code", "id": name, "metadata": metadata, "source": source, "outputs": [], "execution_count": None,
    }  # fmt: skip


def _graded(number: int, cell: str, test: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an nbgrader cell with its solution, and the locked cell that tests it."""
    common = {"schema_version": 3, "task": False, "cell_type": "code"}
    solution = {**common, "grade_id": f"s{number}", "grade": False, "locked": False, "solution": True}
    grade = {**common, "grade_id": f"t{number}", "grade": True, "locked": True, "solution": False, "points": 1}
    return (
        _code(f"s{number}", f"### BEGIN SOLUTION\n{cell}\n### END SOLUTION", nbgrader=solution),
        _code(f"t{number}", f"### BEGIN HIDDEN TESTS\n{test}\n### END HIDDEN TESTS", nbgrader=grade),
    )


def _filled(cell: dict[str, Any]) -> dict[str, Any]:
    """Return `cell` as a student hands it in: the solution filled in, the tests not seen."""
    if cell["metadata"]["nbgrader"]["grade"]:
        return {**cell, "source": ""}
    lines = cell["source"].splitlines()
    return {**cell, "source": "\n".join(lines[1:-1])}


def _otter_test(name: str, test: str) -> str:
    case = {"code": f">>> {test}", "hidden": True, "locked": False}
    suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    return f"OK_FORMAT = True\ntest = {({'name': name, 'points': 1, 'suites': [suite]})!r}\n"
