"""The nodes that a language model answers, if one is connected for practice: llm, question classifier, parameter extractor.

The sandbox has no network. What the model has answered so far comes with the request; a prompt that is not answered yet ends its
conversation here (`Wanted`), is answered by whoever started the run, and the whole conversation is played once more. All else
in a run is deterministic, so it arrives at the same prompts again.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from .nodes import CONTEXT, classes_of, prompt_parts, query_of
from .pool import NodeError, dicts, mapping, number_in, shown, text_of
from .turn import Done, Turn, remembers
from .words import clean, cut

MAX_PROMPT = 12_000
ROLES = {"system": "系统", "user": "用户", "assistant": "助手"}
NOTE = "由学校接入的大模型回答"
Messages = list[dict[str, str]]

CLASSIFY = """\
你是文本分类器。读用户最后一句话，从下面的类别里选出最相符的一个，只输出它的序号（阿拉伯数字），不要输出别的内容。
类别：
{classes}"""
EXTRACT = """\
从用户的话里提取参数，只输出一个 JSON 对象，键是参数名，不要输出别的内容。用户没有说到的参数写 null，不要猜。
参数：
{parameters}"""


class Wanted(Exception):
    """A prompt is not answered yet. prompt : `{"digest", "title", "messages", "temperature"}`."""

    def __init__(self, prompt: dict[str, Any]) -> None:
        super().__init__(prompt["title"])
        self.prompt = prompt


class Model:
    """The language model as the sandbox sees it. answers : digest of a prompt → what was answered."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers

    def ask(self, data: dict[str, Any], messages: Messages) -> str:
        """Return the answer; Wanted if there is none yet. data : settings of the node that asks."""
        total = sum(len(message["content"]) for message in messages)
        if total > MAX_PROMPT:
            raise NodeError(f"发给大模型的提示词共 {total} 字，超过 {MAX_PROMPT} 字，请缩短")
        temperature = _temperature(data)
        digest = hashlib.sha256(json.dumps([messages, temperature]).encode("ascii")).hexdigest()
        if digest not in self.answers:
            title = text_of(data.get("title"))[:60]
            raise Wanted({"digest": digest, "title": title, "messages": messages, "temperature": temperature})
        return self.answers[digest]


def llm(data: dict[str, Any], turn: Turn, model: Model) -> Done:
    """Send the prompt as it is written; with memory on, what was said before stands between system and user messages."""
    context = mapping(data.get("context"))
    given = shown(turn.pool.get(context["variable_selector"])) if isinstance(context.get("variable_selector"), list) else ""
    messages = [
        {"role": role if role in ROLES else "user", "content": given.join(map(turn.pool.render, CONTEXT.split(text)))}
        for role, text in prompt_parts(data) if text.strip()
    ]
    first = [message for message in messages if message["role"] == "system"]
    rest = [message for message in messages if message["role"] != "system"]
    if remembers(data):
        rest = [*_earlier(data, turn), *(rest or [{"role": "user", "content": turn.query}])]
    elif not rest:  # most models answer nobody but a user
        first, rest = first[:-1], [{**first[-1], "role": "user"}]
    said = model.ask(data, [*first, *rest])
    return _done({"text": said}, [*first, *rest], said)


def question_classifier(data: dict[str, Any], turn: Turn, model: Model) -> Done:
    """Go on at the class whose number the model says."""
    classes = classes_of(data)
    names = [text_of(c.get("name")) for c in classes]
    listed = "\n".join(f"{number}. {name}" for number, name in enumerate(names, start=1))
    messages = _with_system(CLASSIFY.format(classes=listed), data, turn, query_of(data.get("query_variable_selector"), turn))
    said = model.ask(data, messages)
    place = _number_said(said, names)
    if place is None:
        raise NodeError(f"大模型没有说出类别的序号，它回答：{cut(said, 80)}")
    class_id = text_of(classes[place].get("id"))
    return _done({"class_name": names[place], "class_id": class_id}, messages, said, handle=class_id)


def parameter_extractor(data: dict[str, Any], turn: Turn, model: Model) -> Done:
    """Take the parameters from the JSON object that the model writes; what does not fit its type counts as not said."""
    parameters = [parameter for parameter in dicts(data.get("parameters")) if text_of(parameter.get("name"))]
    listed = "\n".join(_described(parameter) for parameter in parameters)
    messages = _with_system(EXTRACT.format(parameters=listed), data, turn, query_of(data.get("query"), turn))
    said = model.ask(data, messages)
    found = _object(said)
    outputs: dict[str, Any] = {}
    for parameter in parameters:
        outputs[text_of(parameter["name"])] = _fitting((found or {}).get(text_of(parameter["name"])), parameter)
    needed = [text_of(p["name"]) for p in parameters if p.get("required") is not False]
    missing = [name for name in needed if outputs[name] in ("", None, [])]
    reason = "大模型没有写出 JSON 对象" if found is None else f"没有说出 {'、'.join(missing)}" if missing else ""
    return _done({**outputs, "__is_success": 0 if reason else 1, "__reason": reason}, messages, said, note=reason)


ASKING = {"llm": llm, "question-classifier": question_classifier, "parameter-extractor": parameter_extractor}
"""Node types that ask the model, if there is one."""


def _done(outputs: dict[str, Any], messages: Messages, said: str, *, handle: str = "source", note: str = "") -> Done:
    prompt = "\n\n".join(f"【{ROLES[message['role']]}】{message['content']}" for message in messages)
    return Done(outputs, handle, messages[-1]["content"], "；".join(filter(None, (NOTE, note))), prompt, said)


def _with_system(task: str, data: dict[str, Any], turn: Turn, query: str) -> Messages:
    """Return the messages of a node that has no prompt of its own: the task with the author's instruction, and the sentence."""
    wish = turn.pool.render(data.get("instruction")).strip()
    system = f"{task}\n补充要求：{wish}" if wish else task
    earlier = _earlier(data, turn) if remembers(data) else []
    return [{"role": "system", "content": clean(system)}, *earlier, {"role": "user", "content": query or "（空）"}]


def _earlier(data: dict[str, Any], turn: Turn) -> Messages:
    """Return the last turns of the conversation, as many as the window of the node's memory holds."""
    size = int(number_in(mapping(mapping(data.get("memory")).get("window")).get("size"), 10, 1, 20))
    pairs = list(zip(turn.history, turn.replies, strict=True))[-size:]
    both = [(role, text) for said, replied in pairs for role, text in (("user", said), ("assistant", replied))]
    return [{"role": role, "content": text} for role, text in both if text.strip()]


def _temperature(data: dict[str, Any]) -> float | None:
    written = mapping(mapping(data.get("model")).get("completion_params")).get("temperature")
    return None if isinstance(written, bool) or not isinstance(written, (int, float)) else number_in(written, 0.0, 0.0, 2.0)


def _number_said(said: str, names: list[str]) -> int | None:
    """Return the place of the class that the model means: the first number it says, else the only name it repeats."""
    number = re.search(r"\d+", said)
    if number:
        return int(number.group()[:4]) - 1 if 1 <= int(number.group()[:4]) <= len(names) else None
    named = [place for place, name in enumerate(names) if name in said]
    return named[0] if len(named) == 1 else None


def _described(parameter: dict[str, Any]) -> str:
    kind = text_of(parameter.get("type")) or "string"
    options = parameter.get("options")
    choice = f"，只能是其中之一：{'、'.join(text_of(option) for option in options)}" if isinstance(options, list) and options else ""
    needed = "可以没有" if parameter.get("required") is False else "必填"
    return f"- {text_of(parameter['name'])}（{kind}，{needed}{choice}）：{text_of(parameter.get('description'))}"


def _object(said: str) -> dict[str, Any] | None:
    """Return the JSON object in an answer, whatever stands around it; None if there is none."""
    start = said.find("{")
    try:
        found, _ = json.JSONDecoder().raw_decode(said[start:]) if start >= 0 else (None, 0)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _fitting(value: Any, parameter: dict[str, Any]) -> Any:
    """Return `value` as the type of the parameter, "" (None for numbers and yes or no, [] for lists) if it does not fit."""
    kind = text_of(parameter.get("type")) or "string"
    if kind.startswith("array"):
        return value[:50] if isinstance(value, list) else []
    if kind in ("bool", "boolean"):
        return value if isinstance(value, bool) else None
    if kind == "number":
        return _as_number(value)
    text = shown(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    options = parameter.get("options")
    return "" if isinstance(options, list) and options and text not in map(text_of, options) else text


def _as_number(value: Any) -> int | float | None:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e15:  # neither NaN
        return None
    return int(value) if value == int(value) else value
