"""Finish the runtime `home`: delete the integrations of Home Assistant that no automation of ours can use.

Run by the runtime's own Python with the runtime's folder as its argument. What stays is what the core imports, the engine of
automations and scripts with its triggers, and the names of the domains whose devices are simulated.
"""

from __future__ import annotations

import compileall
import shutil
import sys
from pathlib import Path

KEPT = frozenset([
    "automation", "binary_sensor", "blueprint", "device_automation", "homeassistant", "http", "input_datetime", "light", "logger",
    "network", "persistent_notification", "scene", "script", "search", "sensor", "template", "trace", "websocket_api", "zone",
])
NEEDLESS = ("distutils", "pip", "setuptools", "_distutils_hack", "pkg_resources")


def main(folder: Path) -> None:
    """Prune what pip put below `folder`, then compile the rest."""
    packages = next((folder / "lib").glob("python3*")) / "site-packages"
    components = packages / "homeassistant" / "components"
    for path in components.iterdir():
        if path.is_dir() and path.name not in KEPT:
            shutil.rmtree(path)
    for path in [*components.glob("*/translations"), *packages.rglob("tests"), *packages.rglob("__pycache__")]:
        shutil.rmtree(path, ignore_errors=True)
    for path in packages.iterdir():
        if path.name.split("-")[0] in NEEDLESS:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    next(packages.glob("homeassistant-*.dist-info/RECORD")).unlink()  # 4 MB that name what has just been deleted
    compileall.compile_dir(str(packages), quiet=2, workers=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
