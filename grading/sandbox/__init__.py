"""The sandbox: where programs of candidates run, and the only place that knows Linux (DESIGN §7).

`open_sandbox` returns a backend that has just shown that it holds; without one, nothing of a candidate's is ever run.
"""

from __future__ import annotations

from grading.errors import SandboxError
from grading.sandbox.backends import ADVICE, BACKENDS, BackendReport, make_backend, open_sandbox, probe, try_backend
from grading.sandbox.contract import RunJob, RunResult, RunStatus, Sandbox
from grading.sandbox.interpreter import BARE
from grading.sandbox.selftest import Check, selftest

__all__ = [
    "ADVICE", "BACKENDS", "BARE", "BackendReport", "Check", "RunJob", "RunResult", "RunStatus", "Sandbox", "SandboxError",
    "make_backend", "open_sandbox", "probe", "selftest", "try_backend",
]  # fmt: skip
