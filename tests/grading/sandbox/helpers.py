"""Run a few lines of Python in a sandbox and read back what they saw."""

from __future__ import annotations

import json
from typing import Any

from grading.model import RunLimits
from grading.sandbox import BARE, RunJob, RunResult, Sandbox

PRELUDE = """
import ctypes, errno, json, os, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def syscall(number, *arguments):
    "Name of the error, or the number returned."
    result = libc.syscall(number, *arguments)
    return errno.errorcode[ctypes.get_errno()] if result == -1 else result
def attempt(action):
    "What the action returned, or the name of its error."
    try:
        return str(action())[:200]
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)
    except BaseException as error:
        return type(error).__name__
def tell(value):
    print(json.dumps(value), flush=True)
"""


def run(sandbox: Sandbox, program: str, *, collect: tuple[str, ...] = (), files: dict[str, bytes] | None = None,
        runtime: str = BARE, stdin: bytes = b"", seed: int = 0, **limits: Any) -> RunResult:  # fmt: skip
    """Run `program` as it stands."""
    job = RunJob(runtime, "main.py", {"main.py": program.encode(), **(files or {})}, RunLimits(**limits), collect, stdin, seed)
    return sandbox.run(job)


def attack(sandbox: Sandbox, program: str, **options: Any) -> Any:
    """Run `program` after the prelude; return what it told, after checking that it got to its end."""
    result = run(sandbox, PRELUDE + program, **options)
    assert result.status == "ok", (result.status, result.message, result.stderr)
    return json.loads(result.stdout.splitlines()[-1])
