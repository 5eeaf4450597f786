"""The catalogue: content-addressed task and paper versions in the database, loaded tasks in a cache."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from grading.library import Library
from grading.model import Task
from grading.package import content_hash, pack, unpack
from grading.paper import DrawSlot, PaperSpec, StandardSpec, TaskSlot, UnitSlot
from grading.picking import candidates
from simulator.models import PaperVersion, TaskVersion
from simulator.seen import SeenVersion

CACHED_TASKS = 2000
CACHED_SPECS = 200
_specs: dict[str, PaperSpec] = {}
_marks: dict[str, list[Decimal]] = {}
_split: dict[str, bool] = {}


class TaskCache:
    """Loaded tasks by version hash; packages with files are unpacked below `folder`. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tasks: OrderedDict[str, Task] = OrderedDict()
        self._lock = Lock()

    def get(self, session: Session | Connection, version: TaskVersion | SeenVersion) -> Task:
        """Return the task of `version`, loading its package from the database if need be."""
        with self._lock:
            if version.hash in self._tasks:
                self._tasks.move_to_end(version.hash)
                return self._tasks[version.hash]
        package = session.scalars(select(TaskVersion.package).where(TaskVersion.id == version.id)).one()
        task = unpack(package, version.task_id, self._folder / version.hash)
        with self._lock:
            self._tasks[version.hash] = task
            while len(self._tasks) > CACHED_TASKS:
                self._tasks.popitem(last=False)
        return task


def sync(session: Session, library: Library, now: datetime) -> int:
    """Store the current version of every task and paper of `library`; return how many have changed."""
    return sum(map(len, sync_all(session, library, now)))


def sync_all(session: Session, library: Library, now: datetime) -> tuple[list[str], list[str]]:
    """Store the current version of every task and paper of `library`; return the titles of tasks and papers that have changed."""
    versions = _sync_tasks(session, library.tasks.values(), now)
    hashes = {task_id: version.hash for task_id, (version, _) in versions.items()}
    papers = [p.title for name, p in library.papers.items() if _sync_paper(session, name, p, library, hashes, now)]
    return [version.title for version, changed in versions.values() if changed], papers


def _sync_tasks(session: Session, tasks: Iterable[Task], now: datetime) -> dict[str, tuple[TaskVersion, bool]]:
    known = {version.hash: version for version in session.scalars(select(TaskVersion))}
    current = {version.task_id: version for version in known.values() if version.current}
    found: dict[str, tuple[TaskVersion, bool]] = {}
    for task in tasks:
        digest = content_hash(task)
        version, before = known.get(digest), current.get(task.id)
        if before is not None and before is not version:
            before.current = False
        if version is None:
            version = TaskVersion(
                hash=digest, task_id=task.id, title=task.title, form=task.form, tags=list(task.tags), marks=task.marks,
                minutes=task.minutes, package=pack(task), created_at=now,
            )
            session.add(version)
        found[task.id] = (version, version is not before)
        version.current = True  # perhaps again: what was changed has been put back
    return found


def _sync_paper(
    session: Session, paper_id: str, paper: PaperSpec, library: Library, hashes: dict[str, str], now: datetime
) -> bool:
    used: dict[str, str] = {}
    standards: dict[str, object] = {}
    for slot in (slot for module in paper.modules for slot in module.slots):
        if isinstance(slot, TaskSlot):
            used[slot.task] = hashes[slot.task]
        elif isinstance(slot, UnitSlot):
            picked = candidates(slot, library.practical_tags()).values()
            used.update({task: hashes[task] for tasks in picked for task in tasks})
        else:
            used.update({task.id: hashes[task.id] for task in library.items(slot.draw, slot.form)})
            standards[slot.standard] = library.standards[slot.standard].model_dump(mode="json")
    spec = {"paper": paper.model_dump(mode="json", by_alias=True), "tasks": used, "standards": standards}
    digest = hashlib.sha256(json.dumps([paper_id, spec], ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    known = session.scalar(select(PaperVersion).where(PaperVersion.hash == digest))
    if known is not None and known.current:
        return False
    session.execute(update(PaperVersion).where(PaperVersion.paper_id == paper_id).values(current=False))
    if known is None:
        session.add(PaperVersion(hash=digest, paper_id=paper_id, title=paper.title, spec=spec, created_at=now))
    else:
        known.current = True
    return True


def latest_papers(session: Session) -> list[PaperVersion]:
    """Return the current version of every paper, by title."""
    return list(session.scalars(select(PaperVersion).where(PaperVersion.current).order_by(PaperVersion.title)))


def paper_spec(version: PaperVersion) -> PaperSpec:
    """Return the checked spec inside a paper version; versions never change, so each is checked once in a process."""
    spec = _specs.get(version.hash)
    return _remember(version.hash, version.spec) if spec is None else spec


def spec_by_hash(connection: Connection, version_id: int, digest: str) -> PaperSpec:
    """Return the spec of the paper version whose hash is `digest`; asks the database only the first time."""
    spec = _specs.get(digest)
    if spec is None:
        stored = connection.execute(select(PaperVersion.spec).where(PaperVersion.id == version_id)).scalar_one()
        spec = _remember(digest, stored)
    return spec


def _remember(digest: str, stored: Mapping[str, Any]) -> PaperSpec:
    if len(_specs) >= CACHED_SPECS:
        _specs.clear()
    spec = _specs[digest] = PaperSpec.model_validate(stored["paper"])
    return spec


def paper_standards(version: PaperVersion) -> dict[str, StandardSpec]:
    """Return the standards that this version draws by."""
    return {name: StandardSpec.model_validate(data) for name, data in version.spec["standards"].items()}


def paper_tasks(session: Session, version: PaperVersion) -> dict[str, TaskVersion]:
    """Return task id → version for every task that this paper version may use."""
    hashes = list(version.spec["tasks"].values())
    rows = session.scalars(select(TaskVersion).where(TaskVersion.hash.in_(hashes)))
    return {row.task_id: row for row in rows}


def is_split(session: Session, cache: TaskCache, version: PaperVersion) -> bool:
    """Return whether a task of this paper version has a public and a private half; looked up once in a process."""
    if version.hash not in _split:
        tasks = (row for row in paper_tasks(session, version).values() if not row.form)
        _split[version.hash] = any(point.board for row in tasks for point in cache.get(session, row).points)
    return _split[version.hash]


def module_sizes(paper: PaperSpec) -> list[int]:
    """Return the number of tasks of each module."""
    return [sum(1 if isinstance(slot, TaskSlot) else slot.count for slot in module.slots) for module in paper.modules]


def module_marks(session: Session, version: PaperVersion) -> list[Decimal]:
    """Return the possible marks of each module, looked up once in a process; a slot without marks takes its task's own."""
    if version.hash not in _marks:
        _marks[version.hash] = _module_marks(session, version)
    return list(_marks[version.hash])


def _module_marks(session: Session, version: PaperVersion) -> list[Decimal]:
    tasks = paper_tasks(session, version)

    def marks(slot: DrawSlot | TaskSlot | UnitSlot) -> Decimal:
        if not isinstance(slot, TaskSlot):
            return slot.marks * slot.count
        return slot.marks if slot.marks is not None else tasks[slot.task].marks

    return [sum((marks(slot) for slot in module.slots), Decimal(0)) for module in paper_spec(version).modules]
