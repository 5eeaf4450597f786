"""The task tree of the browser tests: the small tree of `tests.factories` and one task more, so that no kind of field is missing."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tests import factories

PICTURE = """\
title: 交一张图
level: 3
minutes: 5
marks: 2
fields:
  - {id: picture, kind: file, label: 截图, accept: [.png], max_mb: 2}
  - {id: origin, kind: text, label: 来源}
points:
  - {id: M1, title: 有截图, marks: 1, grader: file_exists, of: picture, args: {extensions: [.png]}}
  - {id: M2, title: 写出来源, marks: 1, grader: blank, of: origin, args: {accept: [自己]}}
"""

JUDGE = {1: "错误", 2: "正确", 3: "错误"}
"""Right options of the judge items by the number in their stem; single items: 乙项, multiple items: 甲项 and 丙项."""

PROGRAM = """\
import pandas as pd
table = pd.read_csv('data.csv')
total = int(table.a.sum())
table.to_csv('out.csv', index=False)
print('合计', total)
"""
"""Earns all marks of the task data/program."""


def write_tree(root: Path) -> Path:
    """Write the tree below `root` and return it."""
    factories.write_tree(root)
    folder = root / "data" / "picture"
    folder.mkdir(parents=True)
    (folder / "task.yaml").write_text(PICTURE, "utf-8")
    (folder / "statement.md").write_text("交一张图，并写出来源。\n", "utf-8")
    paper = root / "papers" / "small.yaml"
    text = factories.PAPER.replace("minutes: 30\nmarks: 16", "minutes: 35\nmarks: 18").replace("minutes: 20", "minutes: 25")
    paper.write_text(text + "      - {task: data/picture}\n", "utf-8")
    return root


def png(side: int = 1) -> bytes:
    """Return a grey picture, `side` pixels wide and high."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * side) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
