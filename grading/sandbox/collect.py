"""Bring files back from a work directory in which everything may be a trap."""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterable, Iterator

ALL = "*"
"""In a job's `collect`: everything in the work directory that was not an input."""

MAX_FIGURE = 4 * 1024 * 1024
MAX_FIGURES = 20


def collect(folder: int, names: Iterable[str], *, inputs: Container[str], max_bytes: int) -> dict[str, bytes]:
    """Return name → content of those `names` that are regular files of the open directory `folder`.

    Links are not followed, pipes are not waited for, and what would bring the sum above `max_bytes` is left out: such a
    name is simply missing from the answer.
    """
    found: dict[str, bytes] = {}
    left = max_bytes
    wanted = dict.fromkeys(names)
    if ALL in wanted:
        del wanted[ALL]
        wanted.update(dict.fromkeys(name for name in sorted(os.listdir(folder)) if name not in inputs))
    for name in wanted:
        data = _read(folder, name, left)
        if data is not None:
            found[name] = data
            left -= len(data)
    return found


def figures(folder: int, shown: set[str]) -> Iterator[bytes]:
    """Yield the pictures in the open directory `folder` whose names are not yet in `shown`, and add them."""
    for name in sorted(os.listdir(folder)):
        if is_figure(name) and name not in shown and len(shown) < MAX_FIGURES:
            shown.add(name)
            data = _read(folder, name, MAX_FIGURE)
            if data is not None:
                yield data


def is_figure(name: str) -> bool:
    """Return whether a file of the work directory is a picture made by `plt.show()` (see `program.py`)."""
    return name.startswith("_figure_") and name.endswith(".png")


def _read(folder: int, name: str, limit: int) -> bytes | None:
    if "/" in name:
        return None
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    return read_regular(descriptor, limit)


def read_regular(descriptor: int, limit: int) -> bytes | None:
    """Return the content of what is open as `descriptor`, and close it; None for anything but a regular file up to `limit`."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(status.st_size)
    finally:
        os.close(descriptor)
