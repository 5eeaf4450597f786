"""Text points: a written answer against a rubric of points, each said by keywords, n of m earning full marks.

A rubric is a list of points in a file of `key/`, or written in place:

    - id: missing
      title: 缺失值处理
      all: [[缺失值, 空值], [填充, 插补, 删除]]   # one word of every group
      any: [均值, 中位数, 众数]                    # and one of these
      none: [直接忽略]                             # and none of these
      weight: 1
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import Field as Key, TypeAdapter, ValidationError, model_validator

from grading.errors import TaskError
from grading.model import Id, Mark, Spec
from grading.negation import CLAUSE_END, occurrences
from grading.registry import KeyFile, grader
from grading.text import fold, listing, show_number

PER_CLAUSE = 2
"""How many points one clause may carry; a string of keywords without punctuation is one clause."""
_NO_LETTER = re.compile(r"[\W\d_]+")

Word = Annotated[str, Key(min_length=1, max_length=50)]
Words = Annotated[tuple[Word, ...], Key(min_length=1)]


class RubricPoint(Spec):
    """One point of a rubric; see the module."""

    id: Id
    title: str = Key(min_length=1, max_length=60)
    all: tuple[Words, ...] = ()
    any: tuple[Word, ...] = ()
    none: tuple[Word, ...] = ()
    weight: float = Key(default=1.0, gt=0, le=100, allow_inf_nan=False)

    @model_validator(mode="after")
    def _says_something(self) -> RubricPoint:
        if not self.all and not self.any:
            raise ValueError("all 和 any 至少要写一个")
        for word in (word for group in (*self.all, self.any, self.none) for word in group):
            if not fold(word) or CLAUSE_END.search(fold(word)):
                raise ValueError(f"关键词 {word!r} 不能为空，也不能含句读标点")
        return self

    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Return the groups of folded words; each must be hit."""
        return tuple(tuple(fold(word) for word in group) for group in (*self.all, *([self.any] if self.any else [])))


_RUBRIC = TypeAdapter(Annotated[tuple[RubricPoint, ...], Key(min_length=1)])


def _check(*, key: KeyFile | None, points: tuple[RubricPoint, ...] | None, cap: float | None) -> None:
    if (key is None) == (points is None):
        raise TaskError("key（评分要点文件）和 points（直接写要点）要写且只写一个")
    rubric = _rubric(key, points)
    file = key.path if key is not None else None
    ids = [point.id for point in rubric]
    if len(set(ids)) < len(ids):
        raise TaskError("要点的 id 重复", file=file)
    total = math.fsum(point.weight for point in rubric)
    if cap is not None and cap > total:
        raise TaskError(f"cap 是 {show_number(cap)}，多于所有要点之和 {show_number(total)}", key="args.cap")


@grader(validate=_check)
def text_points(
    found: str, *, key: KeyFile | None = None, points: Annotated[tuple[RubricPoint, ...], Key(min_length=1)] | None = None,
    cap: Annotated[float, Key(gt=0, allow_inf_nan=False)] | None = None,
) -> Mark:
    """Mark a written answer: min(weight of the points found, cap) / cap.

    A point is found if every group of `all`, and `any`, is said at least once and no word of `none` is. A word does not
    count where it is denied (不, 未, 没有, 无需, 禁止, 避免 … shortly before it in the same clause). Against mere lists of
    keywords, one clause carries at most two points, and a point whose words are spread over clauses needs one of them
    to say something besides its keyword.

    Parameters
    ----------
    found : the candidate's text
    key : file in `key/` with the rubric
    points : the rubric itself, instead of `key`
    cap : weight that earns full marks; all points if it is not given

    Returns
    -------
    Mark with fraction, and a reason that names the points found and not found by their titles

    Examples
    --------
    >>> rubric = [{"id": "a", "title": "去重", "any": ["去重", "重复"]}, {"id": "b", "title": "缺失", "all": [["缺失"], ["填充"]]}]
    >>> text_points("先去重，再填充缺失值。", points=rubric).fraction
    1.0
    >>> text_points("先去重，但不填充缺失值。", points=rubric).reason
    '写到 1 个要点：去重；没有写到：缺失。'
    """
    rubric = _rubric(key, points)
    full = cap if cap is not None else math.fsum(point.weight for point in rubric)
    reached = _reached(_Answer(found), rubric)
    weight = math.fsum(point.weight for point in rubric if point.id in reached)
    hit = [point.title for point in rubric if point.id in reached]
    missed = [point.title for point in rubric if point.id not in reached]
    expected = f"共 {len(rubric)} 个要点，要点分满 {show_number(full)} 得满分"
    shown = f"写到 {len(hit)} 个要点，要点分 {show_number(weight)}"
    return Mark(min(weight, full) / full, expected, shown, _reason(hit, missed, weight >= full))


def _rubric(key: KeyFile | None, points: Any) -> tuple[RubricPoint, ...]:
    """Return the checked rubric; TaskError says which point is wrong."""
    raw = key.yaml() if key is not None else points
    try:
        return _RUBRIC.validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TaskError(f"评分要点写法有误：{first['msg']}", file=key.path if key else None, key=where or "points") from None


class _Answer:
    """The folded text and its clauses."""

    def __init__(self, written: str) -> None:
        self.text = "\n".join(fold(line) for line in written.splitlines())
        ends = [(match.start(), match.end()) for match in CLAUSE_END.finditer(self.text)]
        self.starts = [0, *(end for _, end in ends)]
        self.clauses = [self.text[a:b] for a, b in zip(self.starts, [*(start for start, _ in ends), None], strict=True)]

    def said_in(self, words: Iterable[str]) -> set[int]:
        """Return the numbers of the clauses that say one of `words` without denying it."""
        return {bisect_right(self.starts, place) - 1 for word in words for place in occurrences(self.text, word)}

    def is_bare(self, clause: int, words: Iterable[str]) -> bool:
        """Return True if `clause` says nothing besides `words`."""
        rest = self.clauses[clause]
        for word in sorted(words, key=len, reverse=True):
            rest = rest.replace(word, "")
        return len(_NO_LETTER.sub("", rest)) < 2


def _carriers(answer: _Answer, point: RubricPoint) -> list[int]:
    """Return the clauses that may carry `point`; none if it is not found."""
    groups = point.groups()
    places = [answer.said_in(group) for group in groups]
    if not all(places) or answer.said_in(fold(word) for word in point.none):
        return []
    whole = set.intersection(*places)
    words = [word for group in groups for word in group]
    return sorted(whole | {clause for clause in set.union(*places) if not answer.is_bare(clause, words)})


def _reached(answer: _Answer, rubric: Sequence[RubricPoint]) -> set[str]:
    """Return the ids of the points found: as many as fit when a clause carries at most PER_CLAUSE of them."""
    carriers = {point.id: _carriers(answer, point) for point in rubric}
    carried: dict[int, list[str]] = defaultdict(list)

    def place(point: str, tried: set[int]) -> bool:
        for clause in carriers[point]:
            if clause in tried:
                continue
            tried.add(clause)
            if len(carried[clause]) < PER_CLAUSE:
                carried[clause].append(point)
                return True
            for other in carried[clause]:
                if place(other, tried):  # moved to a clause of its own
                    carried[clause][carried[clause].index(other)] = point
                    return True
        return False

    return {point.id for point in sorted(rubric, key=lambda p: -p.weight) if place(point.id, set())}


def _reason(hit: list[str], missed: list[str], full: bool) -> str:
    said = f"写到 {len(hit)} 个要点：{listing(hit, 8)}" if hit else "没有写到评分要点"
    if not missed:
        return f"{said}。"
    rest = f"没有写到：{listing(missed, 8)}"
    return f"{said}，已得满分；{rest}。" if full else f"{said}；{rest}。"
