"""One mode from an empty folder to the account."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from grading.model import Response
from grading.sandbox import open_sandbox
from simulator import workers
from simulator.commands.benches.report import progress
from simulator.models import Marking
from tools.chaos import school as schools
from tools.chaos.account import draw_up
from tools.chaos.candidates import Browser, Candidate, Crowd
from tools.chaos.report import Outcome
from tools.chaos.school import Expected, School
from tools.chaos.sites import MODES, Site
from tools.chaos.strikes import TRY_S, Striker, plan

READY_S = 120.0
LAST_CANDIDATE_S = 90.0
MARKED_S = 180.0
CLICKS = 3
SAY_S = 10.0
REST_S = 1.0


class NotReady(Exception):
    """The site did not come up, even undisturbed."""


@dataclass(frozen=True)
class Options:
    """How large and how long a run is. seconds : of kills and hand-ins."""

    submissions: int
    kills: int
    seconds: float
    seed: int
    runtimes: Path


class Reference:
    """The verdicts of an undisturbed marking; made once, for all modes have the same school."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._expected: dict[int, Expected] | None = None

    def get(self, school: School, sittings: Mapping[int, Mapping[int, Response]]) -> dict[int, Expected]:
        """Return candidate → verdicts."""
        if self._expected is None:
            progress(f"先不受打扰地评一遍 {len(sittings)} 份……")
            sandbox = open_sandbox(self._options.runtimes, remember=True)
            try:
                self._expected = schools.undisturbed(school, sittings, sandbox)
            finally:
                sandbox.close()
        return self._expected


def run(mode: str, folder: Path, options: Options, reference: Reference) -> Outcome:
    """Run one mode in the empty `folder`. Whatever happens, nothing is left of it but the folder."""
    started = time.monotonic()
    with MODES[mode](folder, options.runtimes) as site:
        school = schools.found(site.services, options.submissions)
        sittings = {number: schools.answers(school.tasks, number, options.seed) for number in range(options.submissions)}
        expected = reference.get(school, sittings)
        left: list[str] = []
        with _running(site, left):
            _wait(lambda: _ready(site), READY_S, f"{mode}：起不来，见 {folder / 'log'}")
            progress(f"{mode}：开考，{options.submissions} 人要交卷，杀 {options.kills} 次")
            crowd, striker, again = _disturb(site, school, sittings, options)
            settled_s = _settle(site, options)
        with site.services.db.read() as session:
            account = draw_up(session, crowd.hand_ins, expected)
    return Outcome(
        mode, options.submissions, options.kills, account, crowd.problems, striker.blows, again, time.monotonic() - started,
        settled_s, left,
    )


@contextmanager
def _running(site: Site, left: list[str]) -> Iterator[None]:
    site.units.start()
    try:
        yield
    finally:
        left += site.units.stop()


def _ready(site: Site) -> bool:
    with site.services.db.read() as session:
        return workers.summary(session, site.services.clock()).able > 0 and site.answers()


def _wait(what: Callable[[], bool], seconds: float, sentence: str) -> None:
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            raise NotReady(sentence)
        time.sleep(REST_S)


def _disturb(
    site: Site, school: School, sittings: Mapping[int, Mapping[int, Response]], options: Options
) -> tuple[Crowd, Striker, Counter[str]]:
    """Let candidates hand in and kill meanwhile, until both are through."""
    again: Counter[str] = Counter()
    until = time.monotonic() + options.seconds + LAST_CANDIDATE_S
    crowd = Crowd([
        Candidate(number, responses, school, Browser(site.ports, Random(f"{options.seed}/browser/{number}"), again, until))
        for number, responses in sittings.items()
    ], options.seconds * 0.9)
    random = Random(options.seed)
    striker = Striker(site.strikes, plan(site.weights, options.kills, options.seconds, random), random)
    started = time.monotonic()
    try:
        crowd.start()
        striker.start()
        while crowd.is_alive() or striker.is_alive():
            (crowd if crowd.is_alive() else striker).join(SAY_S)
            queued = _count(site, "queued", "leased")
            progress(
                f"{time.monotonic() - started:4.0f} 秒：交卷 {len(crowd.hand_ins)}，评完 {_count(site, 'done')} 题，"
                f"未评完 {queued} 题，杀 {len(striker.blows)} 次，重发 {sum(again.values())} 次"
            )
    finally:
        striker.stop()
        crowd.stop()
        striker.join(TRY_S)
    return crowd, striker, again


def _count(site: Site, *states: str) -> int:
    with site.services.db.read() as session:
        return session.scalar(select(func.count()).select_from(Marking).where(Marking.state.in_(states))) or 0


def _settle(site: Site, options: Options) -> float:
    """Wait until everything is marked, and click "retry" where it ended on the desk; return how long that took."""
    started = said = time.monotonic()
    browser = Browser(site.ports, Random(options.seed), Counter(), started + MARKED_S)
    clicks: Counter[int] = Counter()
    while time.monotonic() - started < MARKED_S:
        errors = [pair for pair in _on_desk(site) if clicks[pair[1]] < CLICKS]
        if not errors and _count(site, "queued", "leased") == 0:
            break
        for marking_id, submission_id in errors:
            if not browser.token:
                browser.log_in(schools.INSTRUCTOR)
            clicks[submission_id] += 1
            browser.expect(302, "POST", f"/desk/markings/{marking_id}/retry")
        if time.monotonic() - said > SAY_S:
            said = time.monotonic()
            progress(f"不再杀了，还有 {_count(site, 'queued', 'leased')} 题没有评完")
        time.sleep(REST_S)
    return time.monotonic() - started


def _on_desk(site: Site) -> list[tuple[int, int]]:
    """Return (marking, submission) of everything that waits for a person."""
    with site.services.db.read() as session:
        newest = select(func.max(Marking.id)).group_by(Marking.submission_id)
        rows = session.execute(select(Marking.id, Marking.submission_id).where(Marking.state == "error", Marking.id.in_(newest)))
        return [(marking_id, submission_id) for marking_id, submission_id in rows]
