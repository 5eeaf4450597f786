"""Graders and runners by name.

A grader is a plain function: positional parameters receive the values named by the point's `of`, keyword-only
parameters are the point's `args`, checked against the annotations when the task is loaded.

>>> @grader
... def same(found: str, *, equals: str) -> Mark:
...     return Mark(1.0 if found == equals else 0.0, expected=equals, found=found)
>>> get_grader("same").accepts
('text',)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints, overload

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from grading.errors import TaskError
from grading.model import Mark, Upload
from grading.yamlfile import read_yaml

GraderFunction = TypeVar("GraderFunction", bound=Callable[..., Mark])


@dataclass(frozen=True)
class KeyFile:
    """A file of the task's `key/` folder, given to a grader that names one in its arguments.

    An argument annotated `KeyFile` is written in YAML as the file's name; the loader refuses a missing one.
    """

    path: Path

    def text(self) -> str:
        """Return the file as UTF-8 text."""
        return self.path.read_text("utf-8")

    def upload(self) -> Upload:
        """Return the file as if it had been handed in (for the readers in `grading.tables`)."""
        return Upload(self.path.name, self.path.read_bytes())

    def yaml(self) -> Any:
        """Return the file as parsed YAML; TaskError names file and line."""
        return read_yaml(self.path)


@dataclass(frozen=True)
class Grader:
    """A registered grader: `function(*values, **args) -> Mark`.

    accepts : for each positional parameter the kind of value it takes (`text`, `table`, `number`, `choice`, `upload`,
    `code`, `any`, or a class's own `VALUE_KIND`); arguments : pydantic model of its keyword-only parameters;
    version : raised by hand when a grader's marks change for the same input; required : how many positional values it
    needs at least; key_files : arguments that name a file of `key/`; validate : called with the checked arguments when a
    task is loaded, raises TaskError for what annotations cannot say (arguments that exclude each other, a key file's content).
    """

    name: str
    function: Callable[..., Mark]
    accepts: tuple[str, ...]
    arguments: type[BaseModel]
    version: int
    required: int = 1
    key_files: frozenset[str] = frozenset()
    validate: Callable[..., None] | None = None

    def bind(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Check `args` against the signature; TaskError (without file) names the argument and what is allowed."""
        try:
            model = self.arguments(**args)
        except ValidationError as error:
            raise TaskError(_explain(self, error), key="args") from None
        bound = {name: getattr(model, name) for name in type(model).model_fields}
        if self.validate is not None:
            try:
                self.validate(**bound)
            except TaskError as error:
                raise TaskError(f"评分器 {self.name}：{error.message}", file=error.file or None, key=error.key or "args") from None
        return bound


_GRADERS: dict[str, Grader] = {}

_KINDS_BY_ANNOTATION: dict[str, str] = {
    "str": "text", "float": "number", "int": "number", "Table": "table", "Upload": "upload", "Any": "any",
    "frozenset[str]": "choice", "ndarray": "array",
}


@overload
def grader(function: GraderFunction) -> GraderFunction: ...
@overload
def grader(
    *, version: int = 1, validate: Callable[..., None] | None = None
) -> Callable[[GraderFunction], GraderFunction]: ...
def grader(
    function: Callable[..., Mark] | None = None, *, version: int = 1, validate: Callable[..., None] | None = None
) -> Any:
    """Register a grader under its function name (decorator, with or without `version=` and `validate=`)."""

    def register(fn: Callable[..., Mark]) -> Callable[..., Mark]:
        if fn.__name__ in _GRADERS and _GRADERS[fn.__name__].function.__module__ != fn.__module__:
            raise RuntimeError(f"two graders are called {fn.__name__!r}")
        _GRADERS[fn.__name__] = _describe(fn, version, validate)
        return fn

    return register(function) if function is not None else register


def get_grader(name: str) -> Grader:
    """Return the grader called `name`; TaskError lists the valid names."""
    import grading.graders  # noqa: F401  registers all; imported late because graders import this module

    try:
        return _GRADERS[name]
    except KeyError:
        raise TaskError(f"没有名为 {name!r} 的评分器；可用：{', '.join(sorted(_GRADERS))}", key="grader") from None


def all_graders() -> dict[str, Grader]:
    """Return every grader by name, in alphabetical order."""
    import grading.graders  # noqa: F401

    return dict(sorted(_GRADERS.items()))


def _describe(fn: Callable[..., Mark], version: int, validate: Callable[..., None] | None) -> Grader:
    hints = get_type_hints(fn, include_extras=True)  # Annotated[…] carries the bounds of arguments
    accepts: list[str] = []
    keys: dict[str, Any] = {}
    required = 0
    for parameter in inspect.signature(fn).parameters.values():
        annotation = hints[parameter.name]
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            keys[parameter.name] = (annotation, default)
        else:
            accepts.append(_kind_of(annotation))
            required += parameter.default is inspect.Parameter.empty
    model = create_model(f"{fn.__name__}_args", __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True), **keys)
    key_files = frozenset(name for name, (annotation, _) in keys.items() if "KeyFile" in str(annotation))
    return Grader(fn.__name__, fn, tuple(accepts), model, version, required, key_files, validate)


def _kind_of(annotation: Any) -> str:
    own = getattr(annotation, "VALUE_KIND", None)
    if isinstance(own, str):
        return own
    text = annotation.__name__ if isinstance(annotation, type) and not getattr(annotation, "__args__", None) else str(annotation)
    return _KINDS_BY_ANNOTATION.get(text.replace("typing.", ""), "any")


def _explain(spec: Grader, error: ValidationError) -> str:
    allowed = ", ".join(spec.arguments.model_fields) or "（无参数）"
    # A misspelt argument gives two errors (missing + extra); the extra one names what the author typed.
    first = next((e for e in error.errors() if e["type"] == "extra_forbidden"), error.errors()[0])
    where = ".".join(str(part) for part in first["loc"])
    return f"评分器 {spec.name} 的参数 {where!r} 不对：{first['msg']}；可用参数：{allowed}"
