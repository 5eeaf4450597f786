"""Home: automations of a smart home as YAML text, as Home Assistant reads it. Raw value: str; parsed: Automations.

Here the text is only checked for what would harm a reader (size, depth, aliases, tags, repeated keys); what the automations
mean, and every template in them, is the engine's business, inside the sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field as Key

from grading.errors import ResponseError, TaskError
from grading.fields import FieldKind
from grading.model import FieldSpec, FileName
from grading.yamlfile import parse_yaml

MAX_AUTOMATIONS, MAX_DEPTH = 60, 30
PARTS = ("automation", "script", "scene")


class HomeSpec(FieldSpec):
    """A home field; file : YAML to begin with, home : the home's description in `files/`, max_length counts characters."""

    kind: Literal["home"] = "home"
    file: FileName | None = None
    home: FileName
    max_length: int = Key(40_000, ge=100, le=60_000)


@dataclass(frozen=True)
class Automations:
    """YAML text that is safe to read, and how many automations it holds."""

    VALUE_KIND: ClassVar[str] = "home"

    text: str
    count: int


def is_blank(raw: Any) -> bool:
    """Return True for nothing, only white space, or only comments."""
    if raw is None:
        return True
    return isinstance(raw, str) and all(not line.strip() or line.lstrip().startswith("#") for line in raw.splitlines())


def parse(raw: Any, spec: HomeSpec) -> Automations:
    """Return the automations; ResponseError says what is wrong, and in which line where it can."""
    if not isinstance(raw, str):
        raise ResponseError("这里应填写自动化的 YAML 文字。")
    if len(raw) > spec.max_length:
        raise ResponseError(f"文字超过 {spec.max_length} 个字符，请删减后再提交。")
    return read(raw)


def read(text: str) -> Automations:
    """Return the automations in `text`; ResponseError if it is not bounded, plain YAML of a known form."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ResponseError("文字里有无法保存的字符，请删除后再提交。")
    if "\t" in text and any(line[: len(line) - len(line.lstrip())].count("\t") for line in text.splitlines()):
        raise ResponseError("YAML 不能用 Tab 缩进，请改成空格。")
    try:
        document = parse_yaml(text, file="")
    except TaskError as error:
        place = f"{error.key}：" if error.key else ""
        raise ResponseError(f"{place}{_told(error.message)}。") from None
    items = _automations(document)
    if len(items) > MAX_AUTOMATIONS:
        raise ResponseError(f"自动化有 {len(items)} 条，最多 {MAX_AUTOMATIONS} 条，请删减后再提交。")
    if _depth(document) > MAX_DEPTH:
        raise ResponseError(f"YAML 嵌套超过 {MAX_DEPTH} 层，请写得简单些。")
    return Automations(text, len(items))


def _automations(document: Any) -> list[Any]:
    if isinstance(document, dict):
        if strange := [key for key in document if key not in PARTS]:
            raise ResponseError(f"最外层应是自动化的列表，每条以短横线开头；不认识 {str(strange[0])[:40]!r}。")
        document = document.get("automation") or []
        document = document if isinstance(document, list) else [document]
    if document is None:
        return []
    if not isinstance(document, list):
        raise ResponseError("最外层应是自动化的列表，每条以短横线开头。")
    return document


def _depth(value: Any) -> int:
    depth, layer = 0, [value]
    while layer:
        depth += 1
        layer = [one for item in layer if isinstance(item, list | dict) for one in (item.values() if isinstance(item, dict) else item)]
    return depth


def _told(message: str) -> str:
    """Say the commonest complaints of the YAML reader in Chinese."""
    if "could not determine a constructor for the tag" in message:
        tag = message.split("'")[1] if "'" in message else ""
        return f"不能使用 YAML 标签 {tag[:40]}（例如 !include、!secret）"
    known = {
        "mapping values are not allowed here": "这里多了一个冒号，或上一行的缩进不对", "could not find expected ':'": "这一行缺少冒号",
        "expected <block end>": "缩进没有对齐", "found character": "这里有不能出现的字符，文字请加引号",
        "found unexpected end of stream": "引号或括号没有结束", "expected ',' or": "括号里缺少逗号，或括号没有结束",
        "found undefined tag handle": "不能使用 YAML 标签", "while scanning": "这里的写法不对",
    }
    return next((f"YAML 写法有误：{told}" for said, told in known.items() if said in message), message[:200])


def describe(raw: Any) -> str:
    """Return the answer in a few words for the score sheet."""
    try:
        return f"{read(str(raw)).count} 条自动化"
    except ResponseError as error:
        return f"不能识别的 YAML（{error}）"


KIND = FieldKind("home", HomeSpec, "home", False, is_blank, parse, describe=describe)
