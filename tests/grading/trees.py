"""A small task tree, varied by arguments, and a sandbox that answers what a test has prepared."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from grading import registry
from grading.errors import TaskError
from grading.loader import load_task
from grading.model import Task
from grading.sandbox.contract import RunJob, RunResult

TASK: dict[str, Any] = {
    "title": "门店日销售清洗",
    "level": 3,
    "minutes": 10,
    "marks": 10,
    "fields": [
        {"id": "rows", "kind": "number", "label": "行数", "unit": "行"},
        {"id": "column", "kind": "choice", "form": "multiple", "options": {"A": "店号", "B": "金额", "C": "城市"}},
        {"id": "note", "kind": "text", "rows": 4},
        {"id": "program", "kind": "code", "file": "starter.py"},
    ],
    "runs": [
        {
            "id": "clean", "runner": "python", "of": "program", "files": ["sales.csv"], "hidden": ["more.csv"],
            "limits": {"wall_s": 10}, "produces": {
                "cleaned": {"file": "cleaned.csv", "kind": "table"}, "printed": {"stdout": True, "kind": "text"},
            },
        }
    ],
    "points": [
        {"id": "M1", "title": "行数正确", "marks": 1, "grader": "number", "of": "rows", "args": {"equals": 3}},
        {"id": "M2", "title": "缺失的列", "marks": 2, "grader": "choice", "of": "column", "args": {"key": ["A", "B"]}},
        {"id": "M3", "title": "规范要点", "marks": 2, "grader": "text_points", "of": "note", "args": {"key": "rules.yaml"}},
        {"id": "M4", "title": "清洗后的行数", "marks": 3, "grader": "row_count", "of": "cleaned", "args": {"equals": 2}},
        {"id": "M5", "title": "打印结果", "marks": 2, "grader": "blank", "of": "printed", "args": {"accept": ["done"]}},
    ],
}
"""A task with four kinds of field and one run; its points look at fields and at artifacts."""

FILES = {
    "statement.md": "清洗 `sales.csv`。\n",
    "files/sales.csv": "shop,amount\n1,10\n2,\n2,\n",
    "files/starter.py": "# 在这里写程序\n",
    "key/rules.yaml": "- {id: dup, title: 去重, any: [去重]}\n- {id: miss, title: 缺失, any: [填充]}\n",
    "key/more.csv": "shop,amount\n9,1\n",
}
FULL = {"rows": "3", "column": ["A", "B"], "note": "先去重。再填充缺失值。", "program": "print('done')\n"}
GOOD_RUN = RunResult("ok", exit_code=0, stdout="done\n", files={"cleaned.csv": b"shop,amount\n1,10\n2,0\n"})

PLAIN: dict[str, Any] = {
    "title": "两个填空",
    "minutes": 5,
    "marks": 3,
    "fields": [{"id": "rows", "kind": "number"}, {"id": "word", "kind": "text"}],
    "points": [
        {"id": "M1", "title": "行数", "marks": 1, "grader": "number", "of": "rows", "args": {"equals": 3}},
        {"id": "M2", "title": "方法", "marks": 2, "grader": "blank", "of": "word", "args": {"accept": ["去重"]}},
    ],
}
"""A task without runs."""

SAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "full": ({"rows": 3, "word": "去重"}, {"M1": 1, "M2": 2}),
    "blank": ({}, {"M1": 0, "M2": 0, "status": {"M1": "blank", "M2": "blank"}}),
    "wrong-header": ({"rows": 4, "word": "去重"}, {"M1": 0, "M2": 2}),
    "wrong-word": ({"rows": 3, "word": "删除"}, {"M1": 1, "M2": 0}),
    "wrong-unit": ({"rows": "三行", "word": "去重"}, {"M1": 0, "M2": 2, "note": "数字项里写了文字"}),
}
"""Sample responses of PLAIN with what each must earn."""

STANDARD: dict[str, Any] = {
    "occupation": "人工智能训练师", "code": "4-04-05-05", "level": 3, "edition": 2021, "source": "测试用",
    "theory": [
        {"code": "1", "name": "甲", "weight": 70, "sections": [
            {"code": "1.1", "name": "甲一", "weight": 50, "items": [
                {"code": "1.1.1", "name": "a", "weight": 30, "points": 9}, {"code": "1.1.2", "name": "b", "weight": 20, "points": 9},
            ]},
            {"code": "1.2", "name": "甲二", "weight": 20, "items": [{"code": "1.2.1", "name": "c", "weight": 20, "points": 9}]},
        ]},
        {"code": "2", "name": "乙", "weight": 30, "sections": [
            {"code": "2.1", "name": "乙一", "weight": 30, "items": [{"code": "2.1.1", "name": "d", "weight": 30, "points": 9}]},
        ]},
    ],
    "skills": [{"code": "S3-2.1.1", "function": "数据", "content": "清洗", "text": "能清洗数据"}],
    "practical": [{"code": "P3.2.1", "name": "清洗", "minutes": 20, "marks": 25, "rule": "pick-all"}],
}

JUDGE = {
    "id": "keep-raw", "kind": "judge", "stem": "清洗时应保留原始数据。", "key": True, "explanation": "便于重新处理。",
    "tags": ["T3.1.1.1.01"], "difficulty": 2,
}
SINGLE = {
    "id": "median-outlier", "kind": "single", "stem": "有极端值时哪一个更稳健？", "options": {"A": "均值", "B": "中位数", "C": "极差"},
    "key": "B", "explanation": "中位数不受极端值影响。", "tags": ["T3.1.1.2.01"], "difficulty": 2,
}
MULTIPLE = {
    "id": "missing-ways", "kind": "multiple", "stem": "下列哪些是处理缺失值的办法？",
    "options": {"A": "填充", "B": "加密", "C": "删除", "D": "压缩"}, "key": ["A", "C"],
    "explanation": "填充和删除都是。", "tags": ["T3.2.1.1.01"], "difficulty": 3,
}
BANK: dict[str, Any] = {"section": "1.1", "title": "甲一", "items": [JUDGE, SINGLE, MULTIPLE]}

PAPER: dict[str, Any] = {
    "title": "小卷", "level": 3, "minutes": 30, "marks": 7, "pass": {"theory": 60},
    "modules": [
        {"id": "theory", "title": "理论", "part": "theory", "minutes": 10, "layout": "list", "slots": [
            {"draw": "theory", "standard": "level3", "form": "judge", "count": 1, "marks": 1},
            {"draw": "theory", "standard": "level3", "form": "single", "count": 1, "marks": 1},
            {"draw": "theory", "standard": "level3", "form": "multiple", "count": 1, "marks": 2},
        ]},
        {"id": "data", "title": "数据", "part": "practical", "minutes": 20, "slots": [{"task": "data/plain"}]},
    ],
}


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of `base` with `{"points.0.args.equals": 4}` applied; the value ... removes a key or an element."""
    data: Any = copy.deepcopy(dict(base))
    for path, value in changes.items():
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        place = data
        for part in parents:
            place = place[part]
        if value is ...:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return data


def write_yaml(path: Path, data: Any) -> Path:
    """Write `data` as YAML without aliases and return `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False), "utf-8")
    return path


def write_files(root: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """Write texts or bytes below `root`; None leaves a file out."""
    for name, content in files.items():
        if content is None:
            continue
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def write_task(
    root: Path, changes: Mapping[str, Any] | None = None, *, base: Mapping[str, Any] = TASK,
    files: Mapping[str, str | bytes | None] | None = None,
) -> Path:
    """Write the task `base` with `changes` to the folder `root` and return it; `files` adds, replaces or (None) leaves out."""
    own = FILES if base is TASK else {"statement.md": "填两个空。\n"}
    write_files(root, {**own, **(files or {})})
    write_yaml(root / "task.yaml", changed(base, changes or {}))
    return root


def make_task(root: Path, changes: Mapping[str, Any] | None = None, **kwargs: Any) -> Task:
    """Write a task as `write_task` does, and load it."""
    return load_task(write_task(root, changes, **kwargs), task_id="data/mini")


def write_samples(root: Path, samples: Mapping[str, tuple[Any, Any] | None]) -> Path:
    """Write `{name: (response, expected)}` as sample folders of the task `root`; None leaves one out."""
    for name, sample in samples.items():
        if sample is not None:
            write_yaml(root / "samples" / name / "response.yaml", sample[0])
            write_yaml(root / "samples" / name / "expect.yaml", sample[1])
    return root


def make_plain(root: Path, changes: Mapping[str, Any] | None = None, samples: Mapping[str, Any] | None = None) -> Task:
    """Write and load the task of two blanks with its samples, changed as told."""
    write_samples(write_task(root, changes, base=PLAIN), {**SAMPLES, **(samples or {})})
    return load_task(root, task_id="data/plain")


def write_library(root: Path, *, bank: Any = BANK, standard: Any = STANDARD, paper: Any = PAPER) -> Path:
    """Write a `tasks/` tree of one bank, one standard, one paper and one task without runs; return `root`."""
    write_yaml(root / "theory" / "1.1" / "bank.yaml", bank)
    write_yaml(root / "standard" / "level3.yaml", standard)
    write_yaml(root / "papers" / "small.yaml", paper)
    make_plain(root / "data" / "plain")
    return root


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> TaskError:
    """Return the TaskError that `call` raises; it is always one line that names the file."""
    with pytest.raises(TaskError) as caught:
        call(*args, **kwargs)
    error = caught.value
    assert error.file, error
    assert "\n" not in str(error)
    assert len(str(error)) < 1500
    return error


class PreparedSandbox:
    """A sandbox that runs nothing: it answers each job with the next of the prepared results (the last one for ever)."""

    name, models = "prepared", Path("/nowhere")

    def __init__(self, *results: RunResult | Exception) -> None:
        self.results = list(results)
        self.jobs: list[RunJob] = []

    def run(self, job: RunJob) -> RunResult:
        self.jobs.append(job)
        result = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        if isinstance(result, Exception):
            raise result
        return result


@contextmanager
def registered(*functions: Callable[..., Any]) -> Iterator[None]:
    """Have `functions` as graders for a while."""
    registry.all_graders()
    before = dict(registry._GRADERS)
    try:
        for function in functions:
            registry.grader(function)
        yield
    finally:
        registry._GRADERS.clear()
        registry._GRADERS.update(before)
