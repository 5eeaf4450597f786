"""Options that several command groups share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from simulator.config import load_settings


def _default_runtimes() -> Path:
    return load_settings().runtimes


runtimes_dir: Callable[[Any], Any] = click.option(
    "--runtimes-dir", type=click.Path(file_okay=False, path_type=Path), default=_default_runtimes,
    help="运行环境所在目录，默认按设置 runtimes_dir，即 instance 目录下的 runtimes。",
)  # fmt: skip
