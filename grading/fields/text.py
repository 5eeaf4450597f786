"""Text: a written answer. Raw and parsed value: str."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field as Key

from grading.errors import ResponseError
from grading.fields import FieldKind
from grading.model import FieldSpec


class TextSpec(FieldSpec):
    """A text field; rows is the height of its box, max_length counts characters."""

    kind: Literal["text"] = "text"
    rows: int = Key(1, ge=1, le=40)
    max_length: int = Key(5000, ge=1, le=50_000)
    placeholder: str = ""


def is_blank(raw: Any) -> bool:
    """Return True for nothing or only white space."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def parse(raw: Any, spec: TextSpec) -> str:
    """Return the text; ResponseError if it is not text or too long."""
    if not isinstance(raw, str):
        raise ResponseError("这里应填写文字。")
    if len(raw) > spec.max_length:
        raise ResponseError(f"文字超过 {spec.max_length} 字，请删减后再提交。")
    return raw


KIND = FieldKind("text", TextSpec, "text", False, is_blank, parse)
