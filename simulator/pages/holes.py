"""PURE: pages that differ from person to person in a few places are rendered once, with holes, and filled for each.

A hole is a name between two control characters, which no text on a page may contain; templates print it like any other value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

OPEN, SHUT = "\x01", "\x02"
_HOLE = re.compile(f"{OPEN}([^{OPEN}{SHUT}]+){SHUT}")


def hole(name: str) -> str:
    """Return what a template prints for the hole `name`."""
    return f"{OPEN}{name}{SHUT}"


@dataclass(frozen=True)
class Holed:
    """A rendered text with holes: texts and names of holes in turn, beginning and ending with a text."""

    texts: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, rendered: str) -> Holed:
        """Return `rendered`, cut at its holes."""
        parts = _HOLE.split(rendered)
        return cls(tuple(parts[::2]), tuple(parts[1::2]))

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the text with every hole filled; KeyError if one has no value. values : HTML, escaped where it must be."""
        parts = [""] * (len(self.texts) + len(self.names))
        parts[::2] = self.texts
        parts[1::2] = [values[name] for name in self.names]
        return "".join(parts)
