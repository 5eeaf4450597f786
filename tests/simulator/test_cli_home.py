"""`simulator home run`: exactly the options, keys and exit codes that others rely on."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from simulator.cli import main
from simulator.config import ROOT
from tests.grading.sandbox.fixtures import runtimes_dir

__all__ = ["runtimes_dir"]

TASK = ROOT / "tasks" / "home" / "arrive-leave"
FILES = {
    "automations": TASK / "samples" / "full" / "automations.yaml", "home": TASK / "files" / "home.yaml",
    "scenario": TASK / "files" / "trial.yaml",
}


@pytest.fixture
def play(tmp_path, monkeypatch, runtimes_dir):
    monkeypatch.setenv("SIMULATOR_INSTANCE", str(tmp_path / "instance"))

    def play(*more, **files):
        options = [word for name, path in {**FILES, **files}.items() for word in (f"--{name}", str(path))]
        return CliRunner().invoke(main, ["home", "run", *options, "--runtimes-dir", str(runtimes_dir), *more])

    return play


@pytest.fixture
def write(tmp_path):
    def write(text):
        (tmp_path / "given.yaml").write_text(text, "utf-8")
        return tmp_path / "given.yaml"

    return write


@pytest.mark.sandbox
def test_the_json_says_what_happened(play):
    done = play("--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["automations"][0] == {"id": "", "alias": "天黑回家开灯", "valid": True, "error": ""}
    assert found["end"] == 10_800
    leaving = [call for call in found["calls"] if call["service"] == "lock.lock"]
    assert leaving[0] == {"t": 480.0, "service": "lock.lock", "entities": ["lock.front"], "data": {}, "automation": "离家"}
    assert found["states"]["lock.front"][:2] == [{"t": 0.0, "state": "unlocked"}, {"t": 480.0, "state": "locked"}]


@pytest.mark.sandbox
def test_the_table_is_for_people(play, write):
    text = FILES["automations"].read_text("utf-8") + "- alias: 坏\n  trigger: {platform: sun, event: sunset}\n  action: []\n"
    done = play(automations=write(text))
    assert done.exit_code == 0
    assert "✗ 无效  坏：引擎不支持日出日落触发器（sun）。" in done.stdout
    assert "17:08:00  调用 lock.lock" in done.stdout
    assert done.stdout.endswith("到 20:00:00 结束。\n")


@pytest.mark.parametrize("which, text, said", [
    ("automations", "- alias: !secret x\n", "标签 !secret"), ("automations", "- [", "YAML"), ("automations", "x: 1", "不认识 'x'"),
    ("home", "title: x\n", "rooms"), ("home", "- 1\n", "键: 值"), ("scenario", "title: x\n", "start"), ("scenario", "a: &a [*a]", "YAML"),
    ("scenario", "title: x\nstart: '2026-01-01 00:00:00'\nhours: 1\nevents: [{at: 1, set: {light.q: 'on'}}]\n", "家里没有 'light.q'"),
])
def test_bad_files_end_with_one_sentence(play, write, which, text, said):
    done = play(**{which: write(text)})
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_no_text_is_refused(play, tmp_path):
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    assert play(automations=tmp_path / "x.yaml").exit_code == 2
    assert play(home=tmp_path / "x.yaml").exit_code == 2
