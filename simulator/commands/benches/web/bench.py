"""The bench of the web: latency of autosaves while candidates' work is marked, hand-ins that must be durable, cost beside bare Flask."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, make_url, select, text

from simulator import boards
from simulator.commands.benches.measure import REST_S, NotCounted
from simulator.commands.benches.report import Fact, Goal, Sample, at_least, at_most, progress, show, unmeasured
from simulator.commands.benches.web import school as rows
from simulator.commands.benches.web.client import Ask, Outcome, ask, closed_loop, open_loop
from simulator.commands.benches.web.school import CLIENT, PASSWORD, Pass
from simulator.commands.benches.web.server import Server, free_port, postgres_cpu_s, started
from simulator.config import load_settings
from simulator.db import Database
from simulator.models import Attempt, Exam, Submission

RATE = 200
"""Autosaves a second: 2,000 candidates every 15 s, and their heartbeats."""

CONNECTIONS = 8
REV = 1_000_000  # newer than any that is stored: every save is taken


@dataclass(frozen=True)
class Plan:
    """How long everything is measured: rounds and seconds of each turn, seconds of the open loop, hand-ins."""

    rounds: int = 5
    turn_s: float = 1.5
    steady_s: float = 15.0
    hand_ins: int = 2000
    markings: int = 400


QUICK = Plan(rounds=2, turn_s=0.6, steady_s=4.0, hand_ins=200, markings=80)


@dataclass(frozen=True)
class Turn:
    """One kind of request to one server. units of `cpu_ms` : of the server's processes and the database's, for one answer."""

    name: str
    server: Server
    request: Callable[[int], Ask]


class WebBench:
    """Measures one database. After `measure`, `goals` and `facts` hold what was found.

    kind : sqlite or postgresql, part of every goal's id; url : "" for SQLite in `folder`.
    """

    def __init__(self, kind: str, url: str, students: int, folder: Path, runtimes: Path, plan: Plan) -> None:
        self.kind, self.students, self.plan = kind, students, plan
        self.goals: list[Goal] = []
        self.facts: list[Fact] = []
        self._folder = folder
        self._port = free_port()
        self._settings = load_settings(folder, database_url=url, port=self._port, runtimes_dir=str(runtimes), login_rate=1_000_000)
        self._environment = {
            "SIMULATOR_INSTANCE": str(folder), "SIMULATOR_DATABASE_URL": url, "SIMULATOR_RUNTIMES_DIR": str(runtimes),
            "SIMULATOR_LOGIN_RATE": "1000000",
        }
        self._round = 0

    def measure(self) -> None:
        """Measure everything."""
        progress(f"{self.kind}：建立 {self.students} 名考生的学校……")
        self._school = rows.build(self._settings, self.students, min(self.plan.markings, self.students))
        with ExitStack() as stack:
            ours = stack.enter_context(self._serve())
            bare = stack.enter_context(self._serve_bare())
            self._compare(ours, bare)
            alone = self._steady(ours, "单独")
            with ExitStack() as workers:
                for number in (1, 2):
                    words = ("simulator", "worker", "--number", str(number), "--of", "3")
                    workers.enter_context(started(words, 0, self._environment, self._folder / "worker.log"))
                self._wait_for_markings()
                self._latency(alone, self._steady(ours, "两个评分进程在忙"))
            self._log_in(ours)
            self._hand_in(ours)

    def _serve(self) -> Any:
        words = ("simulator", "serve", "--web-only", "--port", str(self._port))
        return started(words, self._port, self._environment, self._folder / "web.log")

    def _serve_bare(self) -> Any:
        port = free_port()
        words = ("simulator.commands.benches.web.bare", str(self._folder), str(port), self._settings.database)
        return started(words, port, {}, self._folder / "bare.log")

    def _compare(self, ours: Server, bare: Server) -> None:
        """Measure every kind of request in turns; figures are ratios within a round."""
        school = self._school
        turns = [
            Turn("bare", bare, lambda _: ask("GET", "/bare", "")), Turn("raw", bare, self._save), Turn("save", ours, self._save),
            Turn("exam", ours, self._page(lambda n: f"/attempts/{school.sitting[n]}/{school.theory_screen}")),
            Turn("board", ours, self._page(lambda _: f"/exams/{school.done_exam}/board")),
            Turn("unchanged", ours, self._unchanged()),
        ]
        rates: dict[str, list[float]] = {turn.name: [] for turn in turns}
        costs: dict[str, list[float]] = {turn.name: [] for turn in turns}
        slow: list[float] = []
        for number in range(-1, self.plan.rounds):
            progress(f"{self.kind}：各种请求，" + (f"第 {number + 1} 轮，共 {self.plan.rounds} 轮" if number >= 0 else "预热"))
            for turn in turns:
                time.sleep(REST_S)
                outcome, cost = self._turn(turn)
                if number >= 0:
                    rates[turn.name].append(outcome.rate)
                    costs[turn.name].append(cost)
                    slow += [outcome.quantile(0.99)] if turn.name == "exam" else []
                if turn.name in ("board", "exam") and number == 0:
                    self.facts.append(Fact(f"{self.kind}：{turn.name} 页面", f"{outcome.size / 1000:.0f} KB"))
        self._add_ratios(rates, costs, slow)

    def _add_ratios(self, rates: Mapping[str, list[float]], costs: Mapping[str, list[float]], slow: list[float]) -> None:
        def share(name: str, other: str, figures: Mapping[str, list[float]]) -> Sample:
            return Sample.of(one / two for one, two in zip(figures[name], figures[other], strict=True))

        kind = self.kind
        self.goals += [
            at_most(f"save-cpu-{kind}", f"{kind}：自动保存的 CPU ÷ 只写 SQL 的保存", share("save", "raw", costs), 2.0),
            at_least(f"board-unchanged-{kind}", f"{kind}：没有变化的榜单刷新 ÷ 空路由，每秒次数", share("unchanged", "bare", rates), 0.5),
            at_least(f"board-{kind}", f"{kind}：{self.students} 人的完整榜单 ÷ 空路由，每秒次数", share("board", "bare", rates), 0.1),
            at_least(f"exam-{kind}", f"{kind}：考试页面 ÷ 空路由，每秒次数", share("exam", "bare", rates), 0.15),
            at_most(f"exam-p99-{kind}", f"{kind}：考试页面 p99", Sample.of(value * 1000 for value in slow), 100, unit=" ms"),
        ]
        for name in rates:
            cost, rate = Sample.of(costs[name]), Sample.of(rates[name])
            self.facts.append(Fact(f"{kind}：{name}", f"{show(cost.median)} ms CPU，{show(rate.median)} 次/秒", cost.spread))

    def _turn(self, turn: Turn) -> tuple[Outcome, float]:
        """Return what `turn` gave in one round, and the CPU milliseconds of one answer."""
        before = turn.server.cpu_s() + self._database_cpu_s()
        outcome = closed_loop(turn.server.port, turn.request, seconds=self.plan.turn_s, connections=CONNECTIONS)
        spent = turn.server.cpu_s() + self._database_cpu_s() - before
        if outcome.failed or not outcome.seconds:
            raise NotCounted(f"{turn.name}：{outcome.failed or '没有回答'}")
        return outcome, spent * 1000 / len(outcome.seconds)

    def _database_cpu_s(self) -> float:
        return postgres_cpu_s() if self.kind == "postgresql" else 0.0

    def _save(self, number: int) -> Ask:
        self._round += 1
        school, who = self._school, number % self.students
        path = f"/attempts/{school.sitting[who]}/drafts/{school.position}"
        return _put(path, school.passes[who], rows.body(REV, school.field, self._round))

    def _page(self, path: Callable[[int], str], ok: int = 200) -> Callable[[int], Ask]:
        passes, own = self._school.passes, (f"User-Agent: {CLIENT}",)
        return lambda n: ask("GET", path(n % self.students), passes[n % self.students].cookie, headers=own, ok=(ok,))

    def _unchanged(self) -> Callable[[int], Ask]:
        """Return requests for the board's rows as an open page repeats them when nothing has changed."""
        db = Database(self._settings.database)
        with db.read() as session:
            exam = session.get_one(Exam, self._school.done_exam)
            path = f"/exams/{exam.id}/board/rows?v={boards.version(session, exam, datetime.now(UTC))}"
        db.engine.dispose()
        return self._page(lambda _: path, ok=204)

    def _steady(self, ours: Server, how: str) -> Outcome:
        progress(f"{self.kind}：每秒 {RATE} 次自动保存，{how}，{self.plan.steady_s:g} 秒")
        outcome = open_loop(ours.port, self._save, rate=RATE, count=int(RATE * self.plan.steady_s))
        if outcome.failed:
            raise NotCounted(f"自动保存：{outcome.failed}")
        p50, p99 = (show(outcome.quantile(share) * 1000) for share in (0.5, 0.99))
        self.facts.append(Fact(f"{self.kind}：{RATE} 次/秒自动保存，{how}", f"p50 {p50} ms，p99 {p99} ms"))
        return outcome

    def _latency(self, alone: Outcome, busy: Outcome) -> None:
        kind, how = self.kind, f"每秒 {RATE} 次，从该发出的时刻算起"
        p99 = Sample.of([alone.quantile(0.99) * 1000])
        self.goals.append(at_most(f"save-p99-{kind}", f"{kind}：自动保存 p99，没有评分", p99, 50, unit=" ms", how=how))
        for name, share in (("p99", 0.99), ("p50", 0.5)):
            grown = Sample.of([busy.quantile(share) / alone.quantile(share)])
            what = f"{kind}：自动保存 {name}，两个评分进程在忙 ÷ 没有评分"
            self.goals.append(at_most(f"save-busy-{name}-{kind}", what, grown, 2.0, how=how))

    def _wait_for_markings(self) -> None:
        """Wait until the workers mark: they test their sandbox first."""
        from simulator.models import Worker

        db, until = Database(self._settings.database), time.monotonic() + 60
        while time.monotonic() < until:
            with db.read() as session:
                if session.scalar(select(func.sum(Worker.marked))):
                    return
            time.sleep(0.2)
        raise NotCounted("评分进程没有开始评分：" + (self._folder / "worker.log").read_text("utf-8", "replace")[-500:])

    def _log_in(self, ours: Server) -> None:
        seconds = min(self.plan.steady_s, 5.0)
        progress(f"{self.kind}：{seconds:g} 秒登录高峰")
        anybody = self._school.passes[0]

        def request(number: int) -> Ask:
            form = f"username=b{number % self.students:05}&password={PASSWORD}&csrf_token={anybody.token}"
            headers = ("Content-Type: application/x-www-form-urlencoded", f"User-Agent: {CLIENT}")
            return ask("POST", "/login", anybody.cookie, headers=headers, body=form.encode(), ok=(302,))

        outcome = closed_loop(ours.port, request, seconds=seconds, connections=16)
        note = f"没有成功：{outcome.failed}" if outcome.failed else f"p99 {show(outcome.quantile(0.99) * 1000)} ms"
        self.facts.append(Fact(f"{self.kind}：登录高峰", f"每秒 {show(outcome.rate)} 人", note))

    def _hand_in(self, ours: Server) -> None:
        """Let everybody hand in within a minute, kill the server at once, and count what is there."""
        count = min(self.plan.hand_ins, self.students)
        rate = self.plan.hand_ins / 60 if self.plan.hand_ins >= 2000 else 33.4
        progress(f"{self.kind}：{count} 人交卷，约 {count / rate:.0f} 秒")
        school = self._school

        def request(number: int) -> Ask:
            who = school.passes[number]
            headers = ("Content-Type: application/x-www-form-urlencoded", f"User-Agent: {CLIENT}", "Referer: http://127.0.0.1/")
            body = f"csrf_token={who.token}".encode()
            return ask("POST", f"/attempts/{school.sitting[number]}/submit", who.cookie, headers=headers, body=body, ok=(303,))

        outcome = open_loop(ours.port, request, rate=rate, count=count)
        ours.kill()
        accepted = len(outcome.seconds)
        durable = self._durable(school.sitting[:count])
        what = f"{self.kind}：{count} 人在 {outcome.lasted_s:.0f} 秒里交卷，服务被杀后还在的 ÷ 交卷的人"
        how = f"收下 {accepted} 份，p99 {show(outcome.quantile(0.99) * 1000)} ms，未收下：{outcome.failed or '无'}"
        self.goals.append(at_least(f"hand-ins-{self.kind}", what, Sample.of([durable / count]), 1.0, how=how))

    def _durable(self, attempts: Any) -> int:
        """Return how many of the attempts are closed with a submission of every task, read by a fresh connection."""
        db = Database(self._settings.database)
        with db.read() as session:
            model = len(session.get_one(Attempt, attempts[0]).tasks)
            handed = (
                select(Submission.attempt_id).join(Attempt, Attempt.id == Submission.attempt_id)
                .where(Attempt.id.in_(attempts), Attempt.state == "closed", Submission.kind == "hand-in")
                .group_by(Submission.attempt_id).having(func.count() == model)
            )
            return len(session.scalars(handed).all())


def _put(path: str, who: Pass, data: bytes) -> Ask:
    headers = ("Content-Type: application/json", f"X-CSRFToken: {who.token}", f"User-Agent: {CLIENT}", "Referer: http://127.0.0.1/")
    return ask("PUT", path, who.cookie, headers=headers, body=data)


@contextmanager
def new_database(admin_url: str) -> Any:
    """Give the URL of an empty PostgreSQL database that is dropped afterwards. admin_url : of a database from which one can be made."""
    name = f"simulator_bench_{time.time_ns()}"
    engine = create_engine(make_url(admin_url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(admin_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def without_postgresql() -> list[Goal]:
    """Return the goals of PostgreSQL, not measured."""
    targets = {
        "save-cpu": 2.0, "board-unchanged": 0.5, "board": 0.1, "exam": 0.15, "exam-p99": 100, "save-p99": 50, "save-busy-p99": 2.0,
        "save-busy-p50": 2.0, "hand-ins": 1.0,
    }
    reason = "没有给出 --postgresql，或只测一分钟"
    return [unmeasured(f"{name}-postgresql", f"postgresql：{name}", target, reason) for name, target in targets.items()]
