"""`python -m grading mark`: the command line as a shell sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grading.__main__ import main
from tests.grading.trees import FULL, write_task, write_yaml

REPOSITORY = Path(__file__).parents[2]


def run(*arguments: str | Path, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "error"}
    return subprocess.run(
        [sys.executable, "-m", "grading", *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, text=True, check=False,
    )


def test_json_is_exactly_the_marks(plain, tmp_path):
    """The one run as a subprocess that reads all of the output; the others call the same `main`."""
    write_yaml(tmp_path / "response" / "response.yaml", {"rows": 4, "word": " 去重 "})
    done = run("mark", plain.root, tmp_path / "response", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found == {
        "task": "plain", "earned": 2.0, "marks": 3.0, "points": [
            {"id": "M1", "status": "incorrect", "earned": 0.0, "marks": 1.0, "expected": "3", "found": "4",
             "reason": found["points"][0]["reason"]},
            {"id": "M2", "status": "correct", "earned": 2.0, "marks": 2.0, "expected": "去重", "found": "去重",
             "reason": found["points"][1]["reason"]},
        ],
    }
    assert list(found) == ["task", "earned", "marks", "points"]
    assert all(point["reason"].endswith("。") for point in found["points"])
    assert "去重" in done.stdout  # readable, not escaped


def test_error_of_an_author_is_one_sentence_and_exit_code_2(tmp_path):
    root = write_task(tmp_path / "mini", {"points.0.grader": "numbr"})
    done = run("mark", root, root)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert "points.0.grader" in done.stderr
    assert "numbr" in done.stderr


@pytest.mark.parametrize(("make", "words"), [
    (lambda task, folder: folder.mkdir(), "response.yaml"),
    (lambda task, folder: None, "response.yaml"),
    (lambda task, folder: write_yaml(folder / "response.yaml", {"row": 1}), "row"),
    (lambda task, folder: write_yaml(folder / "response.yaml", [1]), "response.yaml"),
    (lambda task, folder: write_yaml(folder / "response.yaml", {"word": {"file": "../../x"}}), "../../x"),
    (lambda task, folder: (task / "task.yaml").write_text("a: *b\n"), "别名"),
    (lambda task, folder: (task / "task.yaml").write_bytes("标题".encode("gbk")), "UTF-8"),
    (lambda task, folder: (task / "statement.md").unlink(), "statement.md"),
])
def test_whatever_is_wrong_is_one_sentence(plain, tmp_path, capsys, make, words):
    make(plain.root, tmp_path / "response")
    assert main(["mark", str(plain.root), str(tmp_path / "response"), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err


def test_table_for_people_shows_every_point_and_the_sum(plain, tmp_path, capsys):
    write_yaml(tmp_path / "response" / "response.yaml", {"rows": 3})
    assert main(["mark", str(plain.root), str(tmp_path / "response")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "两个填空" in lines[0]
    assert [part in line for part, line in zip(("M1", "M2", "合计 1.00 / 3"), lines[1:], strict=True)] == [True] * 3
    assert "correct" in lines[1]
    assert "blank" in lines[2]


def test_without_sandbox_points_of_runs_wait(tmp_path, capsys, monkeypatch):
    from grading import __main__ as command
    from grading.errors import SandboxError

    def refuse(runtimes):
        raise SandboxError("本机没有可用的沙箱。")

    monkeypatch.setattr(command, "open_sandbox", refuse)
    root = write_task(tmp_path / "mini")
    write_yaml(tmp_path / "response" / "response.yaml", FULL)
    assert main(["mark", str(root), str(tmp_path / "response"), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == "本机没有可用的沙箱。\n"
    found = json.loads(out)
    assert {point["id"]: point["status"] for point in found["points"]}["M4"] == "error"
    assert found["earned"] == 5.0


@pytest.mark.parametrize("arguments", [[], ["prove"], ["mark"], ["mark", "a"], ["mark", "a", "b", "--xml"]])
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err
