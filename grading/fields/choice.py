"""Choice: true or false, one of several options, or some of several. Raw value: list of option ids; parsed: frozenset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field as Key, model_validator

from grading.errors import ResponseError
from grading.fields import FieldKind
from grading.model import FieldSpec
from grading.text import shorten

OptionId = Annotated[str, Key(pattern=r"^[A-Za-z0-9]{1,8}$")]
OptionText = Annotated[str, Key(min_length=1, max_length=500)]


class ChoiceSpec(FieldSpec):
    """A choice field; options: id → text. `form: judge` has no options: its ids are T (正确) and F (错误)."""

    kind: Literal["choice"] = "choice"
    form: Literal["single", "judge", "multiple"] = "single"
    options: Mapping[OptionId, OptionText] = {}

    @model_validator(mode="after")
    def _options_fit(self) -> ChoiceSpec:
        if self.form == "judge" and self.options:
            raise ValueError("判断题不写 options")
        if self.form != "judge" and len(self.options) < 2:
            raise ValueError("options 至少要有两个选项")
        return self

    def option_ids(self) -> tuple[str, ...]:
        """Return the ids that a response may name."""
        return ("T", "F") if self.form == "judge" else tuple(self.options)


def is_blank(raw: Any) -> bool:
    """Return True if nothing is chosen."""
    return raw is None or raw == "" or (isinstance(raw, list) and not any(raw))


def parse(raw: Any, spec: ChoiceSpec) -> frozenset[str]:
    """Return the chosen ids (one id may stand without its list); ResponseError for unknown ids or too many."""
    chosen = [raw] if isinstance(raw, str) else raw
    if not isinstance(chosen, list) or not all(isinstance(option, str) for option in chosen):
        raise ResponseError("这里应选择选项。")
    unknown = [option for option in chosen if option not in spec.option_ids()]
    if unknown:
        raise ResponseError(f"没有选项“{shorten(unknown[0], 20)}”，可选 {'、'.join(spec.option_ids())}。")
    if spec.form != "multiple" and len(set(chosen)) > 1:
        raise ResponseError("这道题只能选一项。")
    return frozenset(chosen)


KIND = FieldKind("choice", ChoiceSpec, "choice", False, is_blank, parse)
