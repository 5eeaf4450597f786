"""Draw one candidate's tasks from a paper version with a stored seed."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from grading import drawing, picking
from grading.paper import DrawSlot, PaperSpec, StandardSpec, TaskSlot, UnitSlot
from simulator import catalog
from simulator.models import AttemptTask, PaperVersion, TaskVersion


def draw_paper(session: Session, version: PaperVersion, seed: int) -> list[AttemptTask]:
    """Return the attempt's tasks in order, positions from 1."""
    paper, tasks = catalog.paper_spec(version), catalog.paper_tasks(session, version)
    standards = catalog.paper_standards(version)
    used = {slot.task for module in paper.modules for slot in module.slots if isinstance(slot, TaskSlot)}
    rows: list[AttemptTask] = []
    for number, module in enumerate(paper.modules):
        for slot in module.slots:
            for task, marks in _slot(slot, tasks, standards, seed, used):
                rows.append(AttemptTask(position=len(rows) + 1, module=number, version=task, marks=marks))
    return rows


def _slot(
    slot: DrawSlot | TaskSlot | UnitSlot, tasks: dict[str, TaskVersion], standards: dict[str, StandardSpec], seed: int, used: set[str]
) -> list[tuple[TaskVersion, Decimal]]:
    if isinstance(slot, TaskSlot):
        task = tasks[slot.task]
        return [(task, slot.marks if slot.marks is not None else task.marks)]
    if isinstance(slot, UnitSlot):
        tags = {task_id: tuple(version.tags) for task_id, version in tasks.items() if not version.form}
        return [(tasks[task_id], slot.marks) for task_id in picking.pick(slot, tags, seed=seed, used=used)]
    items = [
        drawing.Item(task.task_id, tuple(task.tags))
        for task_id, task in tasks.items() if task.form == slot.form and task_id.startswith(slot.draw + "/")
    ]
    chosen = drawing.draw(items, standards[slot.standard], slot.count, seed=seed, form=slot.form, used=used)
    return [(tasks[item.id], slot.marks) for item in chosen]


def grader_defaults(paper: PaperSpec) -> dict[str, dict[str, str]]:
    """Return the arguments that the paper sets for graders whose task leaves them open."""
    return {"choice": {"rule": paper.multiple_choice}}
