"""Syllabus: where a tag stands in the occupation's standard: function (职业功能), content (工作内容), code.

Codes that are looked at: T-codes at the 细目 (``T3.1.1.2`` of the tag ``T3.1.1.2.07``), S-codes of skills, P-codes of practical units
and C-codes of contest modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from grading.paper import StandardSpec

_THEORY = re.compile(r"T(\d)\.(\d+)\.(\d+)\.(\d+)(?:\.\d+)?")
_SKILL = re.compile(r"S(\d)-(\d+)\.(\d+)\.\d+")
_UNIT = re.compile(r"P(\d)\.(\d+)\.(\d+)")
_CONTEST = re.compile(r"C(\d+)(?:\.\d+)*")
_KINDS = "TSPC"


@dataclass(frozen=True)
class Place:
    """A code in the standard. function : ``3/2``, content : ``3/2.1`` (level, then the standard's own code), "C" for a contest,
    "" for what the standard does not know."""

    code: str
    function: str
    content: str

    @property
    def order(self) -> tuple[bool, bool, str, str, int, str]:
        """Sort key: functions in the standard's order, the contest behind them, unknown codes last; theory first in a content."""
        kind = _KINDS.find(self.code[:1]) % (len(_KINDS) + 1)
        return self.function == "", self.function == "C", self.function, self.content, kind, self.code


def place(tag: str) -> Place:
    """Return where `tag` belongs.

    >>> place("T3.1.1.2.07")
    Place(code='T3.1.1.2', function='3/1', content='3/1.1')
    >>> place("P3.2.1").content, place("C4.2.03").code
    ('3/2.1', 'C4')
    """
    if found := _THEORY.fullmatch(tag):
        level, chapter, section, item = found.groups()
        return Place(f"T{level}.{chapter}.{section}.{item}", f"{level}/{chapter}", f"{level}/{chapter}.{section}")
    if found := _SKILL.fullmatch(tag) or _UNIT.fullmatch(tag):
        level, chapter, section = found.groups()
        return Place(tag, f"{level}/{chapter}", f"{level}/{chapter}.{section}")
    if found := _CONTEST.fullmatch(tag):
        return Place(f"C{found[1]}", "C", "C")
    return Place(tag, "", "")


def places(tags: Iterable[str]) -> tuple[Place, ...]:
    """Return the places of `tags`, each once; one unknown place if there is no tag."""
    return tuple(dict.fromkeys(place(tag) for tag in tags)) or (Place("", "", ""),)


def names(standards: Iterable[StandardSpec]) -> dict[str, str]:
    """Return the names of functions, contents and codes of some standards."""
    found: dict[str, str] = {}
    for standard in standards:
        level = standard.level
        for chapter in standard.theory:
            found[f"{level}/{chapter.code}"] = chapter.name
            for section in chapter.sections:
                found[f"{level}/{section.code}"] = section.name
                found.update({f"T{level}.{item.code}": item.name for item in section.items})
        found.update({skill.code: skill.text for skill in standard.skills})
        found.update({unit.code: unit.name for unit in standard.practical})
    return found
