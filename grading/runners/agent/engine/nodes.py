"""The nodes that understand and say something: start, llm, classifier, extractor, retrieval, branch, answer, end."""

from __future__ import annotations

import re
from typing import Any

from .classify import classify
from .conditions import choose
from .extract import extract
from .pool import REFERENCE, NodeError, dicts, mapping, shown, text_of
from .turn import Done, Turn, remembers
from .writer import Prompt, write

SHORT = 12
"""A question of at most so many characters is read together with the one before, if the node's memory is on."""
CONTEXT = re.compile(r"\{\{#context#\}\}")


def start(data: dict[str, Any], turn: Turn) -> Done:
    """Give the inputs of the flow their defaults; of a workflow, the first one is what the user says."""
    outputs = {text_of(v.get("variable")): v.get("default", "") for v in dicts(data.get("variables"))}
    if turn.form and outputs:
        outputs[next(iter(outputs))] = turn.query
    return Done(outputs, shown=turn.query)


def llm(data: dict[str, Any], turn: Turn) -> Done:
    """Let the embedded writer fill the prompt."""
    texts = prompt_parts(data)
    everything = "\n".join(text for _, text in texts)
    users = "\n".join(text for role, text in texts if role == "user")
    asks = "{{#sys.query#}}" in everything or remembers(data) or (turn.form and f"{{{{#{turn.start}." in everything)
    question = turn.query if asks else turn.pool.render(CONTEXT.sub("", users))
    materials = _materials(everything, turn)
    context = mapping(data.get("context"))
    if context.get("enabled") and isinstance(context.get("variable_selector"), list):
        materials.append(turn.pool.get(context["variable_selector"]))
    system = "\n".join(text for role, text in texts if role != "user")
    instructions = REFERENCE.sub("", CONTEXT.sub("", system or users))
    given = tuple(material for material in materials if material not in (None, "", [], {}))
    text, note = write(Prompt(question, instructions, given), turn.semantics)
    return Done({"text": text}, shown=question, note=note)


def prompt_parts(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the prompt of an llm node, (role, text) part by part; NodeError if nothing is written there."""
    template = data.get("prompt_template")
    parts = dicts(template) if isinstance(template, list) else [{"role": "system", **mapping(template)}]
    texts = [(text_of(part.get("role")), str(part.get("text") or "")) for part in parts]
    if not any(text.strip() for _, text in texts):
        raise NodeError("没有写提示词")
    return texts


def _materials(text: str, turn: Turn) -> list[Any]:
    paths = [path.split(".") for path in dict.fromkeys(match.group(1) for match in REFERENCE.finditer(text))]
    return [turn.pool.get(path) for path in paths if path[0] not in ("sys", "env", "context", turn.start)]


def question_classifier(data: dict[str, Any], turn: Turn) -> Done:
    """Go on at the class that fits best."""
    classes = classes_of(data)
    query = query_of(data.get("query_variable_selector"), turn)
    if remembers(data) and turn.history and len(query) <= SHORT:
        query = f"{turn.history[-1]} {query}"
    names = [text_of(c.get("name")) for c in classes]
    choice = classify(query, names, turn.semantics)
    chosen = classes[choice.place]
    ranked = sorted(zip(choice.scores, names, strict=True), key=lambda pair: -pair[0])[:3]
    note = "；".join(f"{name[:16]} {score:.4f}" for score, name in ranked) + f"；领先 {choice.margin:.4f}"
    class_id = text_of(chosen.get("id"))
    return Done({"class_name": names[choice.place], "class_id": class_id}, class_id, query, note)


def classes_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the classes of a question classifier that have a name; NodeError if there are none."""
    classes = [c for c in dicts(data.get("classes")) if text_of(c.get("name")).strip()]
    if not classes:
        raise NodeError("没有写类别")
    return classes


def parameter_extractor(data: dict[str, Any], turn: Turn) -> Done:
    """Find the parameters in the sentence; with memory on, those that it does not hold in earlier ones, newest first."""
    query = query_of(data.get("query"), turn)
    earlier = turn.history[::-1] if remembers(data) else []
    outputs: dict[str, Any] = {}
    missing = []
    for parameter in dicts(data.get("parameters")):
        name = text_of(parameter.get("name"))
        found = [extract(sentence, parameter) for sentence in (query, *earlier)]
        value = next((one for one in found if one not in ("", None, [])), found[0])
        outputs[name] = value
        if value in ("", None, []) and parameter.get("required") is not False:
            missing.append(name)
    reason = f"没有说出 {'、'.join(missing)}" if missing else ""
    return Done({**outputs, "__is_success": 0 if missing else 1, "__reason": reason}, shown=query, note=reason)


def knowledge_retrieval(data: dict[str, Any], turn: Turn) -> Done:
    """Search the documents."""
    if not turn.knowledge.documents:
        raise NodeError("知识库里没有文档")
    query = query_of(data.get("query_variable_selector"), turn)
    hits = turn.knowledge.search(query, data)
    turn.retrieved += [{"document": h.chunk.document, "chunk": h.chunk.place, "score": h.score, "text": h.chunk.whole} for h in hits]
    result = [
        {"content": h.chunk.whole, "title": h.chunk.document, "metadata": {"document_name": h.chunk.document, "score": h.score}}
        for h in hits
    ]
    note = "；".join(f"{h.chunk.document}#{h.chunk.place} {h.score:.3f}" for h in hits[:5])
    return Done({"result": result}, shown=query, note=note or "没有找到")


def if_else(data: dict[str, Any], turn: Turn) -> Done:
    """Go on at the first case that holds."""
    handle, note = choose(data, turn.pool)
    return Done({}, handle, note=note)


def answer(data: dict[str, Any], turn: Turn) -> Done:
    """Say something to the user."""
    return Done({"answer": turn.pool.render(data.get("answer"))})


def end(data: dict[str, Any], turn: Turn) -> Done:
    """Put out the results of a workflow."""
    entries = [entry for entry in dicts(data.get("outputs")) if isinstance(entry.get("value_selector"), list)]
    return Done({text_of(entry.get("variable")): turn.pool.get(entry["value_selector"]) for entry in entries})


def query_of(selector: Any, turn: Turn) -> str:
    """Return the variable that a node reads, as text; NodeError if none is chosen."""
    if not isinstance(selector, list):
        raise NodeError("没有选要读取的变量")
    return shown(turn.pool.get(selector))[:2000]
