"""From raw YAML to checked models: turns pydantic's errors into one TaskError that names file, key and what is allowed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args

from pydantic import BaseModel, Field as Key, ValidationError, create_model

from grading.errors import TaskError
from grading.fields import all_kinds
from grading.model import FieldSpec, Marks, RunSpec, ScoringPoint, Spec

Model = TypeVar("Model", bound=BaseModel)

MESSAGES = {
    "missing": "缺少这个键",
    "extra_forbidden": "未知的键",
    "string_type": "应是文字",
    "int_type": "应是整数",
    "int_parsing": "应是整数",
    "decimal_parsing": "应是数字",
    "decimal_type": "应是数字",
    "tuple_type": "应是列表",
    "bool_type": "应是 true 或 false",
}


class TaskHead(Spec):
    """The keys of `task.yaml` apart from `fields`."""

    title: str = Key(min_length=1, max_length=120)
    level: int | None = Key(None, ge=1, le=5)
    tags: tuple[str, ...] = ()
    minutes: int = Key(ge=1, le=600)
    marks: Marks
    difficulty: int | None = Key(None, ge=1, le=5)
    licence: str = ""
    baseline_max: Annotated[Marks | int, Key(ge=0)] = 0
    runs: tuple[RunSpec, ...] = ()
    points: tuple[ScoringPoint, ...] = Key(min_length=1)


@cache
def task_file() -> type[BaseModel]:
    """Return the model of a whole `task.yaml`, with one alternative for each registered field kind."""
    specs = tuple(kind.spec for kind in all_kinds().values())
    field: Any = Annotated[Union[specs], Key(discriminator="kind")]  # noqa: UP007  built at run time
    return create_model("TaskFile", __base__=TaskHead, fields=(tuple[field, ...], Key(min_length=1)))


def task_schema() -> dict[str, Any]:
    """Return the JSON Schema of `task.yaml` (written to `tasks/task.schema.json` for editors)."""
    schema = task_file().model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "task.yaml"}


def parse(model: type[Model], data: Any, *, file: Path | str, prefix: str = "") -> Model:
    """Return `data` as `model`; TaskError for the first thing wrong, saying which keys are allowed there."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = _most_telling(error)
        loc = _place(data, first["loc"])
        key = ".".join([prefix, *loc] if prefix else loc)
        text = MESSAGES.get(first["type"], first["msg"].removeprefix("Value error, "))
        if first["type"] == "extra_forbidden":
            text += f"；可用的键：{', '.join(allowed_keys(model, first['loc'][:-1])) or '（无）'}"
        elif first["type"] == "union_tag_invalid":
            text = f"未知的类型；可用：{first['ctx']['expected_tags']}"
        raise TaskError(text, file=file, key=key) from None


def _most_telling(error: ValidationError) -> Any:
    # A misspelt key gives two errors (missing + extra); the extra one names what the author typed.
    errors = error.errors()
    return next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])


def _place(data: Any, loc: tuple[int | str, ...]) -> list[str]:
    """Return the parts of `loc` as the author sees them: pydantic adds names of models and kinds that are no keys."""
    place = []
    for index, part in enumerate(loc):
        listed = isinstance(data, (list, tuple)) and part in range(len(data))
        if listed or (isinstance(data, dict) and part in data):
            data = data[part]
        elif index < len(loc) - 1 or not isinstance(data, dict) or part == "[key]":
            continue
        place.append(str(part))
    return place


def allowed_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys that `model` allows at the place `loc`."""
    models: list[type[BaseModel]] = [model]
    for part in loc:
        nested: list[type[BaseModel]] = []
        for current in models:
            fields = current.model_fields
            if part in fields:
                nested += _models_in(fields[str(part)].annotation)
            elif part == current.__name__ or (issubclass(current, FieldSpec) and fields["kind"].default == part):
                nested.append(current)
        models = nested or models
    names: dict[str, None] = {}
    for current in models:
        names.update(dict.fromkeys(info.alias or name for name, info in current.model_fields.items()))
    return list(names)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
