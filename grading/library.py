"""The whole `tasks/` tree: task folders, theory banks, standards and papers, loaded and checked against each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from grading import drawing
from grading.bank import BankFile, load_bank
from grading.errors import TaskError
from grading.loader import load_task
from grading.model import Task
from grading.paper import DrawSlot, PaperSpec, StandardSpec, TaskSlot, UnitSlot
from grading.picking import candidates, short
from grading.specs import parse
from grading.totals import with_marks
from grading.yamlfile import read_mapping

_KNOWLEDGE_POINT = re.compile(r"\.\d\d$")


@dataclass(frozen=True)
class Library:
    """Everything under one `tasks/` folder, by id (path below it)."""

    root: Path
    tasks: Mapping[str, Task] = field(default_factory=dict)
    banks: Mapping[str, BankFile] = field(default_factory=dict)
    standards: Mapping[str, StandardSpec] = field(default_factory=dict)
    papers: Mapping[str, PaperSpec] = field(default_factory=dict)

    def items(self, folder: str, form: str) -> list[Task]:
        """Return the bank items of one form below `folder`, in a stable order."""
        return [task for task_id, task in sorted(self.tasks.items()) if task.form == form and task_id.startswith(folder + "/")]

    def practical_tags(self) -> dict[str, tuple[str, ...]]:
        """Return practical task id → its tags."""
        return {task_id: tuple(task.tags) for task_id, task in self.tasks.items() if not task.form}


def load_library(root: Path) -> Library:
    """Load everything below `root`; the first TaskError stops it."""
    root = root.resolve()
    if not root.is_dir():
        raise TaskError("找不到试题目录", file=root)
    standards = {path.stem: load_standard(path) for path in sorted((root / "standard").glob("*.yaml"))}
    tasks: dict[str, Task] = {}
    banks: dict[str, BankFile] = {}
    for path in sorted(root.rglob("bank.yaml")):
        prefix = path.parent.relative_to(root).as_posix()
        banks[prefix], items = load_bank(path, prefix=prefix)
        tasks.update({item.id: item for item in items})
    for folder in task_folders(root):
        task = load_task(folder, task_id=folder.relative_to(root).as_posix())
        tasks[task.id] = task
    library = Library(root, tasks, banks, standards)
    papers = {path.stem: load_paper(path, library) for path in sorted((root / "papers").glob("*.yaml"))}
    _check_tags(library)
    return Library(root, tasks, banks, standards, papers)


def task_folders(root: Path) -> Iterator[Path]:
    """Yield the folders below `root` (or `root` itself) that hold a `task.yaml`, in order."""
    for path in sorted(root.rglob("task.yaml")):
        if "samples" not in path.relative_to(root).parts:
            yield path.parent


def load_standard(path: Path) -> StandardSpec:
    """Return the standard in `path`; weights are checked."""
    return parse(StandardSpec, read_mapping(path), file=path)


def load_paper(path: Path, library: Library) -> PaperSpec:
    """Return the paper in `path`, checked against `library`: tasks exist, banks are large enough, marks add up."""
    paper = parse(PaperSpec, read_mapping(path), file=path)
    total = Decimal(0)
    used: set[str] = set()
    for m, module in enumerate(paper.modules):
        for s, slot in enumerate(module.slots):
            total += _slot_marks(slot, library, used, path, f"modules.{m}.slots.{s}")
    slots = [slot for module in paper.modules for slot in module.slots]
    named = [slot.task for slot in slots if isinstance(slot, TaskSlot)]
    if unit := short([slot for slot in slots if isinstance(slot, UnitSlot)], named, library.practical_tags()):
        raise TaskError(f"单元 {unit} 的实操题不够：有的抽法会抽不到", file=path, key="modules")
    if total != paper.marks:
        raise TaskError(f"各题之和是 {total}，与 marks: {paper.marks} 不符", file=path, key="marks")
    return paper


def _slot_marks(slot: DrawSlot | TaskSlot | UnitSlot, library: Library, used: set[str], path: Path, key: str) -> Decimal:
    if isinstance(slot, TaskSlot):
        if slot.task not in library.tasks:
            raise TaskError(f"没有名为 {slot.task!r} 的试题", file=path, key=f"{key}.task")
        try:
            return with_marks(library.tasks[slot.task], slot.marks).marks
        except TaskError as error:
            raise TaskError(error.message, file=path, key=f"{key}.marks") from None
    if isinstance(slot, UnitSlot):
        return _unit_marks(slot, library, path, key)
    if slot.standard not in library.standards:
        raise TaskError(f"没有名为 {slot.standard!r} 的标准；可用：{', '.join(library.standards)}", file=path, key=f"{key}.standard")
    items = [drawing.Item(task.id, task.tags) for task in library.items(slot.draw, slot.form)]
    try:  # one trial draw: it fails here if it could fail in an exam
        drawing.draw(items, library.standards[slot.standard], slot.count, seed=0, form=slot.form, used=used)
    except TaskError as error:
        raise TaskError(f"{slot.draw} 的 {slot.form} {error.message}", file=path, key=f"{key}.count") from None
    return slot.marks * slot.count


def _unit_marks(slot: UnitSlot, library: Library, path: Path, key: str) -> Decimal:
    """Every unit has a task, and every task that may be picked can be given the slot's marks."""
    for unit, tasks in candidates(slot, library.practical_tags()).items():
        if not tasks:
            raise TaskError(f"单元 {unit} 没有实操题：没有一道题的 tags 里有它", file=path, key=f"{key}.units")
        for task in tasks:
            try:
                with_marks(library.tasks[task], slot.marks)
            except TaskError as error:
                raise TaskError(error.message, file=path, key=f"{key}.marks") from None
    return slot.marks * slot.count


def _check_tags(library: Library) -> None:
    codes = frozenset(code for standard in library.standards.values() for code in standard.codes())
    if not codes:
        return
    for task in library.tasks.values():
        for tag in (*task.tags, *(tag for point in task.points for tag in point.tags)):
            # A knowledge point adds two digits to its item's code: T3.1.1.1.03 → T3.1.1.1
            if tag not in codes and _KNOWLEDGE_POINT.sub("", tag) not in codes:
                folder, _, item = task.id.rpartition("/")
                file, key = (f"{task.id}/task.yaml", "tags") if task.root else (f"{folder}/bank.yaml", f"{item}.tags")
                raise TaskError(f"标签 {tag!r} 不在任何标准里", file=library.root / file, key=key)
