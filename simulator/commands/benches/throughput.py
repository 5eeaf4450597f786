"""Two workers at once: processes, each with a sandbox of its own, on two cores."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from grading.errors import SandboxError
from grading.sandbox import make_backend
from simulator.commands.benches import programs
from simulator.commands.benches.measure import Contender, NotCounted
from simulator.commands.benches.workload import Reference

WORKERS = 2
START_S = 60.0
WORK_S = 180.0


@contextmanager
def contenders(
    backend: str, runtimes: Path, folder: Path, reference: Reference, *, jobs: int, plain_jobs: int
) -> Iterator[list[Contender]]:
    """Give the contenders `sandbox` and `plain`, whose seconds are those of one run at full load of two workers.

    jobs, plain_jobs : runs of each worker in one round.
    """
    context = multiprocessing.get_context("spawn")
    pipes: list[Connection] = []
    workers = []
    for number in range(WORKERS):
        ours, theirs = context.Pipe()
        arguments = (theirs, backend, runtimes, folder / f"worker{number}", reference)
        workers.append(context.Process(target=_work, args=arguments, daemon=True))
        pipes.append(ours)
    try:
        for worker in workers:
            worker.start()
        _answers(pipes, START_S)
        yield [_contender(pipes, "sandbox", jobs), _contender(pipes, "plain", plain_jobs)]
    finally:
        for pipe in pipes:
            pipe.close()
        for worker in workers:
            worker.join(10)
            worker.kill()


def _contender(pipes: list[Connection], kind: str, jobs: int) -> Contender:
    def run() -> None:
        for pipe in pipes:
            pipe.send((kind, jobs))
        _answers(pipes, WORK_S)

    return Contender(kind, run, lambda _: None, units=jobs * WORKERS)


def _answers(pipes: list[Connection], patience: float) -> None:
    """Wait until every worker is done; NotCounted if one is not, or says that its work went wrong."""
    for pipe in pipes:
        try:
            problem = str(pipe.recv()) if pipe.poll(patience) else "没有回答"
        except EOFError:
            problem = "意外结束"
        if problem:
            raise NotCounted(f"评分进程：{problem}")


def _work(pipe: Connection, backend: str, runtimes: Path, folder: Path, reference: Reference) -> None:
    """Be a worker: open a sandbox, then do what the pipe orders (`plain` or `sandbox`, how often), until it is closed."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:WORKERS])
    try:
        sandbox = make_backend(backend, runtimes)
        program = programs.typical(reference)
        python = runtimes / "python" / "bin" / "python"
        kinds = {
            "sandbox": programs.in_sandbox("sandbox", sandbox, program), "plain": programs.plain("plain", python, folder, program),
        }
        pipe.send("")
    except SandboxError as error:
        pipe.send(str(error))
        return
    try:
        while True:
            kind, jobs = pipe.recv()
            failed = sum(math.isnan(kinds[kind].seconds()) for _ in range(jobs))
            pipe.send(f"{failed} 次运行没有做完" if failed else "")
    except (EOFError, BrokenPipeError):
        sandbox.close()
