"""For the tests that all graders share: what each grader is called with, one file for each family.

A file here has GRADERS (name → Case), and for kinds of values of its own GARBAGE (kind → values that earn nothing), VALUES (kind →
strategy) and KEYS (file name → content of a key file).
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """args : as an author writes them (a key file is one of KEYS); full : positional values that earn everything;
    order_free : the order of rows does not matter; column : the column whose values are judged."""

    args: dict[str, Any]
    full: tuple[Any, ...]
    order_free: bool = False
    column: str = ""


def collected(name: str) -> dict[str, Any]:
    """Return what all files here hold under `name`; a key that stands twice is a mistake."""
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(__path__):
        part = getattr(importlib.import_module(f"{__name__}.{module.name}"), name, {})
        assert not found.keys() & part.keys(), found.keys() & part.keys()
        found |= part
    return found
