"""A tasks/ tree with the two annotation tasks and a paper of both, for tests of pages and of the browser."""

from __future__ import annotations

import shutil
from pathlib import Path

from simulator.config import ROOT

TASKS = ("steel-defects", "label-review")
PAPER = """\
title: 标注练习
minutes: 30
marks: 20
modules:
  - id: c2
    title: 数据信息处理
    part: practical
    minutes: 30
    slots:
      - {task: data/steel-defects}
      - {task: data/label-review}
"""


def write_tree(root: Path) -> Path:
    """Write the tree below `root` and return it."""
    for task in TASKS:
        shutil.copytree(ROOT / "tasks" / "data" / task, root / "data" / task, ignore=shutil.ignore_patterns("samples"))
    shutil.copytree(ROOT / "tasks" / "standard", root / "standard")
    (root / "papers").mkdir()
    (root / "papers" / "boxes.yaml").write_text(PAPER, "utf-8")
    return root


def sample(task: str, name: str) -> str:
    """Return the boxes of a sample answer."""
    return (ROOT / "tasks" / "data" / task / "samples" / name / "boxes.json").read_text("utf-8")
