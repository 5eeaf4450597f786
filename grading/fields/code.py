"""Code: a program edited in the page. Raw and parsed value: str."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field as Key

from grading.errors import ResponseError
from grading.fields import FieldKind
from grading.model import FieldSpec, FileName


class CodeSpec(FieldSpec):
    """A code field; file : the starter program in `files/`, max_length counts characters."""

    kind: Literal["code"] = "code"
    file: FileName | None = None
    language: Literal["python"] = "python"
    max_length: int = Key(100_000, ge=1, le=500_000)


def is_blank(raw: Any) -> bool:
    """Return True for nothing or only white space."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def parse(raw: Any, spec: CodeSpec) -> str:
    """Return the program; ResponseError if it is no text, too long, or holds what no source file can hold."""
    if not isinstance(raw, str):
        raise ResponseError("这里应填写程序代码。")
    if len(raw) > spec.max_length:
        raise ResponseError(f"代码超过 {spec.max_length} 个字符，请删减后再提交。")
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError:
        raise ResponseError("代码里有无法保存的字符，请删除后再提交。") from None
    if "\0" in raw:
        raise ResponseError("代码里有 NUL 字符，请删除后再提交。")
    return raw


KIND = FieldKind("code", CodeSpec, "code", False, is_blank, parse)
