"""Read the task folders again while the hall is open: new versions are stored, exams that exist keep theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from grading.errors import GradingError
from grading.library import Library, load_library
from simulator import catalog, events
from simulator.db import alone
from simulator.errors import Refused


@dataclass(frozen=True)
class Read:
    """Titles of the tasks and papers that have changed."""

    tasks: list[str]
    papers: list[str]


def load(folder: Path) -> Library:
    """Return the checked task folders; Refused with file and key of what is wrong. Takes a moment: hold no transaction meanwhile."""
    try:
        return load_library(folder)
    except GradingError as error:
        what = str(error).replace(f"{folder.resolve()}/", "")
        message = _("试题有错，没有读取任何改动。%(what)s", what=what)
        raise Refused(message, _("请改正后再重新读取。"), status=422) from None


def store(session: Session, library: Library, now: datetime, who: int | None) -> Read:
    """Store what has changed, all or nothing; the caller commits."""
    alone(session)
    found = Read(*catalog.sync_all(session, library, now))
    events.record(session, "catalog.read", now, who=who, tasks=len(found.tasks), papers=len(found.papers))
    return found
