"""Options that several command groups share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def _default_runtimes() -> Path:
    return Path(os.environ.get("SIMULATOR_INSTANCE") or "instance") / "runtimes"


runtimes_dir: Callable[[Any], Any] = click.option(
    "--runtimes-dir", type=click.Path(file_okay=False, path_type=Path), default=_default_runtimes,
    help="运行环境所在目录，默认是 instance 目录（或 SIMULATOR_INSTANCE）下的 runtimes。",
)  # fmt: skip
