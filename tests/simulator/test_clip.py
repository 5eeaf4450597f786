"""The school's own CLIP model as the administrator and the instructor see it: there or not, good or bad, and what it decides."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

from grading import clip
from grading.library import load_library
from simulator import catalog, equipment
from simulator.commands import findings
from simulator.models import PaperVersion
from tests.grading.clip import tiny
from tests.grading.clip.conftest import media, model
from tests.grading.clip.test_prompts import TASK
from tests.grading.sandbox.fixtures import python_runtime, runtimes_dir

__all__ = ["media", "model", "python_runtime", "runtimes_dir"]

PAPER = """\
title: 图文卷
minutes: 5
marks: 3
modules:
  - {id: pictures, title: 图片, part: practical, minutes: 5, slots: [{task: generation/pair}]}
"""


@pytest.fixture
def put(services, model):
    """Put the good model where this installation looks for one; return its folder."""

    def put():
        return tiny.copied(model, services.settings.instance / "models") / "clip"

    return put


def told(services):
    """Return name → (level, found, advice) of what `simulator doctor` says."""
    return {one.name: (one.level, one.found, one.advice) for one in findings.clip_model(services.settings.runtimes)}


class TestDoctor:
    def test_no_model_is_well_and_says_where_it_would_go(self, services):
        (level, found, advice), = told(services).values()
        assert (level, advice) == ("ok", "")
        assert str(services.settings.instance / "models" / "clip") in found

    def test_a_good_one_file_by_file(self, services, put):
        folder = put()
        found = told(services)
        assert {level for level, _, _ in found.values()} == {"ok"}
        assert clip.find(folder.parent).fingerprint in found["CLIP 模型"][1]
        vision = found["CLIP 文件 onnx/vision_model.onnx"][1]
        assert vision.startswith("0.1 MB，SHA-256 ")
        assert len(vision.rpartition(" ")[2]) == 64

    def test_a_bad_one_in_a_sentence(self, services, put):
        (put() / "onnx" / "text_model.onnx").write_bytes(b"not found")
        level, found, advice = told(services)["CLIP 模型"]
        assert level == "warn"
        assert "text_model.onnx 不是完整的 ONNX 文件" in found
        assert advice

    @pytest.mark.sandbox
    def test_it_is_tried_in_the_sandbox(self, media, model, tmp_path):
        tiny.copied(model, tmp_path / "models")
        (one,) = findings.clip_trial(tiny.instance(media, tmp_path))
        assert (one.level, one.name) == ("ok", "CLIP 试算")
        assert "内存" in one.found
        (tmp_path / "models" / "clip" / "tokenizer.json").write_text('{"model": {"type": "?", "vocab": {"的": 0}}}', "utf-8")
        (one,) = findings.clip_trial(tmp_path / "runtimes")
        assert one.level == "warn"
        assert "tokenizer.json 不能使用" in one.found

    def test_nothing_is_tried_without_one(self, services):
        assert list(findings.clip_trial(services.settings.runtimes)) == []


class TestSystemPage:
    def test_without_a_model_it_says_so(self, log_in):
        page = log_in("a1").get("/admin/system").text
        assert "学校自己的 CLIP 模型" in page
        assert "没有放" in page

    def test_a_good_one_with_sizes_and_digests(self, log_in, services, put):
        found = clip.find(put().parent)
        page = log_in("a1").get("/admin/system").text
        assert all(file.sha256 in page and file.name in page for file in found.files)
        assert found.fingerprint in page
        assert "认识中文" in page

    def test_a_bad_one_in_a_sentence(self, log_in, put):
        (put() / "onnx" / "vision_model.onnx").unlink()
        assert "缺少 vision_model.onnx" in log_in("a1").get("/admin/system").text


class TestScheduling:
    @pytest.fixture
    def paper(self, db, tree, clock, model, tmp_path):
        """A paper whose task gives marks by the good model; its id."""
        tasks = tmp_path / "tasks"
        shutil.copytree(tree, tasks)
        data = json.loads(json.dumps(TASK))
        data["runs"][0]["args"]["prompts"]["model"] = clip.find(model).fingerprint
        folder = tasks / "generation" / "pair"
        folder.mkdir(parents=True)
        (folder / "task.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
        (folder / "statement.md").write_text("交两张图。\n", "utf-8")
        (tasks / "papers" / "pair.yaml").write_text(PAPER, "utf-8")
        with db.write() as session:
            catalog.sync(session, load_library(tasks), clock())
            return next(version.id for version in catalog.latest_papers(session) if version.paper_id == "pair")

    FORM = {"title": "图文", "mode": "practice"}

    def test_a_paper_that_cannot_be_marked_here_is_not_scheduled(self, log_in, paper):
        answer = log_in("i1").post("/desk/exams/new", data={**self.FORM, "paper": paper})
        assert answer.status_code == 422
        assert "试题“两张图”在这台机器上评不了：本机没有 CLIP 模型。" in answer.text

    def test_with_the_named_model_it_is(self, log_in, paper, put):
        put()
        assert log_in("i1").post("/desk/exams/new", data={**self.FORM, "paper": paper}).status_code == 302

    def test_with_another_model_it_is_not(self, log_in, paper, put):
        with (put() / "tokenizer_config.json").open("w") as file:
            file.write('{"model_max_length": 52}')
        assert "本题只认指纹" in log_in("i1").post("/desk/exams/new", data={**self.FORM, "paper": paper}).text

    def test_papers_without_it_need_nothing(self, db, services, paper):
        with db.read() as session:
            others = [version for version in catalog.latest_papers(session) if version.id != paper]
            assert [equipment.lacking(session, services, version) for version in others] == [""]
            assert equipment.lacking(session, services, session.get_one(PaperVersion, paper)) != ""
