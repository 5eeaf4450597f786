"""Makes the sandbox fixtures known to the tests of this folder."""

from __future__ import annotations

from tests.grading.sandbox.fixtures import python_runtime, runtimes_dir, sandbox

__all__ = ["python_runtime", "runtimes_dir", "sandbox"]
