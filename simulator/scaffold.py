"""`simulator tasks new`: a small, complete, passing task to start from."""

from __future__ import annotations

from pathlib import Path

from grading.errors import TaskError

FILES = {
    "task.yaml": """\
title: 新试题
level: 3
minutes: 5
marks: 3                      # 校验和：必须等于各评分点之和
fields:
  - {id: rows,   kind: number, label: 表中有几行数据}
  - {id: column, kind: choice, form: single, label: 哪一列有缺失值, options: {A: 订单号, B: 金额, C: 城市}}
points:
  - {id: M1, title: 行数正确,     marks: 1, grader: number, of: rows,   args: {equals: 3}}
  - {id: M2, title: 找对缺失的列, marks: 2, grader: choice, of: column, args: {key: [B]}}
""",
    "statement.md": "下载附件 `data.csv`，回答下面两个问题。\n",
    "files/data.csv": "order,amount,city\n1,10,宁波\n2,,杭州\n3,8,绍兴\n",
    "samples/full/response.yaml": "rows: 3\ncolumn: [B]\n",
    "samples/full/expect.yaml": "M1: 1\nM2: 2\n",
    "samples/blank/response.yaml": "{}\n",
    "samples/blank/expect.yaml": "M1: 0\nM2: 0\nstatus: {M1: blank, M2: blank}\n",
    "samples/wrong-header-counted/response.yaml": "rows: 4\ncolumn: [B]\n",
    "samples/wrong-header-counted/expect.yaml": "M1: 0\nM2: 2\nnote: 把表头也算进去了\n",
    "samples/wrong-column/response.yaml": "rows: 3\ncolumn: [C]\n",
    "samples/wrong-column/expect.yaml": "M1: 1\nM2: 0\nnote: 看错了列\n",
    "samples/wrong-words/response.yaml": "rows: 三行\n",
    "samples/wrong-words/expect.yaml": "M1: 0\nM2: 0\nnote: 数字项里写了文字，另一项没有作答\n",
}


def new_task(path: Path) -> list[Path]:
    """Write the files of a new task below `path` and return them; TaskError if something is there already."""
    if path.exists() and any(path.iterdir()):
        raise TaskError("这个文件夹已经存在且不是空的", file=path)
    written = []
    for name, text in FILES.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name == "task.yaml":
            text = _schema_line(path) + text
        file.write_text(text, "utf-8")
        written.append(file)
    return written


def _schema_line(path: Path) -> str:
    """Return the comment by which editors find the schema, "" outside a `tasks/` tree that has one."""
    for levels, parent in enumerate(path.resolve().parents, 1):
        if (parent / "task.schema.json").is_file():
            return f"# yaml-language-server: $schema={'../' * levels}task.schema.json\n"
    return ""
