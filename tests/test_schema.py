"""`tasks/task.schema.json`, which editors read, says what the loader says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from grading.yamlfile import read_yaml
from simulator.commands.tasks import tasks
from simulator.scaffold import FILES
from tests.grading.trees import TASK, changed

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "tasks" / "task.schema.json"
SHIPPED = sorted((ROOT / "tasks").rglob("task.yaml"))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_file_is_what_the_command_prints(tmp_path):
    """Renew it with `simulator tasks schema --write tasks/task.schema.json`."""
    printed = CliRunner().invoke(tasks, ["schema"], catch_exceptions=False)
    assert printed.exit_code == 0
    assert printed.output == SCHEMA.read_text("utf-8")
    CliRunner().invoke(tasks, ["schema", "--write", str(tmp_path / "s.json")], catch_exceptions=False)
    assert (tmp_path / "s.json").read_text("utf-8") == printed.output


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_shipped_task_is_valid(validator, path):
    assert [error.message for error in validator.iter_errors(read_yaml(path))] == []


def test_there_are_shipped_tasks():
    assert {path.parent.name for path in SHIPPED} >= {"retail-orders", "churn-model"}


def test_scaffold_of_a_new_task_is_valid(validator, tmp_path):
    (tmp_path / "task.yaml").write_text(FILES["task.yaml"], "utf-8")
    validator.validate(read_yaml(tmp_path / "task.yaml"))


@pytest.mark.parametrize("changes", [
    {"mark": 1}, {"title": ...}, {"minutes": 0}, {"fields.0.kind": "digits"}, {"fields.0.units": "x"}, {"points.0.mark": 1},
    {"runs.0.limits.ram": 1}, {"points.0.marks": 0}, {"level": 6}, {"points": []}, {"runs.0.produces.cleaned.kind": "csv"},
])
def test_mistakes_are_underlined_in_an_editor(validator, changes):
    validator.validate(TASK)
    assert list(validator.iter_errors(changed(TASK, changes)))
