"""Errors of the marking library.

GradingError
├── TaskError        the author's fault: found when a task, bank or paper is loaded, never during an exam
├── ResponseError    the candidate's response cannot be read: becomes an `incorrect` verdict with this sentence
└── SandboxError     our fault: untrusted work could not be run, so the verdict waits as `error`

Every message is a sentence that a person can act on.
"""

from __future__ import annotations

from pathlib import Path


class GradingError(Exception):
    """Base of all errors that this library raises on purpose."""


class TaskError(GradingError):
    """A task, bank, standard or paper is wrong; says which file, which key and what is allowed.

    Parameters
    ----------
    message : what is wrong and what would be right
    file : the file that has to be mended
    key : dotted place inside that file, e.g. ``points.2.args.equals``
    """

    def __init__(self, message: str, *, file: Path | str | None = None, key: str = "") -> None:
        self.message = message
        self.file = str(file) if file is not None else ""
        self.key = key
        place = " : ".join(part for part in (self.file, key) if part)
        super().__init__(f"{place}: {message}" if place else message)


class ResponseError(GradingError):
    """The candidate's response is not readable as the field's kind (the format-error channel)."""


class SandboxError(GradingError):
    """The sandbox itself failed or is missing; never the candidate's fault."""
