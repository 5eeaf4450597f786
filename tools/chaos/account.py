"""The account: what candidates were told against what the database holds. A row too many or too few, and it says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from simulator.models import Attempt, Marking, Submission, User
from tools.chaos.candidates import HandIn
from tools.chaos.school import Expected, Sign, username

FINAL = ("done", "error")


@dataclass
class Account:
    """Findings, one sentence each. [] everywhere but in `errors` is what we promise.

    accepted : hand-ins that the server confirmed; marked : those of them whose every task has its verdicts;
    interrupted : markings that took more than one try;
    errors : markings that failed three times for our fault, also if they were tried again with success.
    """

    accepted: int = 0
    marked: int = 0
    interrupted: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        """Whether a promise was broken."""
        return bool(self.lost or self.duplicated or self.stuck or self.differences)


def draw_up(session: Session, hand_ins: Iterable[HandIn], expected: Mapping[int, Expected]) -> Account:
    """Return the account of all accepted hand-ins. expected : candidate → verdicts of an undisturbed marking."""
    account = Account()
    for hand_in in hand_ins:
        account.accepted += 1
        account.marked += _check(session, account, hand_in, expected[hand_in.number])
    account.interrupted = session.scalar(select(func.count()).select_from(Marking).where(Marking.tries > 1)) or 0
    account.errors = [
        f"评分 {marking.id}（{marking.tries} 次）：{marking.log.strip().splitlines()[-1] if marking.log.strip() else '没有记录'}"
        for marking in session.scalars(select(Marking).where(Marking.state == "error").order_by(Marking.id))
    ]
    return account


def _check(session: Session, account: Account, hand_in: HandIn, expected: Expected) -> bool:
    """Look at one hand-in; return whether all of it is marked."""
    who = username(hand_in.number)
    mine = list(session.scalars(select(Attempt).join(User, Attempt.user_id == User.id).where(User.username == who)))
    if len(mine) > 1:
        account.duplicated.append(f"{who}：{len(mine)} 份试卷")
    if [attempt.state for attempt in mine if attempt.id == hand_in.attempt_id] != ["closed"]:
        account.lost.append(f"{who}：没有收卷")
        return False
    query = select(Submission).where(Submission.attempt_id == hand_in.attempt_id)
    handed_in = list(session.scalars(query))
    surplus = {submission.position for submission in handed_in} - set(expected)
    account.duplicated += [f"{who} 第 {position} 题：试卷上没有这道题" for position in sorted(surplus)]
    marked = [
        _check_task(session, account, f"{who} 第 {position} 题", hand_in.responses[position],
                    [s for s in handed_in if s.position == position], signs)
        for position, signs in expected.items()
    ]
    return all(marked)


def _check_task(
    session: Session, account: Account, what: str, confirmed: Mapping[str, object], found: Sequence[Submission], signs: tuple[Sign, ...]
) -> bool:
    if not found:
        account.lost.append(f"{what}：没有提交")
        return False
    if len(found) > 1:
        account.duplicated.append(f"{what}：{len(found)} 份提交")
    if found[0].response != confirmed:
        account.lost.append(f"{what}：交上的不是确认保存过的内容")
    query = select(Marking).where(Marking.submission_id == found[0].id).order_by(Marking.id).options(selectinload(Marking.verdicts))
    return _check_markings(account, what, list(session.scalars(query)), signs)


def _check_markings(account: Account, what: str, markings: list[Marking], signs: tuple[Sign, ...]) -> bool:
    if not markings:
        account.lost.append(f"{what}：没有评分")
        return False
    unasked = [marking for marking in markings if marking.asked_by is None]
    done = [marking for marking in markings if marking.state == "done"]
    if len(unasked) > 1 or len(done) > 1:
        account.duplicated.append(f"{what}：{len(unasked)} 次没人要求的评分，{len(done)} 次评完")
    account.stuck += [f"{what}：评分 {m.id} 还是 {m.state}" for m in markings if m.state not in FINAL]
    if markings[-1].state == "error":
        account.stuck.append(f"{what}：评分 {markings[-1].id} 留在考务页上")
    return bool(done) and _check_verdicts(account, what, done[-1], signs)


def _check_verdicts(account: Account, what: str, marking: Marking, signs: tuple[Sign, ...]) -> bool:
    verdicts = marking.verdicts
    if not verdicts:
        account.lost.append(f"{what}：评分 {marking.id} 没有判定")
        return False
    if doubled := [point for point, count in Counter(v.point_id for v in verdicts).items() if count > 1]:
        account.duplicated.append(f"{what}：评分点 {'、'.join(doubled)} 不止一个判定")
    found = tuple((v.point_id, v.status, str(v.earned), v.expected, v.found, v.reason, v.cause) for v in verdicts)
    if found != signs:
        pairs = [f"{a} → {b}" for a, b in zip(signs, found, strict=False) if a != b]
        account.differences.append(f"{what}：{'；'.join(pairs) or f'{len(signs)} 个判定，现有 {len(found)} 个'}")
    return True
