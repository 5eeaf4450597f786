"""Trivial answers that need no thought; a task that pays for them is badly made (leaks found this way: row order, id column)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean, median
from typing import Any

from grading.boxes import Box, dump_boxes
from grading.cells import Cell, as_number, as_text
from grading.fields import get_kind
from grading.model import Response, ScoringPoint, Task, Upload
from grading.tables import Table, read_table
from grading.text import show_number

FILLER = "应当认真负责，保证质量，按照规范完成工作。"


def trivial_responses(task: Task) -> Iterator[tuple[str, Response]]:
    """Yield (name, response): everything constant, empty files, and the starter program handed in untouched."""
    yield "constant", {field.id: _constant(field) for field in task.fields if not get_kind(field.kind).takes_file}
    if any(get_kind(field.kind).takes_file for field in task.fields):
        empty = Upload("empty.csv", b"")
        yield "empty-file", {f.id: [empty] if get_kind(f.kind).many else empty for f in task.fields if get_kind(f.kind).takes_file}
    starters = {f.id: starter for f in task.fields if (starter := starter_text(task, f)) is not None}
    if starters:
        yield "starter", starters


def starter_text(task: Task, field: Any) -> str | None:
    """Return the text that a field begins with (its `file`), None for fields without one."""
    name = getattr(field, "file", None)
    if not isinstance(name, str) or get_kind(field.kind).takes_file or task.root is None:
        return None
    return str((task.root / "files" / name).read_text("utf-8"))


def trivial_tables(task: Task, point: ScoringPoint) -> Iterator[tuple[str, Table]]:
    """Yield (name, table) of predictions without a model, for a point marked by `metric`.

    For the orders of rows and of ids, the true values themselves are handed out sorted, up and down: if that scores, the
    order gives the answers away.
    """
    if point.grader != "metric":
        return
    args = task.bound[point.id]
    key = read_table(args["key"].upload())
    ids, actual = key.column(args["on"]), key.column(args["actual"])
    columns = (args["on"], args["predicted"])
    for value in _constants(actual):
        yield f"constant-{value}", Table(columns, tuple((i, value) for i in ids))
    by_id = sorted(range(len(ids)), key=lambda n: _natural(ids[n]))
    for name, order in (("row-order", range(len(ids))), ("id-column", by_id)):
        for what, values in _sorted_values(actual):
            guess = dict(zip(order, values, strict=True))
            yield f"{name}-{what}", Table(columns, tuple((i, guess[n]) for n, i in enumerate(ids)))


def _constants(actual: Sequence[Cell]) -> list[str]:
    """Return the most frequent values, and for measured numbers also mean and median."""
    numbers = [number for cell in actual if (number := as_number(cell)) is not None]
    common = [value for value, _ in Counter(map(as_text, actual)).most_common(10)]
    if len(numbers) < len(actual) or len(set(numbers)) <= len(common):
        return common
    return [*common, show_number(fmean(numbers)), show_number(median(numbers))]


def _sorted_values(actual: Sequence[Cell]) -> Iterator[tuple[str, list[Cell]]]:
    ordered = sorted(actual, key=lambda cell: (as_number(cell) or 0.0, as_text(cell)))
    yield "up", ordered
    yield "down", ordered[::-1]
    if any(as_number(cell) is None for cell in actual):  # a metric of probabilities reads no words
        yield "number-up", list(range(len(ordered)))
        yield "number-down", list(range(len(ordered), 0, -1))


def _natural(cell: Cell) -> tuple[list[int], str]:
    """Sort A2 before A10."""
    return [int(digits) for digits in re.findall(r"\d{1,100}", as_text(cell))], as_text(cell)


def _constant(field: Any) -> Any:
    if field.kind == "choice":
        return [next(iter(field.options), "T")]
    if field.kind == "number":
        return "0"
    if field.kind == "boxes":  # one box around each image
        label = next(iter(field.labels))
        return dump_boxes({name: [Box(label, 0, 0, *size)] for name, size in field.images.items()})
    return "pass\n" if field.kind == "code" else FILLER
