"""Where a word is said, and whether it is denied there: 不要删除异常值 does not propose 删除异常值."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

CLAUSE_END = re.compile(r"[,;!?\n\t]|\.(?!\d)")
"""What ends a clause in a folded text; a denial does not reach across it."""

REACH = 8
"""How many characters may stand between a denial and the word that it denies; fewer for the bare 不 未 没 勿 别."""
_BARE_REACH = 2

# Words that contain 不, 未 or 没 and deny nothing after them; the longest word wins, so 不必要 is not read as 不必.
_NO_DENIAL = (
    "不得不", "不能不", "不可不", "不会不", "无不", "不仅", "不但", "不光", "不只", "不论", "不管", "不断", "不同",
    "不少", "不平衡", "不均衡", "不一致", "不合理", "不合法", "不合规", "不完整", "不规范", "不准确", "不足", "不良",
    "不符", "不必要", "不可用", "不相关", "不重要", "不存在", "不对称", "不明", "不清", "不等", "不变", "不久",
    "未知", "未来", "未标注", "未登录", "未成年", "没有意义",
)
_DENIAL = (
    "不需要", "不应该", "不可以", "不进行", "不建议", "不推荐", "不采用", "不使用", "不考虑", "不一定", "不一定要",
    "没有", "没有必要", "没必要", "无需", "无须", "不要", "不用", "不必", "不能", "不得", "不应", "不该", "不可",
    "不会", "不宜", "不许", "不是", "不再", "不做", "不作", "不予", "不对", "不把", "不将", "未对", "未把", "未将",
    "没对", "没把", "没将", "并非", "并不", "并未", "并没有", "尚未", "从未", "从不", "未能", "未曾", "未进行",
    "禁止", "严禁", "切勿", "切忌", "避免", "杜绝", "拒绝", "不", "未", "没", "勿",
)
_ENGLISH = ("do not", "don't", "never", "without", "not", "no")
_CHINESE = sorted((*_NO_DENIAL, *_DENIAL), key=len, reverse=True)
# 别 denies at the start of a clause only; inside 类别, 级别, 识别 it is part of the word.
_WORDS = re.compile("|".join([*_CHINESE, r"(?<!\w)别", rf"(?<![a-z])(?:{'|'.join(_ENGLISH)})(?![a-z])"]))
# After these a new predicate or a noun begins: 不需要的列…, 没有重复值再训练, 不是填充而是删除.
_SCOPE_END = re.compile("的|再|则|就|应|需|要|而|但|后(?!续)")


def occurrences(text: str, word: str) -> Iterator[int]:
    """Yield where `word` is said in `text` and not denied. Both are folded (`grading.text.fold`).

    A word in Latin letters must stand alone: `ai` is not in `main`. A word that itself contains a denial is never denied.

    >>> list(occurrences("应填充缺失值,不要删除异常值", "填充")), list(occurrences("应填充缺失值,不要删除异常值", "删除"))
    ([1], [])
    >>> list(occurrences("对不平衡数据过采样", "过采样"))
    [6]
    """
    deniable = all(match.group() in _NO_DENIAL for match in _WORDS.finditer(word))
    for match in _pattern(word).finditer(text):
        if not (deniable and _denied(text, match.start())):
            yield match.start()


@lru_cache(maxsize=4096)
def _pattern(word: str) -> re.Pattern[str]:
    left = r"(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    right = r"(?![a-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
    return re.compile(left + re.escape(word) + right)


def _denied(text: str, place: int) -> bool:
    clause = CLAUSE_END.split(text[max(0, place - 24) : place])[-1]
    for match in _WORDS.finditer(clause):
        between = clause[match.end() :]
        reach = _BARE_REACH if len(match.group()) == 1 else REACH
        if match.group() not in _NO_DENIAL and len(between) <= reach and not _SCOPE_END.search(between):
            return True
    return False
