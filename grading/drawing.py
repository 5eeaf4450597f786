"""Draw theory items by chapter and section weights with a stored seed. Pure: same items, standard and seed, same paper."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import NamedTuple

from grading.errors import TaskError
from grading.paper import StandardSpec


class Item(NamedTuple):
    """What drawing needs to know of a bank item: its task id and its tags, the primary one first."""

    id: str
    tags: tuple[str, ...]


def quotas(weights: Mapping[str, Decimal], count: int, available: Mapping[str, int]) -> dict[str, int]:
    """Share `count` by `weights` with largest remainders (ties: order of `weights`), never above `available`.

    >>> quotas({"a": Decimal(2), "b": Decimal(1)}, 4, {"a": 9, "b": 9})
    {'a': 3, 'b': 1}
    """
    share = dict.fromkeys(weights, 0)
    enough = sum(available.get(code, 0) for code in weights)
    if count > enough:
        raise TaskError(f"题库不够：要 {count} 题，只有 {enough} 题")
    while (left := count - sum(share.values())) > 0:
        open_codes = {c: Fraction(w) for c, w in weights.items() if share[c] < available.get(c, 0)}
        whole = sum(open_codes.values())
        # Fractions, because equal remainders must compare equal for the tie rule.
        exact = {c: w * left / whole if whole else Fraction(left, len(open_codes)) for c, w in open_codes.items()}
        for code in open_codes:
            share[code] += min(int(exact[code]), available[code] - share[code])
        rest = count - sum(share.values())
        if 0 < rest <= len(open_codes):
            for code in sorted(open_codes, key=lambda c: exact[c] - int(exact[c]), reverse=True)[:rest]:
                share[code] += share[code] < available[code]
    return share


def seeded(seed: int, *parts: object) -> Random:
    """Return a generator that depends only on `seed` and `parts` (stable across machines and Python versions)."""
    text = "|".join([str(seed), *map(str, parts)])
    return Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def draw(items: Sequence[Item], standard: StandardSpec, count: int, *, seed: int, form: str, used: set[str]) -> list[Item]:
    """Return `count` of `items`, spread by the standard's weights; TaskError if there are not so many.

    used : ids and knowledge points (primary tags) drawn so far for the same paper; what is drawn is added. An item is
    never drawn twice, a point only if its section would otherwise run short.
    """
    by_section: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.id not in used:
            by_section[section_of(item)].append(item)
    chapters = {c.code: c for c in standard.theory}
    per_chapter = quotas(
        {code: chapter.weight for code, chapter in chapters.items()}, count,
        {code: sum(len(by_section[s.code]) for s in chapter.sections) for code, chapter in chapters.items()},
    )
    drawn: list[Item] = []
    for code, chapter in chapters.items():
        per_section = quotas(
            {s.code: s.weight for s in chapter.sections}, per_chapter[code],
            {s.code: len(by_section[s.code]) for s in chapter.sections},
        )
        for section, number in per_section.items():
            drawn += _pick(by_section[section], number, seeded(seed, form, section), used)
    seeded(seed, form, "order").shuffle(drawn)
    return drawn


def section_of(item: Item) -> str:
    """Return the section code of an item from its first T tag: ``T3.1.1.2.07`` → ``1.1``."""
    tag = next((t for t in item.tags if t.startswith("T")), "")
    return ".".join(tag.split(".")[1:3])


def option_order(options: Iterable[str], *, seed: int, task_id: str) -> list[str]:
    """Return the option ids in the order that one candidate sees."""
    order = list(options)
    seeded(seed, "options", task_id).shuffle(order)
    return order


def _pick(items: Sequence[Item], number: int, random: Random, used: set[str]) -> list[Item]:
    shuffled = sorted(items, key=lambda item: item.id)
    random.shuffle(shuffled)
    shuffled.sort(key=lambda item: item.tags[0] in used)  # stable: fresh knowledge points first
    chosen: list[Item] = []
    again: list[Item] = []
    taken = set(used)
    for item in shuffled:
        (again if item.tags[0] in taken else chosen).append(item)
        taken.add(item.tags[0])
    picked = [*chosen, *again][:number]
    used.update(name for item in picked for name in (item.id, item.tags[0]))
    return picked
