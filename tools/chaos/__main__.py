"""`python -m tools.chaos`."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import click

from grading.errors import SandboxError
from simulator.commands.benches.report import Machine, progress
from simulator.config import PREFIX, ROOT
from tools.chaos import report
from tools.chaos.processes import adopt_orphans
from tools.chaos.run import NotReady, Options, Reference, run
from tools.chaos.sites import MODES, Missing


@click.command()
@click.option("--mode", type=click.Choice([*MODES, "all"]), default="all", show_default=True, help="一台机器，还是几台机器加 Celery。")
@click.option("--submissions", type=click.IntRange(1), default=300, show_default=True, help="多少人交卷。")
@click.option("--kills", type=click.IntRange(0), default=48, show_default=True, help="杀多少次。")
@click.option("--minutes", type=click.FloatRange(0.1), default=3.0, show_default=True, help="交卷和杀进程持续多久。")
@click.option("--seed", type=int, default=20251209, show_default=True, help="作答、时间和对象都由它决定。")
@click.option("--runtimes-dir", type=click.Path(file_okay=False, path_type=Path), default=ROOT / "instance" / "runtimes", help="运行环境。")
@click.option("--keep", is_flag=True, help="留下临时文件夹（数据库、日志）。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def main(
    mode: str, submissions: int, kills: int, minutes: float, seed: int, runtimes_dir: Path, *, keep: bool, as_json: bool
) -> None:
    """一边让考生交卷，一边杀进程；然后查：收下的卷一份不少、不重、都评完，判定与不受打扰时相同。"""
    signal.signal(signal.SIGTERM, _stop)
    adopt_orphans()
    for name in [name for name in os.environ if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_")]:
        del os.environ[name]  # the school has settings of its own
    machine, options = Machine.here(), Options(submissions, kills, minutes * 60, seed, runtimes_dir)
    reference = Reference(options)
    outcomes, skipped = [], {}
    for name in MODES if mode == "all" else [mode]:
        folder = Path(tempfile.mkdtemp(prefix="simulator-chaos-"))
        try:
            outcomes.append(run(name, folder, options, reference))
        except Missing as missing:
            skipped[name] = str(missing)
            progress(f"{name} 没有检查：{missing}")
            continue
        except (NotReady, SandboxError) as problem:
            raise click.ClickException(str(problem)) from None
        finally:
            if keep:
                progress(f"{name} 的文件夹：{folder}")
            else:
                shutil.rmtree(folder, ignore_errors=True)
        if not as_json:
            report.show(outcomes[-1])
    if as_json:
        report.print_json(outcomes, skipped, machine, seed)
    must = os.environ.get("REQUIRE_ALL") == "1" or mode != "all"
    sys.exit(0 if outcomes and all(outcome.kept for outcome in outcomes) and not (skipped and must) else 1)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
