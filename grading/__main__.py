"""`python -m grading`: mark a response folder without any web; score and convert annotations.

Exit codes: 0 done; 2 the task or the response folder cannot be read, one sentence on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grading import boxcommands, totals
from grading.engine import Grading, grade
from grading.errors import GradingError, SandboxError
from grading.loader import load_task
from grading.model import Task
from grading.response import load_response
from grading.sandbox import open_sandbox
from grading.sandbox.contract import Sandbox


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        return int(options.command(options))
    except (GradingError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m grading", description="Mark responses point by point.")
    parser.add_argument("--runtimes", type=Path, default=_default_runtimes(), help="folder with the sandbox runtimes")
    commands = parser.add_subparsers(required=True)
    mark = commands.add_parser("mark", help="mark RESPONSE_DIR (response.yaml and its files) for TASK_DIR")
    mark.add_argument("task", type=Path, metavar="TASK_DIR")
    mark.add_argument("response", type=Path, metavar="RESPONSE_DIR")
    mark.add_argument("--json", action="store_true", help="print JSON instead of a table")
    mark.set_defaults(command=_mark)
    score = commands.add_parser("score", help="a measure of annotations against the truth").add_subparsers(required=True)
    boxcommands.add_score(score)
    convert = commands.add_parser("convert", help="annotations from one format to another").add_subparsers(required=True)
    boxcommands.add_convert(convert)
    return parser


def _default_runtimes() -> Path:
    return Path(os.environ.get("SIMULATOR_INSTANCE", "instance")) / "runtimes"


def sandbox_for(task: Task, runtimes: Path) -> Sandbox | None:
    """Return a sandbox if `task` runs anything. Without a working one: None, and a sentence on stderr."""
    if not task.runs:
        return None
    try:
        return open_sandbox(runtimes)
    except SandboxError as error:
        print(error, file=sys.stderr)
        return None


def _mark(options: argparse.Namespace) -> int:
    task = load_task(options.task)
    response = load_response(task, options.response)
    grading = grade(task, response, sandbox=sandbox_for(task, options.runtimes))
    print(json.dumps(as_json(task, grading), ensure_ascii=False, indent=2) if options.json else as_table(task, grading))
    return 0


def as_json(task: Task, grading: Grading) -> dict[str, Any]:
    """Return the marks as plain data; marks are numbers."""
    points = [
        {
            "id": v.id, "status": v.status, "earned": float(v.earned), "marks": float(v.marks),
            "expected": v.expected, "found": v.found, "reason": v.reason, **({"board": v.board} if v.board else {}),
        }
        for v in grading.verdicts
    ]
    before = {"public": float(totals.total(grading.verdicts, final=False))} if _is_split(task) else {}
    return {"task": task.id, "earned": float(totals.total(grading.verdicts)), **before, "marks": float(task.marks), "points": points}


def _is_split(task: Task) -> bool:
    return any(point.board for point in task.points)


def as_table(task: Task, grading: Grading) -> str:
    """Return the score sheet as aligned text."""
    lines = [f"{task.id}  {task.title}"]
    half = {"public": "［公开］", "private": "［非公开］"}
    lines += [
        f"  {v.id:<4} {v.earned:>6} / {v.marks:<6} {v.status:<9} {half.get(v.board, '')}{v.title}：{v.reason}" for v in grading.verdicts
    ]
    if _is_split(task):
        lines.append(f"  公布前（按公开部分） {totals.total(grading.verdicts, final=False)} / {task.marks}")
    return "\n".join([*lines, f"  合计 {totals.total(grading.verdicts)} / {task.marks}"])


if __name__ == "__main__":
    sys.exit(main())
