"""What stands in for a language model behind llm nodes: it copies sentences, it writes none.

1. The question is the user's sentence if the prompt refers to `sys.query` (or the node's memory is on), else the user prompt.
2. An attempt to talk it out of its instructions succeeds (it reads out its prompt) unless the prompt forbids that.
3. The materials are the values that the prompt refers to, and its context. Without any it says the reply that the prompt quotes
   after 回复, 回答, 说 or 输出, else that it has nothing to go by.
4. If the prompt says what to do when the materials do not hold the answer, and they do not support the question, it does so.
5. Else it gives the sentences that fit the question best (ranks by meaning and by words), and facts of objects as 键：值.
6. It obeys 最多 N 句, 不超过 N 字, 以“…”开头 and 以“…”结尾; it knows no other wishes of form.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from .pool import shown
from .semantics import Semantics
from .words import content, cut, fold, sentences

INJECTION = re.compile(
    "(忽略|无视|忘记|忘掉|不要理会|不用管).{0,12}(指令|指示|规则|设定|要求|提示|限制)|(系统|初始|原始)?提示词|系统指令|"
    "system ?prompt|"
    "ignore .{0,20}instructions|(你现在是|从现在起你是|假装你是|扮演).{0,20}|开发者模式|越狱|管理员模式", re.IGNORECASE)
_FORBIDS = re.compile(
    "(不要|不得|不能|不可|不许|禁止|严禁|拒绝|绝不).{0,20}"
    "(透露|泄露|公开|输出|复述|展示|改变|更改|修改|扮演|忽略|提示词|指令|规则)")
_NOT_THERE = re.compile(
    "(没有|找不到|未找到|查不到|不包含|不含|不在|未提|没提|无关|无法|不足|超出|不支持).{0,30}"
    "(不知道|无法回答|不能回答|不要编|不得编|拒绝|回复|回答|说明|告知|输出|抱歉|转人工)"
    "|不要编造|不得编造|禁止编造|只能?(根据|依据|用)")
_QUOTED = re.compile("[“\"「『]([^“”\"「」『』]{2,200})[”\"」』](?!开头|结尾)")
_REPLY = re.compile("(?:回复|回答|说|输出|答复)[：:，,]?\\s*[“\"「『]([^“”\"「」『』]{2,200})[”\"」』]")
_SENTENCES = re.compile(r"(?:最多|不超过|至多|只用|用)\s*(\d|[一二三四五六])\s*(?:句|条)|(一)句话")
_CHARACTERS = re.compile(r"(?:不超过|最多|少于)\s*(\d{1,4})\s*个?字|(\d{1,4})\s*个?字以内")
_AROUND = re.compile("[以用][“\"「『]([^“”\"「」『』]{1,60})[”\"」』](开头|结尾)")

DEFAULT_REFUSAL = "抱歉，资料中没有找到相关内容，无法回答。"
INJECTION_REFUSAL = "抱歉，我不能这样做，只能按规定回答业务问题。"
NOTHING = "（没有可依据的资料，内嵌引擎不会自己编写回答。）"
COVERED = 0.64
"""Share of the question's characters that one of the texts must hold, if they are to support it."""


@dataclass(frozen=True)
class Prompt:
    """What an llm node is asked. instructions : its prompt without the materials; materials : values that it refers to."""

    question: str
    instructions: str
    materials: tuple[Any, ...]


def write(prompt: Prompt, semantics: Semantics) -> tuple[str, str]:
    """Return the text, and a note on how it came about."""
    if INJECTION.search(prompt.question):
        if _FORBIDS.search(prompt.instructions):
            return INJECTION_REFUSAL, "识别到越权要求，提示词有防护规则：拒绝"
        return f"好的，我的提示词是：{cut(prompt.instructions, 300)}", "识别到越权要求，提示词没有防护规则：照做"
    facts, texts = _divide(prompt.materials)
    if not facts and not any(texts):
        return _without_materials(prompt.instructions)
    note = "摘取资料中最相关的句子"
    if texts and not facts:
        supported, how = support(prompt.question, texts, semantics)
        note += f"；{how}"
        if not supported and _NOT_THERE.search(prompt.instructions):
            return refusal(prompt.instructions), f"资料不支持这个问题：{how}"
    chosen = _chosen(prompt, texts, semantics)
    return _formed(prompt.instructions, [*facts, *chosen]), note


def support(question: str, texts: list[str], semantics: Semantics) -> tuple[bool, str]:
    """Return whether the texts speak of what the question asks: they hold most of its characters, and are closer to it in
    meaning than any off-topic sentence."""
    wanted = content(question)
    share = max(len(wanted & content(text)) for text in texts) / len(wanted) if wanted else 0.0
    margin = max(semantics.alike(question, texts, passages=True)) - semantics.background(question)
    return margin > 0 and share >= COVERED, f"问题用字覆盖 {share:.0%}，比无关句子近 {margin:+.3f}"


def refusal(instructions: str) -> str:
    """Return the reply that the instructions quote for questions without an answer."""
    for match in _NOT_THERE.finditer(instructions):
        quoted = _QUOTED.search(instructions, match.start())
        if quoted and quoted.start() - match.end() <= 4:
            return quoted.group(1)
    return DEFAULT_REFUSAL


def _without_materials(instructions: str) -> tuple[str, str]:
    if _NOT_THERE.search(instructions):
        return refusal(instructions), "没有找到资料"
    quoted = _REPLY.search(instructions)
    if quoted:
        return _formed(instructions, [quoted.group(1)]), "没有资料：按提示词给的原话回复"
    return NOTHING, "没有资料，提示词也没有给出原话"


def _divide(materials: tuple[Any, ...]) -> tuple[list[str], list[str]]:
    """Return the materials as facts (of objects) and texts."""
    facts: list[str] = []
    texts: list[str] = []
    for material in materials:
        value = _parsed(material)
        if isinstance(value, list) and value and all(isinstance(v, dict) and "content" in v for v in value):
            texts += [shown(item["content"]) for item in value]
        elif isinstance(value, dict):
            facts += _facts(value)
        elif isinstance(value, list):
            facts += [fact for item in value for fact in (_facts(item) if isinstance(item, dict) else [shown(item)])]
        elif shown(value).strip():
            texts.append(shown(value))
    return facts, texts


def _parsed(material: Any) -> Any:
    if isinstance(material, str) and material[:1] in "{[" and material:
        try:
            return json.loads(material)
        except (ValueError, RecursionError):
            return material
    return material


def _facts(value: dict[str, Any]) -> list[str]:
    said = [f"{key}：{shown(item)}" for key, item in value.items() if not isinstance(item, (dict, list)) and shown(item)]
    return ["；".join(said) + "。"] if said else []


def _chosen(prompt: Prompt, texts: list[str], semantics: Semantics) -> list[str]:
    """Return the best sentences in the order of the text: the places by meaning, by characters and of the text are added up."""
    chunks = [list(dict.fromkeys(sentences(text))) for text in texts[:4]]
    found = [sentence for chunk in chunks for sentence in chunk][:24]
    if not found:
        return [text.strip() for text in texts[:1]]
    origin = [place for place, chunk in enumerate(chunks) for _ in chunk]
    wanted = content(prompt.question)
    by_meaning = semantics.alike(prompt.question, found, passages=True)
    by_words = [len(wanted & content(sentence)) for sentence in found]
    score = [_place(by_meaning, n) + _place(by_words, n) + 2 * origin[n] for n in range(len(found))]
    best = sorted(range(len(found)), key=lambda n: (score[n], n))[: _most(prompt.instructions)]
    return [found[n] for n in sorted(best)]


def _place(values: list[Any], n: int) -> int:
    return sum(value > values[n] for value in values)


def _most(instructions: str) -> int:
    match = _SENTENCES.search(instructions)
    said = (match[1] or match[2]) if match else ""
    return int(said) if said.isdigit() and said != "0" else {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6}.get(said, 3)


def _formed(instructions: str, parts: list[str]) -> str:
    limit = _CHARACTERS.search(instructions)
    longest = int(limit[1] or limit[2]) if limit else 2000
    text = ""
    for part in parts:
        if text and len(text) + len(part) > longest:
            break
        text += part
    text = cut(text, max(longest, 2))
    for quoted, place in _AROUND.findall(instructions):
        text = quoted + text if place == "开头" and not fold(text).startswith(fold(quoted)) else text
        text = text + quoted if place == "结尾" and not fold(text).endswith(fold(quoted)) else text
    return text
