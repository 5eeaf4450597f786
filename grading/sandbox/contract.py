"""The sandbox's contract: one job in, one result out, whatever backend runs it (DESIGN §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from grading.model import RunLimits

RunStatus = Literal[
    "ok", "runtime_error", "time_limit", "memory_limit", "output_limit", "process_limit", "refused", "sandbox_error"
]


@dataclass(frozen=True)
class RunJob:
    """One program to run.

    runtime : name of a sandbox runtime (`grading/runtimes/<name>.toml`); script : name of the program inside `files`;
    files : name → bytes, all copied into the work directory; collect : names of files to bring back, or ``*`` for all that
    the program made; stdin : bytes; seed : reseeds `random` and `numpy.random`, and sets PYTHONHASHSEED.
    """

    runtime: str
    script: str
    files: Mapping[str, bytes]
    limits: RunLimits = field(default_factory=RunLimits)
    collect: tuple[str, ...] = ()
    stdin: bytes = b""
    seed: int = 0


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    wall_s, cpu_s : seconds; memory_mb : peak MiB; files : collected regular files, size-capped; message : one Chinese
    sentence for people, also for the limits ("内存超过 512 MB").
    """

    status: RunStatus
    exit_code: int | None = None
    signal: int | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    stdout: str = ""
    stderr: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    message: str = ""


class Sandbox(Protocol):
    """A backend that has passed its self-test."""

    name: str

    def run(self, job: RunJob) -> RunResult:
        """Run `job`. Never raises for what the candidate's program does; SandboxError only if the backend is broken."""
        ...
