"""Read YAML that a person wrote: bounded, no aliases (so no bombs), no duplicate keys, errors that name the line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from grading.errors import TaskError

MAX_BYTES = 2 * 1024 * 1024


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses aliases and duplicate keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            # An alias can blow 1 KB up to gigabytes ("billion laughs"); task files never need one.
            raise yaml.constructor.ConstructorError(None, None, "不允许使用 YAML 别名（*name）", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (list, dict)):
                raise yaml.constructor.ConstructorError(None, None, "键必须是文字", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"键 {key!r} 重复", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_TAG = "tag:yaml.org,2002:"
# YAML 1.1 reads 10:30 as 630 and 010 as 8; here only plain decimals are numbers, and dates and times stay text.
_NUMBERS = {
    f"{_TAG}int": re.compile(r"[-+]?(?:0|[1-9][0-9]*)$"),
    f"{_TAG}float": re.compile(r"[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|\.inf)$|\.nan$"),
}
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, _NUMBERS.get(tag, pattern)) for tag, pattern in resolvers if tag not in (f"{_TAG}timestamp", f"{_TAG}bool")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# YAML 1.1 also reads `on`, `yes` and `no` as booleans; `on:` is a key of ours. Only true and false are (YAML 1.2).
_StrictLoader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def parse_yaml(text: str, *, file: Path | str) -> Any:
    """Return the parsed document; TaskError names file and line."""
    if len(text) > MAX_BYTES:
        raise TaskError(f"文件超过 {MAX_BYTES // 1024} KB，不予读取", file=file)
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506  a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"第 {mark.line + 1} 行第 {mark.column + 1} 列" if mark else ""
        raise TaskError(f"YAML 写法有误：{error.problem}", file=file, key=where) from None
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError) as error:
        # An explicit tag on a text that it does not fit (`!!int x`) fails in whatever way PyYAML happens to fail.
        raise TaskError(f"YAML 写法有误：{' '.join(str(error).split())}", file=file) from None
    except RecursionError:
        raise TaskError("YAML 嵌套过深", file=file) from None


def read_yaml(path: Path) -> Any:
    """Return the parsed content of `path`; TaskError if it is missing, too large, not UTF-8 or not YAML."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TaskError(f"文件超过 {MAX_BYTES // 1024} KB，不予读取", file=path)
        return parse_yaml(path.read_text("utf-8-sig"), file=path)
    except FileNotFoundError:
        raise TaskError("文件不存在", file=path) from None
    except UnicodeDecodeError:
        raise TaskError("文件不是 UTF-8 编码", file=path) from None
    except OSError as error:
        raise TaskError(f"无法读取文件：{error.strerror}", file=path) from None


def read_mapping(path: Path, *, may_be_empty: bool = False) -> dict[str, Any]:
    """Return the content of `path`, which must be a mapping with text keys."""
    data = read_yaml(path)
    if data is None and may_be_empty:
        return {}
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise TaskError("应是“键: 值”的形式", file=path)
    return data
