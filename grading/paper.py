"""Papers and standards: what an exam asks for, and the weights by which theory items are drawn."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field as Key, Tag, model_validator

from grading.model import Id, Marks, Spec

Form = Literal["judge", "single", "multiple"]
Part = Literal["theory", "practical"]
ModuleKey = Annotated[str, Key(pattern=r"^module:[A-Za-z][A-Za-z0-9_-]{0,63}$")]
TieKey = Literal["practical", "theory", "practical_time", "time", "submitted"] | ModuleKey
"""What decides between equal totals; `module:ID` is the score of one module."""

MultipleRule = Literal["all_or_nothing", "partial_no_wrong", "per_option"]
Overtime = Literal["hard", "minus-1-per-minute-up-to-5"]
Percent = Annotated[Decimal, Key(ge=0, le=100)]


BREAKS = 10
"""Minutes between modules with clocks of their own, if the paper does not say."""


class DrawSlot(Spec):
    """Draw `count` bank items of one form from the folder `draw`, by the weights of `standard`; `marks` each."""

    draw: str
    standard: str
    form: Form
    count: int = Key(ge=1, le=300)
    marks: Marks


class TaskSlot(Spec):
    """One named task; `marks` defaults to the task's own."""

    task: str
    marks: Marks | None = None


class UnitSlot(Spec):
    """Practical tasks by the units of the standard that they are tagged with: from one of `units`, or one task from each (`all`).

    marks : of each task that is picked.
    """

    pick: Literal["one", "all"]
    units: tuple[str, ...] = Key(min_length=1, max_length=20)
    marks: Marks

    @property
    def count(self) -> int:
        """Number of tasks that are picked."""
        return 1 if self.pick == "one" else len(self.units)


def _kind_of_slot(slot: Any) -> str:
    # Decided by one key, so that a misspelt other key is named alone, not with all keys of all kinds.
    if not isinstance(slot, dict):
        return type(slot).__name__
    return "TaskSlot" if "task" in slot else "UnitSlot" if "pick" in slot or "units" in slot else "DrawSlot"


Slot = Annotated[
    Annotated[DrawSlot, Tag("DrawSlot")] | Annotated[TaskSlot, Tag("TaskSlot")] | Annotated[UnitSlot, Tag("UnitSlot")],
    Discriminator(_kind_of_slot),
]


class ModuleSpec(Spec):
    """A titled group of tasks; `layout: list` shows all of its tasks on one page, `single` one task a page."""

    id: Id
    title: str
    part: Part
    minutes: int = Key(ge=1, le=600)
    layout: Literal["list", "single"] = "single"
    slots: tuple[Slot, ...] = Key(min_length=1)


class PaperSpec(Spec):
    """A paper as an author writes it.

    minutes : length of the sitting; marks : a checksum over all modules; pass : percent of each part that is needed to pass;
    multiple_choice : rule for 多选题 of tasks that do not state one; tie_break : keys, first wins.
    clock : common (one for all modules, which are free) or module (each its own, from its entry to its hand-in); order : of the
    modules then, linear or free; breaks : minutes that may pass between modules, all in all (default BREAKS); overtime : what
    time after the deadline costs.
    """

    title: str = Key(min_length=1, max_length=120)
    level: int | None = Key(None, ge=1, le=5)
    minutes: int = Key(ge=1, le=1440)
    clock: Literal["common", "module"] = "common"
    order: Literal["free", "linear"] = "free"
    breaks: int | None = Key(None, ge=0, le=240)
    overtime: Overtime = "hard"
    marks: Marks
    pass_percent: dict[Part, Percent] = Key(default={}, alias="pass")
    multiple_choice: MultipleRule = "all_or_nothing"
    shuffle_options: bool = True
    tie_break: tuple[TieKey, ...] = ("practical", "practical_time")
    rules: tuple[str, ...] = ()
    modules: tuple[ModuleSpec, ...] = Key(min_length=1)

    @model_validator(mode="after")
    def _minutes_add_up(self) -> PaperSpec:
        total = sum(module.minutes for module in self.modules)
        if total != self.minutes:
            raise ValueError(f"各模块时间之和是 {total} 分钟，与 minutes: {self.minutes} 不符")
        if len({module.id for module in self.modules}) != len(self.modules):
            raise ValueError("模块的 id 重复")
        missing = [key for key in self.tie_break if key.startswith("module:") and key[7:] not in {m.id for m in self.modules}]
        if missing:
            raise ValueError(f"tie_break 里的 {missing[0]} 不是这份试卷的模块")
        return self

    @model_validator(mode="after")
    def _clocks_fit(self) -> PaperSpec:
        if self.clock == "common" and self.order == "linear":
            raise ValueError("order: linear 只用于 clock: module（每个模块单独计时）")
        if self.clock == "common" and self.breaks is not None:
            raise ValueError("breaks 只用于 clock: module（每个模块单独计时）")
        if self.clock == "module" and self.overtime != "hard":
            raise ValueError("clock: module 时 overtime 只能是 hard：模块到时就收卷")
        return self

    @property
    def length(self) -> int:
        """Minutes from the start within which the whole sitting has to end."""
        return self.minutes + self.rest

    @property
    def rest(self) -> int:
        """Minutes that may pass between modules with clocks of their own: as the paper says, else BREAKS."""
        if self.clock == "common":
            return 0
        return BREAKS if self.breaks is None else self.breaks


class StandardItem(Spec):
    """细目: code like ``1.1.2``, weight (coefficient), number of knowledge points, what it covers."""

    code: str
    name: str
    weight: Decimal
    points: int = Key(ge=1)
    covers: str = ""


class StandardSection(Spec):
    """节: code like ``1.1``."""

    code: str
    name: str
    weight: Decimal
    items: tuple[StandardItem, ...]


class StandardChapter(Spec):
    """章 (职业功能): code like ``1``."""

    code: str
    name: str
    weight: Decimal
    sections: tuple[StandardSection, ...]


class Skill(Spec):
    """One skill requirement, code like ``S3-2.1.1``."""

    code: str
    function: str
    content: str
    text: str


class PracticalUnit(Spec):
    """One practical unit, code like ``P3.2.1``; rule: all of a group are set, or one is picked."""

    code: str
    name: str
    minutes: int
    marks: Decimal
    rule: Literal["pick-all", "pick-one"]
    group: str = ""


class StandardSpec(Spec):
    """The occupation's function–content–point codes with weights."""

    occupation: str
    code: str
    level: int
    edition: int
    source: str
    theory: tuple[StandardChapter, ...]
    skills: tuple[Skill, ...] = ()
    practical: tuple[PracticalUnit, ...] = ()

    @model_validator(mode="after")
    def _weights_add_up(self) -> StandardSpec:
        if sum(chapter.weight for chapter in self.theory) != 100:
            raise ValueError("各章权重之和应为 100")
        for chapter in self.theory:
            if sum(section.weight for section in chapter.sections) != chapter.weight:
                raise ValueError(f"第 {chapter.code} 章各节权重之和应为 {chapter.weight}")
            for section in chapter.sections:
                if sum(item.weight for item in section.items) != section.weight:
                    raise ValueError(f"{section.code} 节各细目权重之和应为 {section.weight}")
        return self

    def codes(self) -> frozenset[str]:
        """Return every code that a tag may start with: T-codes of items, S-codes, P-codes."""
        theory = {f"T{self.level}.{i.code}" for c in self.theory for s in c.sections for i in s.items}
        return frozenset(theory | {s.code for s in self.skills} | {u.code for u in self.practical})
