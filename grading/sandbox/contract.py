"""The sandbox's contract: one job in, one result out, whatever backend runs it (DESIGN §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from grading.model import RunLimits

MODELS = "/opt/models"
"""Where a job that asks for the school's own models finds them."""

RunStatus = Literal[
    "ok", "runtime_error", "time_limit", "memory_limit", "output_limit", "process_limit", "cancelled", "refused",
    "sandbox_error",
]
"""How a run ended; `cancelled` only if its observer asked for it."""


@dataclass(frozen=True)
class RunJob:
    """One program to run.

    runtime : name of a sandbox runtime (`grading/runtimes/<name>.toml`); script : name of the program inside `files`;
    files : name → bytes, all copied into the work directory; collect : names of files to bring back, or ``*`` for all that
    the program made; stdin : bytes; seed : reseeds `random` and `numpy.random` (the hash seed is 0 in every run);
    interpreter : `shebang` lets the kernel run the script, by its first line or as a compiled program (backend `bwrap` only,
    which then also shows the programs of /usr); models : show the school's own models, read-only, at MODELS (engines of ours
    only, in a runtime that uses them).
    """

    runtime: str
    script: str
    files: Mapping[str, bytes]
    limits: RunLimits = field(default_factory=RunLimits)
    collect: tuple[str, ...] = ()
    stdin: bytes = b""
    seed: int = 0
    interpreter: Literal["python", "shebang"] = "python"
    models: bool = False


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


class Observer(Protocol):
    """Looks at a run while it goes on. Its methods are called, one at a time, by the thread that called `run`; they must be
    quick, because nobody watches the program meanwhile."""

    def output(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        """Take what the program has just printed (within the output limit; not cut at characters)."""
        ...

    def figure(self, data: bytes) -> None:
        """Take one picture that the program showed (`plt.show()`): bytes that may or may not be a PNG."""
        ...

    def cancelled(self) -> bool:
        """Return True to end the run with the status `cancelled` (asked every 0.2 s)."""
        ...


class Sandbox(Protocol):
    """A backend that has passed its self-test. models : folder of the school's own models on the host, which need not be there."""

    name: str
    models: Path

    def run(self, job: RunJob, observer: Observer | None = None) -> RunResult:
        """Run `job`. Never raises for what the candidate's program does; SandboxError only if the backend is broken."""
        ...

    def close(self) -> None:
        """Stop whatever the backend keeps running; running jobs end with `sandbox_error`."""
        ...
