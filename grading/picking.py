"""PURE: pick practical tasks by the units of the standard, with a stored seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from grading.drawing import seeded
from grading.errors import TaskError
from grading.paper import UnitSlot


def candidates(slot: UnitSlot, tags: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return unit → ids of the tasks with that tag, in order. tags : practical task id → its tags."""
    return {unit: sorted(task for task, own in tags.items() if unit in own) for unit in slot.units}


def short(slots: Sequence[UnitSlot], named: Iterable[str], tags: Mapping[str, Iterable[str]]) -> str:
    """Return a unit for which some draw might find no task any more, "" if there is none.

    named : tasks that the paper sets in any case. Thought of the worst draw: every other pick that could take a task of the unit
    takes one.
    """
    taken = frozenset(named)
    for place, slot in enumerate(slots):
        found = {unit: frozenset(tasks) for unit, tasks in candidates(slot, tags).items()}
        for unit, tasks in found.items():
            beside = [near for own, near in found.items() if own != unit] if slot.pick == "all" else []
            for other_place, other in enumerate(slots):
                theirs = [frozenset(found) for found in candidates(other, tags).values()]
                if other_place != place:
                    beside += theirs if other.pick == "all" else [frozenset().union(*theirs)]
            if len(tasks - taken) <= sum(bool(near & tasks) for near in beside):
                return unit
    return ""


def pick(slot: UnitSlot, tags: Mapping[str, Iterable[str]], *, seed: int, used: set[str]) -> list[str]:
    """Return the ids of the picked tasks, one or one for each unit, none of which is in `used` (they are added to it).

    A unit is picked first, then one of its tasks: a unit with many tasks is not set more often. TaskError if none is left.
    """
    random = seeded(seed, "units", *slot.units)
    found = candidates(slot, tags)
    units = [random.choice(slot.units)] if slot.pick == "one" else list(slot.units)
    picked = []
    for unit in units:
        free = [task for task in found[unit] if task not in used]
        if not free:
            raise TaskError(f"单元 {unit} 没有（更多的）实操题")
        picked.append(random.choice(free))
        used.add(picked[-1])
    return picked
