"""Prompt match in the sandbox: the numbers are those of numpy, and without a model nothing is pretended."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grading import clip, runners
from grading.engine import grade
from grading.errors import TaskError
from grading.model import Produce, RunSpec, Upload
from grading.pictures import Pictures
from grading.prompts import SCALE, fit
from grading.runners import get_runner
from grading.runners._engine import ANSWER, BUNDLE, bundle
from grading.runners.image import prompts
from grading.runners.image.prompts import ENGINE
from grading.sandbox import RunJob, make_backend
from grading.sandbox.contract import RunResult
from tests.grading import trees
from tests.grading.clip import tiny
from tests.grading.trees import PreparedSandbox

TEXTS = [{"zh": "红的", "en": "red"}, {"zh": "绿的", "en": "green"}]
OTHERS = [{"zh": "蓝的", "en": "blue"}]
MEASURES = {
    "format": "PNG", "width": 64, "height": 64, "sharpness": 1.0, "noise": 0.0, "detail": 0.5, "variety": 1.0, "brisque": None,
    "colours": {"brightness": 0.5, "saturation": 0.5, "colourfulness": 1.0, "hues": [0.0] * 36, "dark": 0, "light": 0, "palette": []},
    "lines": [], "label": None, "software": "", "metadata": [], "notes": [],
}
TASK = {
    "title": "两张图", "minutes": 5, "marks": 3, "fields": [{"id": "pictures", "kind": "images", "max_files": 2}],
    "runs": [{
        "id": "measure", "runner": "image", "of": "pictures", "args": {"prompts": {"texts": TEXTS, "distractors": OTHERS}},
        "limits": {"memory_mb": 2048, "wall_s": 120, "cpu_s": 60},
        "produces": {"sheet": {"output": "pictures"}, "said": {"output": "prompts"}},
    }],
    "points": [
        {"id": "M1", "title": "两张", "marks": 1, "grader": "picture_count", "of": "sheet", "args": {"count": 2}},
        {"id": "M2", "title": "相符", "marks": 2, "grader": "prompt_match", "of": ["sheet", "said"],
         "args": {"count": 2, "by": "rank", "bands": [{"at": 1, "fraction": 1}, {"at": 2, "fraction": 0.5}]}},
    ],
}  # fmt: skip


def spec(**args):
    return RunSpec(
        id="m", runner="image", of="p", args={"prompts": {"texts": TEXTS, "distractors": OTHERS, **args}},
        produces={"found": Produce(output="pictures")}, limits={"memory_mb": 2048, "wall_s": 120, "cpu_s": 60},
    )


def pictures(*arrays):
    return Pictures(tuple(Upload(f"{n}.png", tiny.png(array)) for n, array in enumerate(arrays)))


def compared(run, value, sandbox):
    """The evidence's part on prompts."""
    outcome = get_runner("image")(run, None, value, sandbox)
    assert outcome.problems == {}, outcome.result.stderr
    return outcome.evidence["prompts"]


RED, GREEN = tiny.coloured(0), tiny.coloured(1)


@pytest.mark.sandbox
class TestReal:
    def test_the_figures_are_those_of_numpy(self, beside):
        found = compared(spec(), pictures(GREEN, GREEN), beside)
        assert found["state"] == "shown"
        cosines = [float(tiny.image_vector(GREEN) @ tiny.text_vector([word, "的"])) for word in "红绿蓝"]
        wanted = [fit(0, 0, ["红的", "绿的", "蓝的"], cosines), fit(1, 1, ["红的", "绿的", "蓝的"], cosines)]
        for one, other in zip(found["fits"], wanted, strict=True):
            assert one["cosine"] == pytest.approx(other.cosine, abs=0.0011)
            assert one["share"] == pytest.approx(other.share, abs=0.011)
            assert {**one, "cosine": 0, "share": 0} == {**vars(other), "cosine": 0, "share": 0}
        assert [one["rank"] for one in found["fits"]] == [3, 1]
        assert found["fits"][0]["nearest"] == "绿的"

    def test_the_same_again_and_a_picture_that_cannot_be_read_costs_only_itself(self, beside):
        value = Pictures((*pictures(RED).files, Upload("broken.png", b"\x89PNG\r\n\x1a\nno")))
        found = compared(spec(), value, beside)
        assert [one["number"] for one in found["fits"]] == [0]
        assert found == compared(spec(), value, beside)

    def test_more_pictures_than_prompts_and_one_prompt_for_all(self, beside):
        found = compared(spec(), pictures(RED, GREEN, RED), beside)
        assert [one["number"] for one in found["fits"]] == [0, 1]
        found = compared(spec(texts=TEXTS[:1]), pictures(RED, RED, GREEN), beside)
        assert [(one["prompt"], one["rank"]) for one in found["fits"]] == [("红的", 1), ("红的", 1), ("红的", 2)]

    def test_marks_by_the_named_model(self, beside, tmp_path):
        model = clip.find(beside.models)
        task = trees.make_task(tmp_path / "t", {"runs.0.args.prompts.model": model.fingerprint}, base=TASK)
        red, green, other = tiny.coloured(0, 160, 160), tiny.coloured(1, 160, 160), tiny.coloured(1, 120, 200)
        marks = grade(task, {"pictures": list(pictures(red, green).files)}, sandbox=beside).verdicts
        assert [(v.status, str(v.earned)) for v in marks] == [("correct", "1.00"), ("correct", "2.00")]
        marks = grade(task, {"pictures": list(pictures(green, other).files)}, sandbox=beside).verdicts
        assert "第 1 张更像“绿的”" in marks[1].reason
        assert marks[1].earned <= 1

    def test_the_trial_of_doctor(self, beside):
        judged = prompts.trial(beside)
        assert (judged.state, len(judged.sheet.fits)) == ("shown", 1)


@pytest.mark.sandbox
class TestOtherModels:
    @pytest.fixture
    def box(self, media, tmp_path):
        """Return a function that builds a model beside the runtimes and opens a sandbox."""
        opened = []

        def box(change=lambda folder: None, **options):
            change(tiny.build(media, tmp_path / "models" / "clip", **options))
            opened.append(make_backend("zygote", tiny.instance(media, tmp_path)))
            return opened[-1]

        yield box
        for one in opened:
            one.close()

    @pytest.mark.parametrize("options", [{"both": True}, {"length": 12}, {"place": "", "variant": "_int8"}, {"both": True, "length": 5}])
    def test_every_layout_says_the_same(self, box, beside, options):
        value = pictures(RED, GREEN)
        assert compared(spec(), value, box(**options))["fits"] == compared(spec(), value, beside)["fits"]

    def test_english_prompts_for_a_model_that_reads_no_chinese(self, box):
        def english(folder):
            words = {word: n for n, word in enumerate(tiny.WORDS) if word != "的"}
            path = folder / "tokenizer.json"
            path.write_text(json.dumps({**tiny.TOKENIZER, "model": {**tiny.TOKENIZER["model"], "vocab": words}}), "utf-8")

        sandbox = box(english)
        found = compared(spec(), pictures(RED, GREEN), sandbox)
        assert [(one["prompt"], one["rank"]) for one in found["fits"]] == [("red", 1), ("green", 1)]
        found = compared(spec(distractors=[{"zh": "蓝的"}]), pictures(RED), sandbox)
        assert (found["state"], found["fits"]) == ("language", [])

    def test_a_tokenizer_that_the_library_refuses_loses_nothing_else(self, box):
        def break_it(folder):
            (folder / "tokenizer.json").write_text('{"model": {"type": "Nothing", "vocab": {"的": 0}}}', "utf-8")

        sandbox = box(break_it)
        outcome = get_runner("image")(spec(), None, pictures(RED), sandbox)
        assert outcome.artifacts["found"].pictures[0].measures.width == 32
        assert outcome.evidence["prompts"]["state"] == "failed"
        assert "tokenizer.json 不能使用" in outcome.evidence["prompts"]["reason"]

    def test_a_model_whose_halves_do_not_belong_together_is_told(self, box, media, tmp_path):
        def other(folder):
            tiny.build(media, tmp_path / "other" / "clip", width=5)
            (tmp_path / "other" / "clip" / "onnx" / "text_model.onnx").rename(folder / "onnx" / "text_model.onnx")

        assert "不是同一个模型" in compared(spec(), pictures(RED), box(other))["reason"]


@pytest.mark.sandbox
class TestPreparation:
    """Resize, cut and scale beside a bicubic filter written with numpy alone (Keys 1981, a = −0.5, as Pillow's)."""

    @pytest.fixture
    def prepared(self, beside):
        def prepared(pixels, **prepare):
            script = (
                "import json, sys\nsys.path.insert(0, '/work/_engine.zip')\nfrom engine.clip import prepared\n"
                f"print(json.dumps(prepared('a.png', 10**7, {prepare!r}).tolist()))\n"
            )
            job = RunJob("media", "check.py", {"a.png": tiny.png(pixels), BUNDLE: bundle(ENGINE), "check.py": script.encode()})
            result = beside.run(job)
            assert result.status == "ok", result.stderr or result.message
            return np.array(json.loads(result.stdout))[0].transpose(1, 2, 0) * tiny.DEVIATION + tiny.MEAN

        return prepared

    @pytest.mark.parametrize(("height", "width"), [(96, 64), (60, 131), (40, 40), (33, 400)])
    def test_shorter_side_then_the_middle(self, prepared, height, width):
        pixels = tiny.coloured(0, height, width)
        steps = {"shortest": 32, "height": 0, "width": 0, "crop": 32, "resample": 3}
        found = prepared(pixels, **steps, mean=tiny.MEAN.tolist(), deviation=tiny.DEVIATION.tolist())
        short = min(height, width)
        small = bicubic(pixels / 255, int(32 * height / short), int(32 * width / short))
        top, left = (small.shape[0] - 32) // 2, (small.shape[1] - 32) // 2
        assert found == pytest.approx(small[top : top + 32, left : left + 32].clip(0, 1), abs=1.6 / 255)  # Pillow rounds twice

    def test_both_sides_at_once(self, prepared):
        pixels = tiny.coloured(2, 50, 90)
        steps = {"shortest": 0, "height": 32, "width": 32, "crop": 0, "resample": 3}
        found = prepared(pixels, **steps, mean=tiny.MEAN.tolist(), deviation=tiny.DEVIATION.tolist())
        assert found == pytest.approx(bicubic(pixels / 255, 32, 32).clip(0, 1), abs=1.6 / 255)


def bicubic(pixels, height, width):
    """Return pixels (h, w, 3) resized with the filter widened when it shrinks."""
    rows = np.einsum("ij,jwc->iwc", kernel(height, pixels.shape[0]), pixels)
    return np.einsum("ij,hjc->hic", kernel(width, pixels.shape[1]), rows)


def kernel(to, size):
    scale = max(size / to, 1.0)
    distance = np.abs((np.arange(size) + 0.5) - (np.arange(to)[:, None] + 0.5) * size / to) / scale
    near, far = 1.5 * distance**3 - 2.5 * distance**2 + 1, -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    weights = np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
    return weights / weights.sum(axis=1, keepdims=True)


def measured(count=1):
    answer = {"pictures": [{"problem": "", "measures": MEASURES}] * count, "pairs": []}
    return RunResult("ok", wall_s=1.0, files={ANSWER: json.dumps(answer).encode()})


def with_model(model, second, count=1):
    """A sandbox that answers as prepared, with the good model beside it."""
    box = PreparedSandbox(measured(count), second)
    box.models = model
    return box


def said(answer):
    return RunResult("ok", wall_s=2.0, memory_mb=900.0, files={ANSWER: json.dumps(answer).encode()})


def test_without_a_model_nothing_is_run_and_nothing_is_claimed():
    box = PreparedSandbox(measured())
    found = compared(spec(), pictures(RED), box)
    assert found == {"state": "none", "reason": "本机没有 CLIP 模型。", "marked": False, "model": "", "fits": []}
    assert len(box.jobs) == 1


def test_a_bad_model_is_told_and_nothing_is_run(spoilt):
    (spoilt / "clip" / "tokenizer.json").unlink()
    box = with_model(spoilt, said({}))
    found = compared(spec(), pictures(RED), box)
    assert (found["state"], len(box.jobs)) == ("unusable", 1)
    assert "缺少 tokenizer.json" in found["reason"]


def test_only_its_own_run_sees_the_model_and_has_the_memory_for_it(model):
    box = with_model(model, said({"cosines": [[0.1, 0.2, 0.3]]}))
    outcome = get_runner("image")(spec(), None, pictures(RED), box)
    assert [job.models for job in box.jobs] == [False, True]
    assert box.jobs[1].limits.memory_mb == clip.find(model).memory_mb
    assert (outcome.result.wall_s, outcome.result.memory_mb) == (3.0, 900.0)


@pytest.mark.parametrize("answer", [
    None, [], {}, {"cosines": []}, {"cosines": [[0.1, 0.2]]}, {"cosines": [["a", 0.2, 0.3]]}, {"cosines": [[0.1, 0.2, 3.0]]},
    {"cosines": [[0.1, 0.2, 1]]}, {"cosines": "x"}, {"unusable": 3},
])
def test_an_answer_that_the_engine_never_gives_is_no_match(model, answer):
    found = compared(spec(), pictures(RED), with_model(model, said(answer)))
    assert (found["state"], found["fits"]) == ("failed", [])


@pytest.mark.parametrize("result", [RunResult("memory_limit", message="内存超过 900 MB。"), RunResult("runtime_error", stderr="Boom")])
def test_a_run_that_ends_badly_costs_nothing_else(model, result):
    outcome = get_runner("image")(spec(), None, pictures(RED), with_model(model, result))
    assert outcome.artifacts["found"].pictures[0].measures.width == 64
    assert outcome.evidence["prompts"]["state"] == "failed"


class TestMarked:
    """A scoring point by prompt match: by the named model, or not at all."""

    def task(self, tmp_path, fingerprint="0" * 64):
        return trees.make_task(tmp_path / "t", {"runs.0.args.prompts.model": fingerprint}, base=TASK)

    def marks(self, task, box):
        return grade(task, {"pictures": list(pictures(RED, GREEN).files)}, sandbox=box).verdicts

    def test_without_naming_a_model_the_task_is_refused(self, tmp_path):
        error = trees.refusal(trees.make_task, tmp_path / "t", base=TASK)
        assert error.key == "runs.0.args.prompts"
        assert "M2" in error.message

    def test_without_prompts_the_task_is_refused(self, tmp_path):
        assert "model" in trees.refusal(trees.make_task, tmp_path / "t", {"runs.0.args": {}}, base=TASK).message

    def test_one_sentence_alone_is_no_comparison(self, tmp_path):
        changes = {"runs.0.args.prompts": {"texts": TEXTS[:1], "model": "0" * 64}}
        assert "distractors" in trees.refusal(trees.make_task, tmp_path / "t", changes, base=TASK).message

    @pytest.mark.parametrize("bands", [[{"at": 1, "fraction": 0.5}, {"at": 2, "fraction": 1}], [{"at": 0, "fraction": 1}]])
    def test_ranks_are_better_the_smaller(self, tmp_path, bands):
        trees.refusal(trees.make_task, tmp_path / "t", {"points.1.args.bands": bands}, base=TASK)

    def test_on_a_machine_without_a_model_it_waits_for_one_and_the_others_are_marked(self, tmp_path):
        found = self.marks(self.task(tmp_path), PreparedSandbox(measured(2)))
        assert [v.status for v in found] == ["correct", "error"]
        assert (found[1].cause, found[1].earned) == ("fault", 0)
        assert found[1].reason == "提示词相符不能评：本机没有 CLIP 模型。请告诉监考教师。"

    def test_another_model_never_gives_other_marks(self, tmp_path, model):
        box = with_model(model, said({"cosines": [[1.0, 0.0, 0.0]] * 2}), count=2)
        found = self.marks(self.task(tmp_path), box)
        assert found[1].status == "error"
        assert "本题只认指纹为 000000000000 的 CLIP 模型" in found[1].reason
        assert len(box.jobs) == 1

    def test_what_this_machine_lacks_is_known_before(self, tmp_path, model):
        fingerprint = clip.find(model).fingerprint
        own = self.task(tmp_path, fingerprint).runs[0]
        assert runners.lacking(own, model) == ""
        assert runners.lacking(own, tmp_path) == "本机没有 CLIP 模型。"
        other = own.model_copy(update={"args": {"prompts": {**own.args["prompts"], "model": "0" * 64}}})
        assert "本题只认" in runners.lacking(other, model)
        unmarked = own.model_copy(update={"produces": {"sheet": Produce(output="pictures")}})
        assert runners.lacking(unmarked, tmp_path) == ""


def test_the_share_is_the_softmax_of_clip():
    cosines = [0.21, 0.25, 0.24]
    shares = np.exp(SCALE * np.array(cosines)) / np.exp(SCALE * np.array(cosines)).sum()
    found = [fit(0, own, ["a", "b", "c"], cosines) for own in range(3)]
    assert [one.share for one in found] == pytest.approx(shares.round(2).tolist())
    assert [one.rank for one in found] == [3, 1, 2]
    assert fit(0, 0, ["a", "b"], [0.2, 0.2]).rank == 1
    assert replace(found[0], number=1).nearest == "b"


def test_the_posters_are_compared_but_not_marked_by_it():
    from grading.loader import load_task

    task = load_task(Path(__file__).parents[3] / "tasks" / "generation" / "posters")
    run = task.runs[0]
    assert runners.lacking(run, Path("/nowhere")) == ""
    assert {produce.output for produce in run.produces.values()} == {"pictures"}
    assert all("en" in text for text in run.args["prompts"]["texts"])


def test_a_task_error_names_the_key(tmp_path):
    with pytest.raises(TaskError, match=r"args\.prompts\.texts"):
        trees.make_task(tmp_path / "t", {"runs.0.args.prompts.texts": []}, base=TASK)
