"""What an author writes for the runner `agent`: scenarios (scripted users) and simulated tools, both YAML or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field as Key, field_validator, model_validator

from grading.errors import TaskError
from grading.model import Id, Spec
from grading.specs import Model, parse
from grading.yamlfile import parse_yaml

Failure = Literal["timeout", "error", "invalid", "ok"]
Utterance = Annotated[str, Key(min_length=1, max_length=2000)]
MAX_TURNS = 80


class Case(Spec):
    """One row of a tool's table: when : argument → wanted value (or list of values); result, or failure."""

    when: Mapping[str, Any] = {}
    result: Any = None
    failure: Literal["", "timeout", "error", "invalid"] = ""


class Http(Spec):
    """The simulated address at which an http-request node reaches a tool."""

    method: Literal["GET", "POST", "PUT", "DELETE"] = "GET"
    url: str = Key(pattern=r"^https?://[^?#\s]+$")


class Tool(Spec):
    """One simulated tool; parameters : JSON Schema of its arguments; responses : the first case that matches answers."""

    name: Id
    description: str = ""
    parameters: Mapping[str, Any] = {"type": "object", "properties": {}}
    responses: tuple[Case, ...] = ()
    http: Http | None = None

    @field_validator("parameters")
    @classmethod
    def _object(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        if value.get("type") != "object" or not isinstance(value.get("properties", {}), Mapping):
            raise ValueError("parameters 应是 type: object 的 JSON Schema")
        return value

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the arguments that must be given."""
        return tuple(str(name) for name in self.parameters.get("required", ()))


class ToolsFile(Spec):
    """`tools.yaml`."""

    tools: tuple[Tool, ...] = Key((), max_length=30)

    @field_validator("tools")
    @classmethod
    def _distinct(cls, value: tuple[Tool, ...]) -> tuple[Tool, ...]:
        if len({tool.name for tool in value}) < len(value):
            raise ValueError("工具的 name 重复")
        return value


class Script(Spec):
    """One scripted user. failures : tool → how its next calls end (the last one stays); responses : cases that come first."""

    id: Id
    title: str = ""
    turns: tuple[Utterance, ...] = Key(min_length=1, max_length=20)
    failures: Mapping[str, Failure | tuple[Failure, ...]] = {}
    responses: Mapping[str, tuple[Case, ...]] = {}


class Scenario(Spec):
    """A scenario file. tools, documents (name → text) : of a scenario that stands alone, instead of files of their own."""

    conversations: tuple[Script, ...] = Key(min_length=1, max_length=40)
    tools: tuple[Tool, ...] = Key((), max_length=30)
    documents: Mapping[Annotated[str, Key(pattern=r"^[^/\x00]{1,100}\.(md|txt)$")], str] = {}

    @model_validator(mode="after")
    def _bounded(self) -> Scenario:
        if len({script.id for script in self.conversations}) < len(self.conversations):
            raise ValueError("对话的 id 重复")
        if sum(len(script.turns) for script in self.conversations) > MAX_TURNS:
            raise ValueError(f"各段对话合计不超过 {MAX_TURNS} 轮")
        return self


def read_tools(name: str, data: bytes) -> ToolsFile:
    """Return the tools in a YAML or JSON file; TaskError names what is wrong."""
    return _read(ToolsFile, name, data)


def read_scenario(name: str, data: bytes) -> Scenario:
    """Return the scenario in a YAML or JSON file; TaskError names what is wrong."""
    return _read(Scenario, name, data)


def preview(turns: tuple[str, ...]) -> Scenario:
    """Return the scenario of one user who says `turns`."""
    return Scenario(conversations=(Script(id="chat", title="对话预览", turns=turns),))


def plain(model: BaseModel) -> Any:
    """Return a model as JSON data for the engine; TaskError for what JSON cannot say."""
    try:
        return json.loads(json.dumps(model.model_dump(mode="json"), allow_nan=False))
    except (ValueError, TypeError):
        raise TaskError("文件里有不能写成 JSON 的值") from None


def script_plain(script: Script) -> dict[str, Any]:
    """Return a script as JSON data, with every tool's failures as a list."""
    data: dict[str, Any] = plain(script)
    data["failures"] = {name: [kinds] if isinstance(kinds, str) else list(kinds) for name, kinds in data["failures"].items()}
    return data


def _read(model: type[Model], name: str, data: bytes) -> Model:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TaskError("文件不是 UTF-8 编码", file=name) from None
    return parse(model, parse_yaml(text, file=name), file=name)
