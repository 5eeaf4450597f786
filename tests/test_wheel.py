"""The wheel is the whole program: installed alone, from an empty folder, it checks its tasks and shows its pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = """
import simulator
from pathlib import Path
from simulator.config import load_settings, shipped

package = Path(simulator.__file__).parent
assert "site-packages" in package.parts, package
for folder in ("tasks", "templates"):
    assert shipped(folder) == package / folder, shipped(folder)
app = simulator.create_app(load_settings(Path("instance").resolve()))
answer = app.test_client().get("/login")
assert answer.status_code == 200, answer.status
assert "<form" in answer.text and "csrf" in answer.text
style = app.test_client().get("/static/favicon.svg")
assert style.status_code == 200
print("ok")
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("grading", "simulator", "tasks", "templates", "setup.cfg", "pyproject.toml", "README.md"):
        # Built from a copy: setuptools leaves build/ and egg-info in the folder that it builds from.
        subprocess.run(["cp", "-r", str(ROOT / name), str(source / name)], check=True)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Folder of a fresh environment with the wheel; third-party packages are those of this environment."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    site = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(folder / "bin" / "python"), "install", "--quiet",
         "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True,
    )
    # Behind the wheel's own packages on the path; a bare folder, so that the checkout's editable install is not followed.
    (site / "third_party.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run(installed: Path, cwd: Path, *command: str, ok: tuple[int, ...] = (0,)) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "SIMULATOR", "VIRTUAL"))}
    done = subprocess.run(
        [str(installed / "bin" / command[0]), *command[1:]], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in ok, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_wheel_holds_templates_tasks_static_files_and_migrations_and_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in ("simulator/templates/base.html", "simulator/tasks/data/retail-orders/task.yaml",
                   "simulator/tasks/data/retail-orders/key/cleaned.csv", "simulator/tasks/theory/1.1/bank.yaml",
                   "simulator/tasks/standard/level3.yaml", "simulator/static/vendor/VENDOR.md", "simulator/migrations/env.py",
                   "grading/runtimes/python.toml", "grading/runners/python.py", "grading/sandbox/bwrap.py"):
        assert wanted in names
    for path in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "grading").rglob("*.py"), *(ROOT / "simulator").rglob("*.py")]:
        inside = path.relative_to(ROOT).as_posix()
        assert (f"simulator/{inside}" if inside.startswith("templates/") else inside) in names
    assert not [name for name in names if name.startswith(("tests/", "instance/", "simulator/tests"))]
    assert not [name for name in names if name.endswith((".pyc", ".sqlite")) or "__pycache__" in name]


def test_command_line_works_from_an_empty_folder(installed, tmp_path):
    help_text = run(installed, tmp_path, "simulator", "--help")
    for command in ("serve", "demo", "tasks", "runtimes"):
        assert command in help_text


def test_shipped_bank_proves_itself(installed, tmp_path):
    found = run(installed, tmp_path, "python", "-c", "from simulator.config import shipped; print(shipped('tasks'))").strip()
    bank = Path(found) / "theory" / "1.1" / "bank.yaml"
    report = json.loads(run(installed, tmp_path, "simulator", "tasks", "check", str(bank), "--json"))
    assert report["tasks"] > 5
    assert report["samples"] > 3 * report["tasks"] - 1
    assert report["mismatches"] == 0


def test_library_is_read_from_inside_the_package(installed, tmp_path):
    program = "from grading import load_library; from simulator.config import shipped; print(len(load_library(shipped('tasks')).papers))"
    assert int(run(installed, tmp_path, "python", "-c", program)) >= 1


def test_log_in_page_is_rendered_from_inside_the_package(installed, tmp_path):
    assert run(installed, tmp_path, "python", "-c", PAGE).strip() == "ok"


def test_marking_needs_no_web(installed, tmp_path):
    """`python -m grading` runs where the web's packages are not even importable."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys(['flask', 'sqlalchemy', 'jinja2', 'click', 'apscheduler', 'simulator']));"
        "import grading, grading.__main__, grading.proof, grading.package, grading.drawing, grading.graders; print('ok')"
    )
    assert run(installed, tmp_path, "python", "-c", program).strip() == "ok"
