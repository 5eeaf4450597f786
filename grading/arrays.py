"""Arrays of a run, without importing numpy to say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from grading.cells import Cell

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
else:

    class Array:
        """Annotation of a grader that takes an array."""

        VALUE_KIND: ClassVar[str] = "array"


def as_list(array: Array, axes: int = 1) -> list[Any] | None:
    """Return the array as nested lists of Python values; None if it has not `axes` axes. A column counts as a list."""
    if array.ndim == axes + 1 and array.shape[-1] == 1:
        array = array.reshape(array.shape[:-1])
    if array.ndim != axes:
        return None
    found: list[Any] = array.tolist()
    return found


def cells(array: Array) -> list[Cell] | None:
    """Return a list of values as cells of a table; None if the array is no list."""
    found = as_list(array)
    return None if found is None else [int(value) if isinstance(value, bool) else value for value in found]
