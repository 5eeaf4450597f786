"""`simulator bench …`: measurements on this machine, as ratios of medians. Commands, never timed tests."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from grading.model import RunLimits
from grading.sandbox import open_sandbox
from grading.sandbox.contract import RunJob, Sandbox
from simulator.config import load_settings

TYPICAL = """\
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

rng = np.random.default_rng(0)
frame = pd.DataFrame({"a": rng.normal(size=4000), "b": rng.normal(size=4000)})
frame["y"] = (frame.a + frame.b > 0).astype(int)
frame = frame.drop_duplicates().dropna()
train, test = train_test_split(frame, random_state=0)
model = LogisticRegression().fit(train[["a", "b"]], train.y)
pd.DataFrame({"p": model.predict(test[["a", "b"]])}).to_csv("p.csv", index=False)
"""


@click.group()
def bench() -> None:
    """测速：本机实测，报告比值。"""


@bench.command()
@click.option("--rounds", default=15, show_default=True)
def sandbox(rounds: int) -> None:
    """Sandboxed run ÷ plain `python script.py`, interleaved, medians."""
    settings = load_settings()
    backend = open_sandbox(settings.runtimes)
    python = settings.runtimes / "python" / "bin" / "python"
    for name, script in (("pass", "pass\n"), ("typical", TYPICAL)):
        job = RunJob("python", "main.py", {"main.py": script.encode()}, RunLimits(), ("p.csv",))
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "main.py").write_text(script)
            plain = [str(python), "main.py"]
            inside, outside = _paired(
                rounds, partial(_run, backend, job), partial(subprocess.run, plain, cwd=folder, check=True),
            )
        ratio = statistics.median(i / o for i, o in zip(inside, outside, strict=True))
        click.echo(
            f"{name:<8} {backend.name}: {statistics.median(inside) * 1000:7.1f} ms   "
            f"python: {statistics.median(outside) * 1000:7.1f} ms   ratio {ratio:.2f}"
        )


def _run(backend: Sandbox, job: RunJob) -> None:
    status = backend.run(job).status
    if status != "ok":
        raise click.ClickException(f"the sandboxed run ended with {status}")


def _paired(rounds: int, first: Callable[[], object], second: Callable[[], object]) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, into in ((first, times[0]), (second, times[1])):
            start = time.perf_counter()
            call()
            into.append(time.perf_counter() - start)
    return times
