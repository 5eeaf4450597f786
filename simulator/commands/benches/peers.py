"""The peers' virtual environment: nbgrader and otter-grader, apart from the app's and from the candidates' runtimes.

Their packages are pinned in `peers.txt`, but for those that candidates' programs use: these are the runtime's own versions,
so that all systems run the same work.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grading import runtimes
from simulator.commands.benches.programs import SINGLE_THREAD
from simulator.commands.benches.report import progress

PINS = Path(__file__).with_name("peers.txt")
SHARED = (
    "joblib", "narwhals", "numpy", "packaging", "pandas", "python-dateutil", "scikit-learn", "scipy", "threadpoolctl", "tzdata",
)  # fmt: skip
INSTALL_S = 240
_STAMP = ".stamp"


class NoPeers(Exception):
    """The peers are not there; the message says why, for people."""


@dataclass(frozen=True)
class Peers:
    """A built environment. folder : the virtual environment."""

    folder: Path

    def command(self, name: str) -> str:
        """Return the path of the console script `name`."""
        return str(self.folder / "bin" / name)

    def environment(self) -> Mapping[str, str]:
        """Return environment variables that make their kernels start here and keep their caches here, for all runs."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER", "IPYTHON"))},
            **SINGLE_THREAD, "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}", "HOME": str(home),
            "JUPYTER_PLATFORM_DIRS": "1", "VIRTUAL_ENV": str(self.folder),
        }  # fmt: skip

    def version(self, package: str) -> str:
        """Return the pinned version of `package`."""
        pins = (line.partition("==") for line in PINS.read_text("utf-8").splitlines())
        return next(version for name, _, version in pins if name == package)


def installed(folder: Path) -> Peers | None:
    """Return the peers if they are built below `folder` as pinned."""
    stamp = folder / _STAMP
    return Peers(folder) if stamp.is_file() and stamp.read_text("ascii") == _wanted() else None


def install(folder: Path) -> Peers:
    """Return the peers below `folder`, built there first if need be (a minute or two); NoPeers if they cannot be got."""
    if (peers := installed(folder)) is not None:
        return peers
    progress("正在为 nbgrader 和 otter-grader 建立单独的虚拟环境（只做一次，一两分钟）……")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Not built aside and renamed: console scripts name the folder that they were installed in.
    _call([sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--no-input", "--quiet", "--retries", "2"]
    shared = [package for package in runtimes.spec("python").packages if package.partition("==")[0] in SHARED]
    _call([*pip, "--no-deps", "-r", str(PINS), *shared])
    (folder / _STAMP).write_text(_wanted(), "ascii")
    return Peers(folder)


def _wanted() -> str:
    text = PINS.read_text("utf-8") + runtimes.spec("python").stamp
    return hashlib.sha256(text.encode()).hexdigest()


def _call(command: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=environment, check=False, timeout=INSTALL_S
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NoPeers(f"nbgrader 和 otter-grader 在 {INSTALL_S} 秒内没有装好，请再试一次") from None
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        last = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "没有说明")
        raise NoPeers(f"nbgrader 和 otter-grader 安装失败：{last[:200]}")
