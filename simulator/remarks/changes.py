"""What differs between two versions of a task, in words, and whether answers to the one can be marked by the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from grading import totals
from grading.errors import TaskError
from grading.model import FieldSpec, RunSpec, ScoringPoint, Task
from grading.package import ITEM, members
from grading.text import shorten

SHOWN = 40
WORDS_OF_FIELD = {"label", "help"}  # what may change without making old answers unreadable


@dataclass
class Changes:
    """lines : what marks differently; warnings : what candidates saw differently; refusal : why answers cannot be marked, or ""."""

    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusal: str = ""


def compare(old: Task, new: Task, marks: Iterable[Decimal]) -> Changes:
    """Return the changes from `old` to `new`. marks : what papers give for the task, to which its points are scaled."""
    found = Changes()
    found.refusal = _fields(old, new, found) or _scale(new, marks)
    _points(old, new, found)
    _runs(old, new, found)
    _members(old, new, found)
    if old.marks != new.marks:
        found.lines.append(_(
            "试题自己的满分 %(old)s → %(new)s：试卷里这道题的配分不变，各评分点按比例折算",
            old=_number(old.marks), new=_number(new.marks),
        ))
    if old.explanation != new.explanation:
        found.lines.append(_("解析有改动（不影响得分）"))
    return found


def _fields(old: Task, new: Task, found: Changes) -> str:
    """Return why answers to `old` cannot be marked as answers to `new`, "" if they can; changed labels are a warning."""
    if old.form != new.form:
        return str(_("题型变了，原来的作答不能按新版评分。"))
    before, after = ([_field(one) for one in task.fields] for task in (old, new))
    if before != after:
        return str(_("作答项变了，原来的作答不能按新版评分。"))
    if any(a.label != b.label or a.help != b.help for a, b in zip(old.fields, new.fields, strict=True)):
        found.warnings.append(_("作答项的说明有改动，考生当时看到的是旧说明"))
    return ""


def _field(one: FieldSpec) -> dict[str, Any]:
    return one.model_dump(mode="json", exclude=WORDS_OF_FIELD)


def _scale(new: Task, marks: Iterable[Decimal]) -> str:
    try:
        for wanted in marks:
            totals.with_marks(new, wanted)
    except TaskError as error:
        return str(_("不能按试卷的配分折算：%(reason)s。请改评分点的配分。", reason=error.message))
    return ""


def _points(old: Task, new: Task, found: Changes) -> None:
    before, after = ({point.id: point for point in task.points} for task in (old, new))
    for name, point in before.items():
        if name not in after:
            found.lines.append(_("去掉评分点 %(id)s %(title)s（%(marks)s 分）", id=name, title=point.title, marks=_number(point.marks)))
    for name, point in after.items():
        if name not in before:
            found.lines.append(_("新增评分点 %(id)s %(title)s（%(marks)s 分）", id=name, title=point.title, marks=_number(point.marks)))
        else:
            found.lines.extend(_point(before[name], point))


def _point(old: ScoringPoint, new: ScoringPoint) -> list[str]:
    lines: list[str] = []
    if old.title != new.title:
        lines.append(_("%(id)s 改名：%(old)s → %(new)s", id=new.id, old=old.title, new=new.title))
    if old.marks != new.marks:
        lines.append(_("%(id)s 配分 %(old)s → %(new)s", id=new.id, old=_number(old.marks), new=_number(new.marks)))
    if old.grader != new.grader:
        lines.append(_("%(id)s 评分器 %(old)s → %(new)s", id=new.id, old=old.grader, new=new.grader))
    if old.board != new.board:
        words = {None: _("始终计入"), "public": _("公布前计入"), "private": _("公布后计入")}
        lines.append(_("%(id)s 何时计入：%(old)s → %(new)s", id=new.id, old=words[old.board], new=words[new.board]))
    if old.sources != new.sources:
        lines.append(_("%(id)s 改为看 %(new)s（原来看 %(old)s）", id=new.id, old=", ".join(old.sources), new=", ".join(new.sources)))
    return lines + [
        _("%(id)s 的 %(arg)s：%(old)s → %(new)s", id=new.id, arg=name, old=_value(old.args, name), new=_value(new.args, name))
        for name in dict.fromkeys([*old.args, *new.args]) if old.args.get(name) != new.args.get(name)
    ]


def _runs(old: Task, new: Task, found: Changes) -> None:
    before, after = ({run.id: run for run in task.runs} for task in (old, new))
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            found.lines.append(_("去掉运行 %(id)s", id=name))
        elif name not in before:
            found.lines.append(_("新增运行 %(id)s", id=name))
        elif keys := _run(before[name], after[name]):
            found.lines.append(_("运行 %(id)s 的 %(keys)s 有改动", id=name, keys=", ".join(keys)))


def _run(old: RunSpec, new: RunSpec) -> list[str]:
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return [key for key in after if before[key] != after[key]]


def _members(old: Task, new: Task, found: Changes) -> None:
    """Tell changed files; an item of a bank has none, all of it stands in its points and statement."""
    before, after = (_content(task) for task in (old, new))
    changed = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    keys = [name for name in changed if name.startswith("key/")]
    given = [name for name in changed if name.startswith("files/")]
    if keys:
        found.lines.append(_("答案文件有改动：%(names)s", names=", ".join(keys)))
    if given:
        found.warnings.append(_("发给考生的文件有改动：%(names)s；考生当时拿到的是旧文件", names=", ".join(given)))
    if old.statement != new.statement:
        found.warnings.append(_("题面有改动，考生当时看到的是旧题面"))
    if old.title != new.title:
        found.warnings.append(_("题名 %(old)s → %(new)s", old=old.title, new=new.title))


def _content(task: Task) -> Mapping[str, bytes]:
    return {name: data for name, data in members(task).items() if name != ITEM}


def _value(args: Mapping[str, Any], name: str) -> str:
    if name not in args:
        return str(_("（没有）"))
    value = args[name]
    return shorten(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str), SHOWN)


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
