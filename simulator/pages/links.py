"""Where evidence finds the pictures and sounds that it speaks of: files given by a task, and files handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import url_for


@dataclass(frozen=True)
class Links:
    """file(name) : a file that the task gives; upload(field id, number from 0) : a file that the candidate handed in."""

    file: Callable[[str], str]
    upload: Callable[[str, int], str]


def sitting_links(attempt_id: int, position: int) -> Links:
    """Return the links of a task that is being worked on: uploads are those of the draft."""
    return _links("exam.file", "exam.blob", attempt_id, position)


def result_links(attempt_id: int, position: int) -> Links:
    """Return the links of a task that was handed in."""
    return _links("results.file", "results.upload", attempt_id, position)


def _links(file: str, upload: str, attempt_id: int, position: int) -> Links:
    where: dict[str, Any] = {"attempt_id": attempt_id, "position": position}
    return Links(
        lambda name: url_for(file, name=name, **where), lambda field_id, number: url_for(upload, field_id=field_id, n=number, **where),
    )
