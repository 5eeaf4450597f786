"""Field kinds: one file each. A kind says what an author may write, when a response is blank, and how to read it.

A kind is a module-level `KIND = FieldKind(...)`; it is found by its file name, so a new kind is one new file here, its
widget `templates/widgets/<kind>.html` and, where plain HTML will not do, `simulator/static/js/widgets/<kind>.js`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from grading.errors import TaskError
from grading.model import FieldSpec


@dataclass(frozen=True)
class FieldKind:
    """One kind of field.

    name : as written in `kind:`; spec : what an author may write; value : kind of the parsed value, matched against
    what a grader accepts (`choice`, `number`, `text`, `table`, `upload`, `code`, or a kind of its own, the class's `VALUE_KIND`);
    takes_file : the raw value is an Upload, with `many` a list of them (the spec then has `max_files`);
    is_blank(raw) : decided on the raw response, before parsing;
    parse(raw, spec) : raw value → typed value, or ResponseError with a Chinese sentence;
    check_file(upload, spec) : refuses one uploaded file while it can still be replaced (default: `parse`);
    describe(raw) : the answer in a few words for the score sheet (default: the text itself, or the names of the files);
    check(spec, task) : raises TaskError (key: place in the field) for what only the task's files can tell.
    lint(raw, spec) : what looks wrong while it can still be mended: a list of `{"severity": "error" or "warning", "place":
    node id or "", "line": int or None, "message": Chinese}` (default: nothing is looked for).
    """

    name: str
    spec: type[FieldSpec]
    value: str
    takes_file: bool
    is_blank: Callable[[Any], bool]
    parse: Callable[[Any, Any], Any]
    many: bool = False
    check_file: Callable[[Any, Any], object] | None = None
    describe: Callable[[Any], str] | None = None
    check: Callable[[Any, Any], None] | None = None
    lint: Callable[[Any, Any], list[dict[str, Any]]] | None = None


@cache
def all_kinds() -> dict[str, FieldKind]:
    """Return every field kind by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"grading.fields.{name}").KIND for name in names}


def get_kind(name: str) -> FieldKind:
    """Return the kind called `name`; TaskError lists the valid names."""
    try:
        return all_kinds()[name]
    except KeyError:
        raise TaskError(f"没有名为 {name!r} 的作答项类型；可用：{', '.join(all_kinds())}", key="kind") from None
