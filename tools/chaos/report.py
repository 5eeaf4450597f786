"""What the check says, for people and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click

from simulator.commands.benches.report import Goal, Machine, table
from tools.chaos.account import Account
from tools.chaos.strikes import Blow

SHOWN = 5
PROMISES = {"lost": "确认收下却丢了的", "duplicated": "重复的", "stuck": "没有评完的", "differences": "判定与不受打扰时不同的"}


@dataclass(frozen=True)
class Outcome:
    """One mode's run.

    planned : how many kills there were to be; problems : why candidates gave up; again : why requests were sent again;
    settled_s : from the last kill until all was marked; left : processes still there after everything had been told to end.
    """

    mode: str
    submissions: int
    planned: int
    account: Account
    problems: Sequence[str]
    blows: Sequence[Blow]
    again: Mapping[str, int]
    seconds: float
    settled_s: float
    left: Sequence[str]

    @property
    def kept(self) -> bool:
        """Whether every promise was kept, everybody could hand in, and there was something to withstand."""
        complete = self.account.accepted == self.submissions and len(self.blows) >= self.planned
        return complete and not self.account.broken

    @property
    def kills(self) -> Counter[str]:
        """Kind → how many kills."""
        return Counter(blow.kind for blow in self.blows)

    def goals(self) -> list[Goal]:
        """Return what must be zero."""
        counts = {name: len(getattr(self.account, name)) for name in PROMISES}
        return [
            Goal(f"{self.mode}.{name}", f"{self.mode}：{PROMISES[name]}", count, 0, met=count == 0) for name, count in counts.items()
        ]

    def as_json(self) -> dict[str, Any]:
        """Return all figures, and the sentences behind those that are not as promised."""
        found = asdict(self.account)
        figures = {name: len(value) if isinstance(value, list) else value for name, value in found.items()}
        return {
            "mode": self.mode, "submissions": self.submissions, **figures, "kills": len(self.blows), "kills_by_kind": dict(self.kills),
            "sent_again": dict(self.again), "seconds": round(self.seconds, 1), "settled_s": round(self.settled_s, 1), "kept": self.kept,
            "left": list(self.left), "gave_up": list(self.problems),
            "details": {name: value for name, value in found.items() if isinstance(value, list) and value},
            "blows": [asdict(blow) for blow in self.blows],
        }


def show(outcome: Outcome) -> None:
    """Print one outcome for people."""
    account = outcome.account
    click.echo(f"{outcome.mode}：{outcome.submissions} 人交卷，杀 {len(outcome.blows)} 次，用时 {outcome.seconds:.0f} 秒\n")
    rows = [
        ("accepted", str(account.accepted), "服务器确认收下的卷"), ("marked", str(account.marked), "每道题都有判定的卷"),
        *((name, str(len(getattr(account, name))), what) for name, what in PROMISES.items()),
        ("errors", str(len(account.errors)), "三次失败、转到考务页的评分；都点了“重新评分”"),
        ("interrupted", str(account.interrupted), "评到一半断了、又评一次的题"),
        ("kills", str(len(outcome.blows)), _counts(outcome.kills)),
        ("sent again", str(sum(outcome.again.values())), _counts(outcome.again)),
        ("settled", f"{outcome.settled_s:.0f} s", "从最后一次杀到全部评完"), ("left", str(len(outcome.left)), "全部停止后还在的进程"),
    ]
    click.echo(table([("", "数目", "说明"), *rows]))
    for title, sentences in (*((name, getattr(account, name)) for name in (*PROMISES, "errors")),
                             ("没有交成", outcome.problems), ("left", outcome.left)):
        for sentence in sentences[:SHOWN]:
            click.echo(f"  {title}：{sentence[:400]}")
        if len(sentences) > SHOWN:
            click.echo(f"  {title}：还有 {len(sentences) - SHOWN} 条")
    click.echo(f"\n{'✓ 都守住了' if outcome.kept else '✗ 没有守住'}\n")


def _counts(counted: Mapping[str, int]) -> str:
    return "，".join(f"{name} {count}" for name, count in sorted(counted.items(), key=lambda pair: -pair[1]))


def print_json(outcomes: Sequence[Outcome], skipped: Mapping[str, str], machine: Machine, seed: int) -> None:
    """Print everything as one JSON object."""
    goals = [goal.as_json() for outcome in outcomes for goal in outcome.goals()]
    runs = [outcome.as_json() for outcome in outcomes]
    report = {"machine": asdict(machine), "seed": seed, "goals": goals, "runs": runs, "skipped": dict(skipped)}
    click.echo(json.dumps(report, ensure_ascii=False, indent=2))
