"""The bench of marking: how fast candidates' programs run and are marked, beside plain python and other systems."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from grading.engine import Grading, grade
from grading.errors import SandboxError
from grading.loader import load_task
from grading.runtimes import spec
from grading.sandbox import BACKENDS, make_backend
from grading.sandbox.contract import Sandbox
from simulator.commands.benches import notebooks, programs, throughput, workload
from simulator.commands.benches.measure import Contender, NotCounted, Rounds, paired, ratio, repeated
from simulator.commands.benches.peers import NoPeers, Peers, install, installed
from simulator.commands.benches.report import Fact, Goal, Sample, at_least, at_most, progress, show, unmeasured

STRICT = "bwrap"
IN_A_ROW = 5
"""Runs without a pause, in which a backend that prepares the next run ahead of time has to pay for that, too."""


@dataclass(frozen=True)
class Plan:
    """How much is measured: counts of rounds, and of submissions or runs in one round.

    warm_up : whether the long measurements, too, throw a first round away; install : build the peers' environment if it is
    missing; budget_s : seconds after which no further round begins.
    """

    typical: int = 12
    empty: int = 30
    starts: int = 3
    kills: int = 5
    memory: int = 3
    loads: int = 4
    jobs: int = 12
    plain_jobs: int = 3
    task: int = 3
    submissions: Mapping[str, int] = field(default_factory=lambda: {"ours": 8, "nbgrader": 8, "otter": 2})
    warm_up: bool = True
    install: bool = True
    budget_s: float = 420.0


QUICK = Plan(
    typical=3, empty=9, starts=1, kills=2, memory=1, loads=1, jobs=4, plain_jobs=1, task=1,
    submissions={"ours": 4, "nbgrader": 2, "otter": 1}, warm_up=False, install=False, budget_s=40.0,
)  # fmt: skip


class GradingBench:
    """Measures one machine. After `measure`, `goals` and `facts` hold what was found.

    stack : closes the sandboxes; folder : an empty folder for temporary files; peers : where the peers' environment is built.
    """

    def __init__(self, stack: ExitStack, runtimes: Path, folder: Path, peers: Path, plan: Plan) -> None:
        self.plan, self.folder, self.runtimes, self.peers = plan, folder, runtimes, peers
        self.python = runtimes / "python" / "bin" / "python"
        self.until = time.monotonic() + plan.budget_s
        self.sandbox = stack.enter_context(closing(best(runtimes)))
        self.strict, self.not_strict = _strict(runtimes)
        if self.strict is not None:
            stack.enter_context(closing(self.strict))
        self.reference = programs.find_reference(self.python, folder / "reference")
        self.goals: list[Goal] = []
        self.facts: list[Fact] = []

    def measure(self) -> None:
        """Measure everything: first what takes least."""
        for step in (self.typical, self.empty, self.memory, self.kill, self.start, self.throughput, self.task):
            step()

    def typical(self) -> None:
        """The typical program: both backends beside plain python."""
        program = programs.typical(self.reference)
        rounds = self._paired("典型程序", self._runners(program, "typical"), self.plan.typical)
        what = "典型程序：沙箱 {} ÷ python script.py"
        self.goals.append(at_most("typical", what.format(self.sandbox.name), ratio(rounds, "sandbox", "plain"), 0.20))
        what = what.format(f"{STRICT}（全新的解释器）")
        if "strict" in rounds:
            self.goals.append(at_most("bwrap", what, ratio(rounds, "strict", "plain"), 1.10))
        else:
            self.goals.append(unmeasured("bwrap", what, 1.10, self.not_strict))
        self._tell(rounds, self._names("典型程序"))

    def empty(self) -> None:
        """A program that does nothing."""
        runners = self._runners(programs.PASS, "empty")
        rounds = self._paired("空程序", runners, self.plan.empty)
        what = f"空程序：沙箱 {self.sandbox.name} ÷ python pass.py"
        self.goals.append(at_most("pass", what, ratio(rounds, "sandbox", "plain"), 2.0))
        in_a_row = self._paired("空程序", [repeated(runner, IN_A_ROW) for runner in runners[:2]], self.plan.empty // 3)
        self._tell_figure(f"空程序各连续运行 {IN_A_ROW} 次：沙箱 {self.sandbox.name} ÷ python pass.py", ratio(in_a_row, "sandbox", "plain"))
        self._tell(rounds, self._names("空程序"))

    def _runners(self, program: programs.Program, folder: str) -> list[Contender]:
        runners = [
            programs.plain("plain", self.python, self.folder / folder, program), programs.in_sandbox("sandbox", self.sandbox, program),
        ]  # fmt: skip
        return runners + ([programs.in_sandbox("strict", self.strict, program)] if self.strict else [])

    def _names(self, what: str) -> dict[str, str]:
        return {"plain": f"{what}，直接运行", "sandbox": f"{what}，沙箱 {self.sandbox.name}", "strict": f"{what}，沙箱 {STRICT}"}

    def memory(self) -> None:
        """Memory that a run takes for itself."""
        program, found = programs.typical(self.reference), []
        for _ in range(self.plan.memory):
            try:
                found.append(programs.private_mb(self.sandbox, program))
            except NotCounted as reason:
                progress(f"内存：这一次不计（{reason}）")
        how = "运行中 /proc/self/smaps_rollup 里 Private_Dirty（和换出）的峰值，加上工作目录里的文件；程序的数据已在其中，不扣除"
        self.goals.append(at_most("memory", "典型程序运行一次独占的内存", Sample.of(found), 60.0, unit=" MB", how=how))

    def kill(self) -> None:
        """How long a program outlives its limit of time."""
        rounds = self._paired("到时终止", [programs.stubborn(self.sandbox)], self.plan.kills, warm_up=False)
        late = Sample.of(seconds - programs.KILL_WALL_S for seconds in rounds["kill"])
        how = f"程序有 8 个子进程，都忽略一切信号；run() 的全部用时减去时间上限 {programs.KILL_WALL_S:g} 秒，取最慢的一轮"
        self.goals.append(at_most("kill", "超时的程序多久之后全部终止", late, 0.5, unit=" s", how=how, by=max))

    def start(self) -> None:
        """From nothing to the end of the first run."""
        imports = "import " + ", ".join(spec("python").preload)

        def first_run() -> None:
            with closing(make_backend(self.sandbox.name, self.runtimes)) as sandbox:
                fresh = programs.in_sandbox("start", sandbox, programs.PASS)
                fresh.check(fresh.run())

        plain = Contender("import", lambda: programs.run_plain(self.python, self.folder, "-c", imports), lambda _: None)
        rounds = self._paired("启动沙箱", [plain, Contender("start", first_run, lambda _: None)], self.plan.starts, warm_up=False)
        what = f"沙箱 {self.sandbox.name} 从启动到第一个程序结束 ÷ 直接导入同样的软件包一次"
        self._tell_figure(what, ratio(rounds, "start", "import"))

    def throughput(self) -> None:
        """Two workers on two cores."""
        plan, what = self.plan, f"2 核、2 个评分进程的吞吐量：沙箱 {self.sandbox.name} ÷ python script.py"
        try:
            with throughput.contenders(
                self.sandbox.name, self.runtimes, self.folder, self.reference, jobs=plan.jobs, plain_jobs=plan.plain_jobs
            ) as pair:
                rounds = self._paired("吞吐量", pair, plan.loads)
        except NotCounted as reason:
            self.goals.append(unmeasured("throughput", what, 6.0, str(reason), sign="≥"))
            return
        self.goals.append(at_least("throughput", what, ratio(rounds, "plain", "sandbox"), 6.0))
        self._tell_figure("2 个评分进程每秒运行典型程序的次数", Sample.of(1 / seconds for seconds in rounds["sandbox"]))

    def task(self) -> None:
        """The task of ten points, beside other systems."""
        goals = {"nbgrader": ("nbgrader", "autograde", 0.20), "otter": ("otter-grader", "run", 0.12)}
        contenders, reasons = [self._ours()], dict.fromkeys(goals, "")
        peers = self._peers(reasons)
        for name, make in (("nbgrader", notebooks.nbgrader), ("otter", notebooks.otter)):
            try:
                if peers is not None:
                    contenders.append(make(peers, self.folder, self.reference.tests(), self.plan.submissions[name]))
            except NotCounted as reason:
                reasons[name] = str(reason)
        rounds = self._paired("10 分题", contenders, self.plan.task, warm_up=self.plan.warm_up)
        for name, (package, command, target) in goals.items():
            version = f" {peers.version(package)}" if peers else ""
            what = f"10 分题评一份：本系统 ÷ {name}{version} {command}"
            if name in rounds:
                self.goals.append(at_most(name, what, ratio(rounds, "ours", name), target, how=self._how(name)))
            else:
                self.goals.append(unmeasured(name, what, target, reasons[name]))
        self._tell(rounds, {"ours": "10 分题评一份，本系统", "nbgrader": "10 分题评一份，nbgrader", "otter": "10 分题评一份，otter"})

    def _ours(self) -> Contender:
        """Return what a worker does for a submission, from the response to its verdicts."""
        workload.write_task(self.folder / "task", self.reference)
        task, response = load_task(self.folder / "task"), {"program": workload.PROGRAM}
        count = self.plan.submissions["ours"]
        grade(task, response, sandbox=self.sandbox)  # a worker has long since imported what graders need

        def check(gradings: list[Grading]) -> None:
            for grading in gradings:
                if lost := [f"{verdict.id} {verdict.reason}" for verdict in grading.verdicts if verdict.status != "correct"]:
                    raise NotCounted(f"没有得满分：{'；'.join(lost)}")

        return Contender("ours", lambda: [grade(task, response, sandbox=self.sandbox) for _ in range(count)], check, units=count)

    def _how(self, name: str) -> str:
        ours, theirs = self.plan.submissions["ours"], self.plan.submissions[name]
        batch = f"本系统连评 {ours} 份（每份运行 1 次，再逐点判定），{name} 连评 {theirs} 份"
        return f"同一程序切成 10 格、10 个评分点；{batch}；不满 10 分的轮次不计"

    def _peers(self, reasons: dict[str, str]) -> Peers | None:
        """Return the peers' environment, or None and the reason for each."""
        try:
            peers = install(self.peers) if self.plan.install else installed(self.peers)
            problem = "" if peers else "还没有安装；不带 --quick 运行一次即可"
            if peers and time.monotonic() > self.until:
                peers, problem = None, "机器太忙，前面的测量用完了时间"
        except NoPeers as error:
            peers, problem = None, str(error)
        reasons.update(dict.fromkeys(reasons, problem))
        return peers

    def _paired(self, title: str, contenders: list[Contender], rounds: int, *, warm_up: bool = True) -> Rounds:
        return paired(title, contenders, rounds, warm_up=warm_up, until=self.until)

    def _tell_figure(self, what: str, found: Sample) -> None:
        if found.values:
            self.facts.append(Fact(what, show(found.median), found.spread))

    def _tell(self, rounds: Rounds, names: Mapping[str, str]) -> None:
        """Add the seconds of each contender, for people."""
        for key, what in names.items():
            found = Sample.of(seconds * 1000 for seconds in rounds.get(key, [math.nan]))
            if found.values:
                self.facts.append(Fact(what, f"{show(found.median)} ms", found.spread))


def _strict(runtimes: Path) -> tuple[Sandbox | None, str]:
    """Return the backend with a fresh interpreter for each run, or None and why."""
    try:
        return make_backend(STRICT, runtimes), ""
    except SandboxError as error:
        return None, str(error)


def best(runtimes: Path) -> Sandbox:
    """Return the first backend that runs a program here; SandboxError if none does."""
    problems = []
    for name in BACKENDS:
        try:
            sandbox = make_backend(name, runtimes)
        except SandboxError as error:
            problems.append(f"{name}：{error}")
            continue
        result = sandbox.run(programs.PASS.job())
        if result.status == "ok":
            return sandbox
        sandbox.close()
        problems.append(f"{name}：{result.message}")
        progress(f"不用沙箱 {name}：{result.message}")
    raise SandboxError("本机没有可用的沙箱，不能测速；请先运行 simulator sandbox selftest。" + "；".join(problems))
