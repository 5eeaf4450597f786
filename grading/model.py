"""The nouns of the task format (DESIGN §3, §5) and of marking.

What an author writes is a strict pydantic model: an unknown key is an error.
What marking returns is a frozen dataclass of plain data.

A Task has Fields (what the candidate fills in), Runs (what is executed in the sandbox, yielding Artifacts)
and ScoringPoints (what earns marks). A Paper orders Modules of Slots, and a Slot names tasks or draws them from banks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field as Key, field_validator

Status = Literal["correct", "partial", "incorrect", "blank", "pending", "error"]
"""Outcome of one scoring point. `pending` and `error` earn nothing *yet* and are never final."""

Cause = Literal["", "wrong", "unreadable", "time_limit", "memory_limit", "output_limit", "process_limit", "crash", "fault"]
"""Why a point is not correct: the candidate's answer, their program, or (`fault`) us."""

Board = Literal["public", "private"]
"""Which half of a metric task a scoring point looks at."""

Id = Annotated[str, Key(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
FileName = Annotated[str, Key(pattern=r"^[^./\\\x00][^/\\\x00]{0,119}$")]
Marks = Annotated[Decimal, Key(gt=0, le=1000, decimal_places=2)]
"""Marks are positive decimals with at most two places, at most 1000."""


class Spec(BaseModel):
    """Base of everything an author writes: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @field_validator("marks", mode="before", check_fields=False)
    @classmethod
    def _exact_marks(cls, value: Any) -> Any:
        # YAML reads 0.1 as a binary float; its shortest decimal text is what the author typed.
        return str(value) if isinstance(value, float) else value


class FieldSpec(Spec):
    """What every kind of field shares; each kind adds its own keys in `grading/fields/<kind>.py`."""

    id: Id
    kind: str
    label: str = ""
    help: str = ""


class RunLimits(Spec):
    """Limits of one run in the sandbox.

    wall_s, cpu_s : seconds; memory_mb, disk_mb : MiB; output_kb : KiB of stdout and of stderr; processes : count of
    processes and threads together.
    """

    wall_s: float = Key(30, gt=0, le=3600)
    cpu_s: float = Key(30, gt=0, le=3600)
    memory_mb: int = Key(1024, ge=32, le=16384)
    output_kb: int = Key(256, ge=1, le=10240)
    processes: int = Key(64, ge=1, le=512)
    disk_mb: int = Key(64, ge=1, le=4096)


ArtifactKind = Literal["table", "number", "text", "array", "bytes", "json"]


class Produce(Spec):
    """One artifact of a run: a file that the program writes, a variable that it leaves, its standard output, or one of the
    runner's own outputs, whose kind the runner knows."""

    kind: ArtifactKind | None = None
    file: FileName | None = None
    variable: Id | None = None
    stdout: Literal[True] | None = None
    output: Id | None = None


class RunSpec(Spec):
    """One execution of a field by a runner.

    of : the field that is executed; title : what a candidate calls it; purpose : `trial` is only offered to candidates,
    `marking` only marks; args : the runner's own; files : names from the task's `files/` copied into the work directory;
    hidden : names from `key/` that may be read there as *inputs* (never expected answers); reveal : candidates may see the
    evidence of a marking on their score sheet, although it shows hidden inputs.
    """

    id: Id
    runner: str
    of: Id
    title: str = ""
    purpose: Literal["both", "trial", "marking"] = "both"
    args: Mapping[str, Any] = {}
    files: tuple[FileName, ...] = ()
    hidden: tuple[FileName, ...] = ()
    reveal: bool = False
    limits: RunLimits = RunLimits()
    produces: Mapping[Id, Produce]
    seed: int = 0


class ScoringPoint(Spec):
    """The smallest thing that earns marks.

    of : the field or artifact that the grader looks at, or a list of them passed to the grader in order; board : `public` points
    make up the marks until the release, `private` ones after it (a hidden half of the data); others count always.
    """

    id: Id
    title: str = Key(min_length=1, max_length=200)
    marks: Marks
    grader: str
    of: Id | tuple[Id, ...]
    args: Mapping[str, Any] = {}
    tags: tuple[str, ...] = ()
    board: Board | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids this point looks at, always as a tuple."""
        return (self.of,) if isinstance(self.of, str) else self.of


@dataclass(frozen=True)
class Task:
    """One loaded and checked task.

    id : path below `tasks/`, e.g. ``data/retail-orders`` or ``theory/1.1/etl-order``; root : folder on disk with
    `files/` and `key/` (None for bank items, which have neither); statement, explanation : Markdown in zh-CN;
    form : for bank items `judge`, `single` or `multiple`, else "".
    """

    id: str
    title: str
    statement: str
    minutes: int
    marks: Decimal
    fields: tuple[FieldSpec, ...]
    runs: tuple[RunSpec, ...]
    points: tuple[ScoringPoint, ...]
    level: int | None = None
    tags: tuple[str, ...] = ()
    difficulty: int | None = None
    explanation: str = ""
    form: str = ""
    root: Path | None = None
    files: tuple[str, ...] = ()
    baseline_max: Decimal = Decimal(0)
    licence: str = ""
    bound: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """point id → its grader's checked arguments (see loader)."""

    def field(self, field_id: str) -> FieldSpec:
        """Return the field named `field_id`; KeyError if there is none."""
        return next(f for f in self.fields if f.id == field_id)


@dataclass(frozen=True)
class Upload:
    """A file handed in: its name as the candidate's machine called it, and its bytes."""

    name: str
    data: bytes


Response = Mapping[str, Any]
"""field id → raw value: str, list of option ids, Upload, or list of Uploads. A missing key is a blank field."""

Evidence = Mapping[str, Any]
"""What a person looks at to understand a run or a mark: plain JSON data with a `kind`, shown by `templates/evidence/<kind>.html`."""


@dataclass(frozen=True)
class Mark:
    """What a grader returns.

    fraction : share of the point's marks, 0 to 1; expected, found : short texts for the score sheet (规定值, 实际值);
    reason : one Chinese sentence that a candidate learns from; evidence : what was compared, for a picture of it.
    """

    fraction: float
    expected: str = ""
    found: str = ""
    reason: str = ""
    cause: Cause = ""
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Verdict:
    """One scoring point's result in one Marking. `earned` and `marks` are in the same unit; board : the point's, or ""."""

    id: str
    title: str
    status: Status
    earned: Decimal
    marks: Decimal
    expected: str = ""
    found: str = ""
    reason: str = ""
    cause: Cause = ""
    evidence: Evidence | None = None
    board: str = ""
