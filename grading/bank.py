"""Theory banks: many small items in one `bank.yaml`, each turned into a Task with one choice field and one point."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field as Key, model_validator

from grading.errors import TaskError
from grading.fields.choice import ChoiceSpec, OptionText
from grading.loader import checked
from grading.model import ScoringPoint, Spec, Task
from grading.specs import parse
from grading.text import fold
from grading.yamlfile import read_mapping

JUDGE_OPTIONS = {"T": "正确", "F": "错误"}
FIELD = "answer"
POINT = "M1"
FORM_TITLES = {"judge": "判断题", "single": "单选题", "multiple": "多选题"}


class BankItem(Spec):
    """One theory item. key: true/false for judge, a letter for single, a list of letters for multiple."""

    id: str = Key(pattern=r"^[a-z0-9][a-z0-9-]{1,63}$")
    kind: Literal["judge", "single", "multiple"]
    stem: str = Key(min_length=4, max_length=1000)
    options: Mapping[str, OptionText] = {}
    key: bool | str | tuple[str, ...]
    explanation: str = Key(min_length=4, max_length=2000)
    tags: tuple[str, ...] = Key(min_length=1)
    difficulty: int = Key(ge=1, le=5)

    @model_validator(mode="after")
    def _key_fits(self) -> BankItem:
        keys = self.keys()
        if self.kind == "judge" and self.options:
            raise ValueError("判断题不写 options")
        if self.kind != "judge" and list(self.options) != list("ABCDEFGH"[: len(self.options)]):
            raise ValueError("options 的标号应从 A 起连续")
        if self.kind != "judge" and len(self.options) < 3:
            raise ValueError("至少要有三个选项")
        if len({fold(option) for option in self.options.values()}) < len(self.options):
            raise ValueError("两个选项的内容相同")
        if not keys or not set(keys) <= set(self.all_options()):
            raise ValueError(f"key 应取自 {', '.join(self.all_options())}（判断题写 true 或 false）")
        if len(keys) != len(set(keys)) or (self.kind == "multiple") != (len(keys) > 1):
            raise ValueError("单选题一个答案，多选题两个以上且不重复")
        return self

    def all_options(self) -> Mapping[str, str]:
        """Return option id → text."""
        return JUDGE_OPTIONS if self.kind == "judge" else self.options

    def keys(self) -> list[str]:
        """Return the ids of the right options."""
        if self.kind == "judge":
            return ["T" if self.key else "F"] if isinstance(self.key, bool) else []
        return [self.key] if isinstance(self.key, str) else list(self.key) if isinstance(self.key, tuple) else []


class BankFile(Spec):
    """A whole `bank.yaml`."""

    section: str
    title: str
    items: tuple[BankItem, ...] = Key(min_length=1)


def load_bank(file: Path, *, prefix: str) -> tuple[BankFile, list[Task]]:
    """Return the bank in `file` and its items as Tasks with ids `<prefix>/<item id>`; TaskError for what is wrong."""
    bank = parse(BankFile, read_mapping(file), file=file)
    seen: dict[str, str] = {}
    for index, item in enumerate(bank.items):
        for name in (item.id, re.sub(r"\s+", "", item.stem)):
            if name in seen:
                raise TaskError(f"与 {seen[name]} 的 id 或题干重复", file=file, key=f"items.{index}")
            seen[name] = item.id
    return bank, [item_task(item, f"{prefix}/{item.id}", file) for item in bank.items]


def item_task(item: BankItem, task_id: str, file: Path) -> Task:
    """Return `item` as a Task of one mark; a paper's slot sets the real marks."""
    field = ChoiceSpec(id=FIELD, kind="choice", form=item.kind, options={} if item.kind == "judge" else item.options)
    point = ScoringPoint(
        id=POINT, title=FORM_TITLES[item.kind], marks=Decimal(1), grader="choice", of=FIELD, args=_args(item), tags=item.tags
    )
    task = Task(
        id=task_id, title=FORM_TITLES[item.kind], statement=item.stem, minutes=1, marks=Decimal(1), fields=(field,), runs=(),
        points=(point,), tags=item.tags, difficulty=item.difficulty, explanation=item.explanation, form=item.kind,
    )
    return checked(task, file)


def _args(item: BankItem) -> dict[str, Any]:
    return {"key": item.keys(), "options": len(item.all_options())}
