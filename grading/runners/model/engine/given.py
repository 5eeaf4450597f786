"""The inputs that a task gives: CSV, NPY or NPZ, as arrays by name."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

Inputs = dict[str, Any]
"""Column or array name → array whose first axis counts the examples; a lone array is called ""."""


def read_inputs(name: str, drop: set[str]) -> Inputs:
    """Return the arrays in the file `name`; `drop` : columns or arrays that are no features."""
    if name.endswith(".npy"):
        return {"": np.load(name, allow_pickle=False)}
    if name.endswith(".npz"):
        with np.load(name, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files if key not in drop}
    with Path(name).open(encoding="utf-8-sig", newline="") as file:
        header, *lines = csv.reader(file)
    return {column: _column(values) for column, values in zip(header, zip(*lines, strict=True), strict=True) if column not in drop}


def rows(inputs: Inputs) -> int:
    """Return the number of examples."""
    return len(next(iter(inputs.values())))


def _column(values: tuple[str, ...]) -> Any:
    """Numbers if all are, else texts."""
    try:
        return np.array([float(value) for value in values])
    except ValueError:
        return np.array(values, object)
