"""Number: a typed number. Raw value: the string as typed; parsed: a finite float."""

from __future__ import annotations

import unicodedata
from typing import Any, Literal

from grading.errors import ResponseError
from grading.fields import FieldKind
from grading.model import FieldSpec
from grading.text import shorten, typed_number

MAX_LENGTH = 100


class NumberSpec(FieldSpec):
    """A number field; unit stands behind the box, and a candidate who types it too loses nothing."""

    kind: Literal["number"] = "number"
    unit: str = ""
    placeholder: str = ""


def is_blank(raw: Any) -> bool:
    """Return True for nothing or only white space."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def parse(raw: Any, spec: NumberSpec) -> float:
    """Return the number (full-width digits and thousands commas are read); ResponseError for anything else."""
    if not isinstance(raw, str):
        raise ResponseError("这里应填写数字。")
    typed, unit = (unicodedata.normalize("NFKC", text).strip() for text in (raw, spec.unit))
    number = typed_number(typed.removesuffix(unit)) if len(typed) <= MAX_LENGTH else None
    if number is None:
        without = f"，不带单位（单位“{spec.unit}”已经写在后面）" if spec.unit else "，不带单位和百分号"
        raise ResponseError(f"“{shorten(raw, 20)}”不是数字。请只填数字，如 12.5{without}。")
    return number


KIND = FieldKind("number", NumberSpec, "number", False, is_blank, parse)
