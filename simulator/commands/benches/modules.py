"""The bench of the contest modules: one piece of work of each engine, warm, and as a ratio to the same engine started cold.

Warm : as a marking worker has it, with the fork server's libraries and models loaded. Cold : a fresh interpreter under bwrap.
What is measured is the runner as marking calls it, from the parsed answer to its artifacts; boxes run in the worker itself.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from grading.fields import get_kind
from grading.loader import load_task
from grading.model import RunSpec, Task
from grading.registry import KeyFile
from grading.response import load_response
from grading.runners import get_runner
from grading.sandbox import make_backend
from grading.sandbox.contract import Sandbox
from simulator.commands.benches.measure import Contender, NotCounted, paired, ratio
from simulator.commands.benches.report import Goal, Sample, at_most, show, unmeasured

WARM, COLD = "zygote", "bwrap"
AUTOMATIONS, TURNS, IMAGES, BOXES = 10, 20, 50, 8


@dataclass(frozen=True)
class Plan:
    """How many rounds are measured, and after how many seconds no further module begins."""

    rounds: int = 7
    budget_s: float = 480.0


QUICK = Plan(rounds=2, budget_s=45.0)


@dataclass(frozen=True)
class Work:
    """One run of one task on one parsed answer."""

    task: Task
    run: RunSpec
    value: Any

    def contender(self, name: str, sandbox: Sandbox) -> Contender:
        """Return a contender that runs it in `sandbox`."""
        def check(outcome: Any) -> None:
            if outcome.problems:
                raise NotCounted("；".join(problem.sentence for problem in outcome.problems.values()))

        return Contender(name, lambda: get_runner(self.run.runner)(self.run, self.task, self.value, sandbox), check)


class ModulesBench:
    """Measures one machine. After `measure`, `goals` holds what was found. tasks : the shipped tasks; folder : an empty one."""

    def __init__(self, stack: ExitStack, runtimes: Path, tasks: Path, folder: Path, plan: Plan) -> None:
        self.tasks, self.folder, self.plan = tasks, folder, plan
        self.warm = stack.enter_context(closing(make_backend(WARM, runtimes)))
        self.cold = stack.enter_context(closing(make_backend(COLD, runtimes)))
        self.until = time.monotonic() + plan.budget_s
        self.goals: list[Goal] = []

    def measure(self) -> None:
        """Measure every module."""
        self._engine("home", f"智能家居：{AUTOMATIONS} 条自动化过一天", 0.3, self._home)
        self._engine("agent", f"智能体：{TURNS} 轮对话", 3.0, self._agent)
        self._boxes()
        self._engine("voice", "声音：测量一段录音", 3.0, lambda: self._sample("generation/voice-clone"))
        self._engine("pictures", "图片：测量四张图", 4.0, lambda: self._sample("generation/posters"))

    def _engine(self, name: str, what: str, target: float, work: Callable[[], Work]) -> None:
        if time.monotonic() > self.until:
            self.goals.append(unmeasured(name, what, target, "前面的测量用完了时间", unit=" s"))
            return
        job = work()
        rounds = paired(what, [job.contender("warm", self.warm), job.contender("cold", self.cold)], self.plan.rounds, until=self.until)
        self._add(name, what, target, rounds, "全新的解释器（bwrap）")

    def _add(self, name: str, what: str, target: float, rounds: Any, cold: str) -> None:
        share, seconds = ratio(rounds, "warm", "cold"), Sample.of(rounds["cold"])
        how = f"热启动 ÷ {cold} = {show(share.median)}（冷启动 {show(seconds.median)} s）" if share.values else ""
        self.goals.append(at_most(name, what, Sample.of(rounds["warm"]), target, unit=" s", how=how))

    def _sample(self, task_id: str) -> Work:
        return marking_work(load_task(self.tasks / task_id), self.tasks / task_id / "samples" / "full")

    def _home(self) -> Work:
        """The full sample's automations, repeated under other names until there are enough."""
        work = self._sample("home/arrive-leave")
        own = yaml.safe_load((self.tasks / "home/arrive-leave/samples/full/automations.yaml").read_text("utf-8"))
        many = [{**deepcopy(own[n % len(own)]), "id": f"bench_{n}", "alias": f"自动化 {n}"} for n in range(AUTOMATIONS)]
        field = work.task.field(work.run.of)
        return replace(work, value=get_kind(field.kind).parse(yaml.safe_dump(many, allow_unicode=True, sort_keys=False), field))

    def _agent(self) -> Work:
        """The task's own conversations, repeated under other names until there are enough turns."""
        source, copy = self.tasks / "agent/order-service", self.folder / "order-service"
        shutil.copytree(source, copy)
        scenario = copy / "key" / "scenario.yaml"
        own = yaml.safe_load(scenario.read_text("utf-8"))
        turns, many = 0, list[dict[str, Any]]()
        while turns < TURNS:
            talk = own["conversations"][len(many) % len(own["conversations"])]
            talk = {**deepcopy(talk), "id": f"bench_{len(many)}", "turns": talk["turns"][: TURNS - turns]}
            many.append(talk)
            turns += len(talk["turns"])
        scenario.write_text(yaml.safe_dump({**own, "conversations": many}, allow_unicode=True, sort_keys=False), "utf-8")
        return marking_work(load_task(copy), copy / "samples" / "full")

    def _boxes(self) -> None:
        what = f"标注：{IMAGES} 张图、每张 {BOXES} 个框，逐一匹配、平均 IoU 和 mAP"
        warm = Contender("warm", box_marking(self.folder), lambda _: None)
        code = f"from pathlib import Path; from {__name__} import box_marking; box_marking(Path({str(self.folder)!r}))()"
        cold = Contender("cold", lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True), lambda _: None)
        self._add("boxes", what, 0.1, paired(what, [warm, cold], self.plan.rounds, until=self.until), "新的进程")


def box_marking(folder: Path) -> Callable[[], list[Any]]:
    """Return the marking of a set of boxes (nearly right, some missing, some too many) by three graders; the key goes to `folder`."""
    from grading.boxes import Box, Boxes
    from grading.graders._boxes import Reach
    from grading.graders.boxes import boxes_map, boxes_match, mean_iou

    chance = random.Random(0)
    names = [f"{n:02}.png" for n in range(IMAGES)]
    truth = [(name, [chance.randrange(0, 500), chance.randrange(0, 360), chance.randrange(20, 120), chance.randrange(20, 100)], 1 + n % 3)
             for name in names for n in range(BOXES)]
    key = folder / "boxes.json"
    key.write_text(json.dumps({
        "images": [{"id": n, "file_name": name, "width": 640, "height": 480} for n, name in enumerate(names)],
        "categories": [{"id": n, "name": f"kind{n}"} for n in (1, 2, 3)],
        "annotations": [
            {"id": n, "image_id": names.index(name), "category_id": kind, "bbox": box} for n, (name, box, kind) in enumerate(truth)
        ],
    }), "utf-8")
    own: dict[str, list[Box]] = {name: [Box("kind1", 5, 5, 30, 30)] for name in names}
    for name, (x, y, w, h), kind in truth:
        if chance.random() < 0.9:
            own[name].append(Box(f"kind{kind}", x + chance.randrange(5), y + chance.randrange(5), w, h))
    labels = {f"kind{n}": f"类别 {n}" for n in (1, 2, 3)}
    boxes = Boxes({name: tuple(found) for name, found in own.items()}, dict.fromkeys(names, (640, 480)), labels)
    truth_file, bands = KeyFile(key), (Reach(at=0.99, fraction=1),)
    return lambda: [
        boxes_match(boxes, key=truth_file), mean_iou(boxes, key=truth_file, bands=bands), boxes_map(boxes, key=truth_file, bands=bands),
    ]


def marking_work(task: Task, sample: Path) -> Work:
    """Return the task's first run that marks, on the answer in `sample`."""
    run = next(run for run in task.runs if run.purpose != "trial")
    field = task.field(run.of)
    return Work(task, run, get_kind(field.kind).parse(load_response(task, sample)[field.id], field))
