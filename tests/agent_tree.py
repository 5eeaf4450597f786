"""A tasks/ tree with one agent task and a paper of it, and a flow that asks a language model."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

from simulator.config import ROOT

TASK = ROOT / "tasks" / "agent" / "order-service"
PAPER = """\
title: 智能体练习
minutes: 60
marks: 10
modules:
  - id: c4
    title: 智能体搭建
    part: practical
    minutes: 60
    slots:
      - {task: agent/order-service}
"""


def write_tree(root: Path) -> Path:
    """Write the tree below `root` and return it."""
    shutil.copytree(TASK, root / "agent" / "order-service", ignore=shutil.ignore_patterns("samples"))
    shutil.copytree(ROOT / "tasks" / "standard", root / "standard")
    (root / "papers").mkdir()
    (root / "papers" / "agent.yaml").write_text(PAPER, "utf-8")
    return root


def asking_flow(prompt: str = "你是客服小李。", count: int = 1) -> str:
    """Return a flow whose `count` llm nodes, one after the other, answer the user; each is told what the one before said."""
    nodes = [{"id": "s", "data": {"type": "start", "title": "开始"}}]
    for n in range(1, count + 1):
        before = f"\n上一步说：{{{{#m{n - 1}.text#}}}}" if n > 1 else ""
        template = [{"role": "system", "text": prompt}, {"role": "user", "text": f"{{{{#sys.query#}}}}{before}"}]
        nodes.append({"id": f"m{n}", "data": {"type": "llm", "title": f"生成回答{n}", "prompt_template": template}})
    nodes.append({"id": "a", "data": {"type": "answer", "title": "回复", "answer": f"{{{{#m{count}.text#}}}}"}})
    edges = [{"source": a["id"], "sourceHandle": "source", "target": b["id"]} for a, b in pairwise(nodes)]
    return json.dumps({
        "kind": "app", "version": "0.6.0", "app": {"name": "问模型", "mode": "advanced-chat"},
        "workflow": {"graph": {"nodes": nodes, "edges": edges}},
    }, ensure_ascii=False, indent=1)  # fmt: skip
