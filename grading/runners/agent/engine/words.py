"""Words of Chinese and Latin text without a dictionary: character pairs and words; sentences."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[a-z]+|\d+(?:\.\d+)?|[\u3400-\u9fff]+")
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*")
# Pairs that any question may hold; they say nothing about what it asks.
_COMMON = """
    什么 怎么 么办 么样 如何 多少 多久 多长 请问 一下 可以 需要 要不 应该 哪些 哪里 哪个 是不 不是 是否 能不 不能 的时 时候 我的
    我想 想问 问下 告诉 诉我 帮我 我看 看看 这个 那个 有没 没有 一个 几个 的话 怎样 样的 是什 是多 为什 么要 知道 介绍 说说 你们
    我们 他们 的是 了吗 麻烦 谢谢 你好 您好 到底 现在 还是 或者 以及 进行 关于 对于
"""
_EMPTY = frozenset(_COMMON.split())
_PLAIN = frozenset("的了吗呢吧啊么什怎样请问一下可以要是不在有和与或多少几久长时间哪里个能会把被到就我你他它这那们为应该需还才都也最对从")


def fold(text: str) -> str:
    """Return text of one width, in small letters."""
    return unicodedata.normalize("NFKC", text).lower()


def terms(text: str) -> list[str]:
    """Return what keyword search compares: Latin words, numbers, and pairs of neighbouring Chinese characters.

    >>> terms("E5 设备点检 3.5 mm")
    ['e', '5', '设备', '备点', '点检', '3.5', 'mm']
    """
    found: list[str] = []
    for run in _WORD.findall(fold(text)):
        if run[0] < "\u3400" or len(run) == 1:
            found.append(run)
        else:
            found += [run[i : i + 2] for i in range(len(run) - 1)]
    return found


def telling(text: str) -> list[str]:
    """Return the terms of a question that say what it asks, each once."""
    return [term for term in dict.fromkeys(terms(text)) if term not in _EMPTY and (len(term) > 1 or term.isdigit())]


def content(text: str) -> frozenset[str]:
    """Return the characters of a text that carry meaning: Chinese characters, letters and digits, without `_PLAIN` ones.

    >>> sorted(content("排气温度是多少？"))
    ['度', '排', '气', '温']
    """
    return frozenset(c for c in fold(text) if (c >= "\u3400" or c.isalnum()) and c not in _PLAIN)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, without headings, list marks and table rules.

    >>> sentences("# 标题\\n- 先断电。再测温；\\n")
    ['先断电。', '再测温；']
    """
    kept = (line for line in text.splitlines() if not line.lstrip().startswith(("#", "|--", "|:-")))
    lines = [re.sub(r"^\s*(?:[-*+]|\d+[.、)])\s+", "", line) for line in kept]
    found = (match.group().strip() for line in lines for match in _SENTENCE.finditer(line))
    return [sentence for sentence in found if len(sentence.strip("。！？!?；;")) > 1]


def clean(text: str) -> str:
    """Return `text` without halves of characters, which no encoder takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
