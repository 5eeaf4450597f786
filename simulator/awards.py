"""PURE: awards by number or by share of a division, ties at a border sharing the better one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from simulator.standings import Standing

MOST = 12
LINE = re.compile(r"^(?P<name>[^\s:：,，](?:.{0,18}[^\s:：,，])?)[\s:：,，]+(?P<value>\d{1,4}(?:\.\d{1,2})?)\s*(?P<unit>[%％]|人|名)?$")


@dataclass(frozen=True)
class Award:
    """One award: for `count` people, or for `percent` of a division."""

    name: str
    count: int | None = None
    percent: Decimal | None = None

    def places(self, people: int) -> int:
        """Return for how many of `people` it is meant: a share is rounded half-up and is one person at least."""
        if self.percent is None:
            return self.count or 0
        return max(int((self.percent * people / 100).quantize(Decimal(1), ROUND_HALF_UP)), 1)


def stored(raw: Mapping[str, Any]) -> list[Award]:
    """Return the awards of an exam as its row holds them, best first."""
    return [
        Award(row["name"], row.get("count"), Decimal(str(row["percent"])) if "percent" in row else None) for row in raw.get("rows", [])
    ]


def parse(text: str) -> dict[str, Any]:
    """Return what an exam's row holds for lines such as ``一等奖 10%`` and ``优胜奖 3 人``; ValueError with the line that is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    rows = [_row(line) for line in lines[: MOST + 1]]
    names = [row["name"] for row in rows]
    repeated = next((line for line, row in zip(lines, rows, strict=False) if names.count(row["name"]) > 1), None)
    if repeated or len(rows) > MOST:
        raise ValueError(repeated or lines[MOST])
    return {"rows": rows}


def _row(line: str) -> dict[str, Any]:
    found = LINE.match(line)
    if found is None:
        raise ValueError(line)
    value, unit = Decimal(found["value"]), found["unit"]
    if unit in ("%", "％"):
        if not 0 < value <= 100:
            raise ValueError(line)
        return {"name": found["name"], "percent": str(value)}
    if value != int(value) or value < 1:
        raise ValueError(line)
    return {"name": found["name"], "count": int(value)}


def lines(awards: Iterable[Award]) -> str:
    """Return the awards as `parse` reads them."""
    return "\n".join(f"{a.name} {a.percent}%" if a.percent is not None else f"{a.name} {a.count}" for a in awards)


def winners(standings: Sequence[Standing], awards: Sequence[Award]) -> dict[int, str]:
    """Return user id → award for one division's `standings`, best first.

    Places are used up from the top. Who shares a rank shares its award, so a tie at a border gets the better one, and the places
    that this takes are not there for the next.
    """
    found: dict[int, str] = {}
    border, limits = 0, []
    for award in awards:
        border += award.places(len(standings))
        limits.append((border, award.name))
    for standing in standings:
        name = next((name for limit, name in limits if standing.rank <= limit), None)
        if name is not None:
            found[standing.entry.user_id] = name
    return found
