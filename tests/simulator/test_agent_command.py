"""`simulator agent`: the command line of the agent module."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli import main
from tests.agent_tree import asking_flow
from tests.fake_model import MODEL, fake_model

ROOT = Path(__file__).parents[2]
TASKS = ROOT / "tasks" / "agent"
ORDERS, MANUAL = TASKS / "order-service", TASKS / "inspection-assistant"
FLOW = ORDERS / "samples" / "full" / "flow.yml"


def call(*arguments):
    return CliRunner().invoke(main, ["agent", *map(str, arguments)])


def played(*arguments):
    result = call("run", *arguments, "--json", "--runtimes-dir", ROOT / "instance" / "runtimes")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.sandbox
class TestRun:
    def test_everything_that_happened_comes_as_json(self):
        found = played(FLOW, "--scenario", ORDERS / "files" / "scenario.yaml", "--tools", ORDERS / "files" / "tools.yaml")
        assert set(found) == {"engine", "transcript", "tool_calls", "retrievals", "trace", "outputs"}
        first = found["transcript"][0]
        assert (first["conversation"], first["turn"], "运输中" in first["answer"]) == ("normal", 1, True)
        assert found["tool_calls"][0]["arguments"] == {"order_id": "SO20260001"}
        assert found["trace"][0] == {"conversation": "normal", "turn": 1, **found["trace"][0]}
        assert [step["title"] for step in found["trace"] if step["conversation"] == "scope"][-1] == "拒绝"

    @pytest.mark.parametrize("names", [["lathe.md", "compressor.md"], ["."]])
    def test_documents_by_name_or_folder_and_a_mock(self, names):
        paths = [MANUAL / "files" / name for name in names]
        found = played(MANUAL / "samples" / "full" / "flow.yml", "--scenario", MANUAL / "files" / "scenario.yaml",
                       "--documents", *paths, "--mock", "生成回答=固定的话=是")
        assert {turn["answer"] for turn in found["transcript"]} == {"固定的话=是"}
        assert found["retrievals"][0]["document"] == "lathe.md"

    def test_people_read_a_transcript(self):
        result = call("run", FLOW, "--scenario", ORDERS / "files" / "scenario.yaml", "--tools", ORDERS / "files" / "tools.yaml",
                      "--runtimes-dir", ROOT / "instance" / "runtimes")
        assert result.exit_code == 0
        assert "客服：您的订单 SO20260001 目前运输中" in result.output
        assert "✗ 查询订单（tool）  调用超时，没有返回" in result.output

    @pytest.mark.parametrize("extra", [["--mock", "nobody=x"], ["--mock", "no-sign"], [FLOW]])
    def test_mistakes_of_the_caller(self, extra):
        result = call("run", FLOW, *extra, "--scenario", ORDERS / "files" / "scenario.yaml", "--tools", ORDERS / "files" / "tools.yaml")
        assert result.exit_code == 2


@pytest.mark.sandbox
class TestEndpoint:
    FILES = ("--scenario", ORDERS / "files" / "scenario.yaml", "--tools", ORDERS / "files" / "tools.yaml")
    ARGUMENTS = (*FILES, "--endpoint", "--runtimes-dir", ROOT / "instance" / "runtimes")

    @pytest.fixture
    def model(self, monkeypatch, tmp_path):
        monkeypatch.setenv("SIMULATOR_INSTANCE", str(tmp_path / "instance"))
        with fake_model() as fake:
            monkeypatch.setenv("SIMULATOR_LLM_URL", fake.url)
            monkeypatch.setenv("SIMULATOR_LLM_MODEL", MODEL)
            yield fake

    @pytest.fixture
    def asking(self, tmp_path):
        path = tmp_path / "asking.yml"
        path.write_text(asking_flow(), "utf-8")
        return path

    def test_the_model_answers(self, model, asking):
        result = call("run", asking, *self.ARGUMENTS, "--json")
        assert result.exit_code == 0, result.output
        found = json.loads(result.stdout)
        assert found["transcript"][0]["answer"] == "收到：你好，帮我查一下订单 SO20260001 到哪里了"
        assert next(step for step in found["trace"] if step["type"] == "llm")["prompt"].startswith("【系统】你是客服小李。")
        assert f"大模型 {MODEL}" in call("run", asking, *self.ARGUMENTS).output

    def test_no_answer_is_a_sentence(self, model, asking):
        model.reply = lambda _: (500, {})
        result = call("run", asking, *self.ARGUMENTS)
        assert (result.exit_code, "出错了（HTTP 500）" in result.output, "Traceback" in result.output) == (2, True, False)

    def test_without_one_it_says_so(self, monkeypatch, tmp_path, asking):
        monkeypatch.setenv("SIMULATOR_INSTANCE", str(tmp_path / "instance"))
        result = call("run", asking, *self.ARGUMENTS)
        assert (result.exit_code, "llm_url" in result.output) == (2, True)


@pytest.mark.parametrize(("text", "words"), [("tools: 1", "YAML|tools|列表"), ("conversations: []", "conversations")])
def test_files_that_cannot_be_read_are_named(tmp_path, text, words):
    (tmp_path / "bad.yaml").write_text(text, "utf-8")
    result = call("run", FLOW, "--scenario", tmp_path / "bad.yaml")
    assert result.exit_code == 2
    assert "scenario" in result.output


class TestLint:
    def test_a_good_flow(self):
        result = call("lint", FLOW, "--tools", ORDERS / "files" / "tools.yaml", "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout) == {"ok": True, "findings": []}

    def test_a_bad_flow_ends_with_1(self, tmp_path):
        path = tmp_path / "bad.yml"
        path.write_text(FLOW.read_text("utf-8").replace("tool_name: get_order", "tool_name: find_order"), "utf-8")
        result = call("lint", path, "--tools", ORDERS / "files" / "tools.yaml", "--json")
        assert result.exit_code == 1
        assert [f["place"] for f in json.loads(result.stdout)["findings"] if f["severity"] == "error"] == ["order"]
        assert "错误  第" in call("lint", path, "--tools", ORDERS / "files" / "tools.yaml").output

    @pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"a: ["])
    def test_what_is_no_flow(self, tmp_path, data):
        path = tmp_path / "bad.yml"
        path.write_bytes(data)
        assert call("lint", path).exit_code in (1, 2)
