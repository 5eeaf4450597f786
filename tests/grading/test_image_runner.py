"""The runner `image` in the real sandbox: what it measures, and that no picture harms or confuses it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import sklearn

from grading import runtimes
from grading.model import Produce, RunLimits, RunSpec, Upload
from grading.pictures import Pictures
from grading.runners import get_runner
from grading.runners._engine import ANSWER
from grading.sandbox.contract import RunResult
from tests.grading.trees import PreparedSandbox

MAKE = Path(__file__).parent / "pictures" / "make.py"
PHOTO = Path(sklearn.__file__).parent / "datasets" / "images" / "china.jpg"
POSTERS = Path(__file__).parents[2] / "tasks" / "generation" / "posters" / "samples"
SPEC = RunSpec(
    id="measure", runner="image", of="posters", produces={"found": Produce(output="pictures")},
    limits=RunLimits(wall_s=120, cpu_s=90, memory_mb=2048),
)


@pytest.fixture(scope="session")
def folder(runtimes_dir, tmp_path_factory):
    """Folder of made pictures; tests fail, not skip, without the runtime `media`."""
    if runtimes.status("media", runtimes_dir).state != "ready":
        pytest.fail(f"运行环境 media 不在 {runtimes_dir} 或不是最新：请先运行 simulator runtimes build media。")
    made = tmp_path_factory.mktemp("pictures")
    subprocess.run([runtimes_dir / "media" / "bin" / "python", str(MAKE), str(made), str(PHOTO)], check=True, timeout=120)
    return made


@pytest.fixture
def measure(sandbox, folder):
    """Return a function that measures pictures of the folder (or paths) together: name → Picture, and the sheet."""

    def measured(*names):
        paths = [name if isinstance(name, Path) else folder / name for name in names]
        files = Pictures(tuple(Upload(path.name, path.read_bytes()) for path in paths))
        outcome = get_runner("image")(SPEC, None, files, sandbox)
        assert outcome.problems == {}, outcome.result.stderr
        return outcome.artifacts["found"]

    return measured


@pytest.mark.sandbox
class TestMeasures:
    def test_posters_are_read_and_told_apart(self, measure):
        sheet = measure(*sorted((POSTERS / "full").glob("*.png")))
        slogans = [one.measures.lines[1].text for one in sheet.pictures]
        assert slogans == ["一壶山泉清早装满", "保温十二小时", "轻到忘了带它", "不漏水放心装包"]
        assert [one.measures.label.produce_id for one in sheet.pictures] == [f"POSTER-00{n}" for n in (1, 2, 3, 4)]
        assert len(sheet.distinct()) == 4
        assert min(pair.distance for pair in sheet.pairs) > 16
        assert all((one.measures.width, one.measures.height) == (768, 1024) for one in sheet.pictures)

    def test_quality_agrees_with_the_reference_program(self, measure):
        """Of the package brisque 0.2.0, run apart on the same pictures: 14.50 and 73.95."""
        sheet = measure("photo.png", "blurred.png", "noisy.png")
        clear, blurred, noisy = (one.measures for one in sheet.pictures)
        assert clear.brisque == pytest.approx(14.5, abs=0.3)
        assert blurred.brisque == pytest.approx(73.95, abs=0.3)
        assert noisy.brisque > 40
        assert clear.sharpness > 400 > 20 > blurred.sharpness
        assert noisy.noise > 15 > 10 > clear.noise
        assert all(one.usable for one in sheet.pictures)

    def test_copies_are_found_however_they_are_changed(self, measure):
        sheet = measure("photo.png", "photo.jpg", "mirrored.png", "cropped.png", "tinted.png", POSTERS / "full" / "poster-1.png")
        assert [one.number for one in sheet.distinct()] == [0, 5]
        assert next(pair for pair in sheet.pairs if (pair.first, pair.second) == (0, 2)).mirrored

    def test_grain_of_any_strength_and_size_is_no_picture(self, measure):
        names = ["grain-10.png", "grain-20.png", "grain-45.png", "blocks-2.png", "blocks-4.png", "blocks-8.png"]
        assert [one.hollow for one in measure(*names).pictures] == ["flat", "flat", "noise", "noise", "noise", "noise"]

    def test_the_same_files_give_the_same_figures(self, measure):
        assert measure("photo.png", "photo.webp") == measure("photo.png", "photo.webp")

    def test_odd_encodings_are_measured_and_told(self, measure):
        names = ["photo.png", "cmyk.jpg", "deep.png", "palette.png", "alpha.png", "turned.jpg", "icc.jpg", "wrong-name.png.jpg"]
        found = {one.name: one for one in measure(*names).pictures}
        assert all(one.usable for one in found.values()), found
        assert found["cmyk.jpg"].measures.notes == ("CMYK 颜色，换算成 RGB 后测量",)
        assert found["deep.png"].measures.notes == ("16 位灰度图，按 8 位测量",)
        assert found["alpha.png"].measures.notes == ("有透明部分，垫白底后测量",)
        assert found["turned.jpg"].measures.notes == ("按 EXIF 方向转正后测量",)
        assert (found["turned.jpg"].measures.width, found["turned.jpg"].measures.height) == (427, 640)
        assert found["wrong-name.png.jpg"].measures.format == "PNG"
        plain = found["photo.png"].measures.colours
        for name in ("cmyk.jpg", "icc.jpg", "deep.png"):
            assert found[name].measures.colours.brightness == pytest.approx(plain.brightness, abs=0.06), name

    def test_labels_are_found_where_programs_put_them(self, measure):
        other = sorted((POSTERS / "full-other-way").glob("night-*"))
        labels = [one.measures.label for one in measure(*other, "labelled.jpg", "half-label.png").pictures]
        assert [label.place for label in labels] == ["XMP", "EXIF UserComment", "XMP", "EXIF UserComment", "JPEG comment", "PNG AIGC"]
        assert [label.label for label in labels] == ["1"] * 5 + [""]
        assert labels[0].producer == "考生工作站"

    def test_software_in_the_metadata_is_named(self, measure):
        assert measure("half-label.png").pictures[0].measures.software == "Some Tool 1.0"


REFUSED = {
    "bomb.png": "50000×50000 像素，超过 16 百万像素", "wide-bomb.png": "百万像素的上限", "real-bomb.png": "30000×30000",
    "lone-pixel.png": "太小或太窄", "thread.png": "太小或太窄", "no-rows.png": "不能解码", "zero.png": "", "bad-crc.png": "",
    "truncated.jpg": "不能解码", "truncated.png": "不能解码", "truncated.webp": "", "head-only.jpg": "", "gif.png": "不是可以识别的",
    "vector.png": "不是可以识别的", "moving.webp": "4 帧的动图", "moving.png": "4 帧的动图", "text-bomb.png": "", "giant-text.png": "",
}


@pytest.mark.sandbox
class TestHostile:
    def test_what_cannot_be_measured_costs_only_itself(self, measure):
        sheet = measure(*REFUSED, "photo.png")
        for one, (name, words) in zip(sheet.pictures, REFUSED.items(), strict=False):
            assert one.measures is None, name
            assert words in one.problem, name
            assert one.problem.endswith("。"), name
        assert sheet.pictures[-1].usable

    def test_garbage_around_a_sound_picture_does_no_harm(self, measure):
        sheet = measure("polyglot.png", "exif-bomb.jpg", "xmp-bomb.jpg", "icc.jpg")
        assert [bool(one.measures) for one in sheet.pictures] == [True] * 4
        assert all(one.measures.label is None or not one.measures.label.label for one in sheet.pictures)

    def test_a_picture_full_of_letters_ends_in_time(self, measure):
        sheet = measure("crowded.png")
        assert 1 <= len(sheet.pictures[0].measures.lines) <= 60
        assert sheet.pictures[0].hollow == "flat"

    def test_thirty_megabytes_are_refused_unless_they_are_a_picture(self, sandbox, folder):
        large = Upload("large.png", (folder / "photo.png").read_bytes() + b"\0" * 30_000_000)
        outcome = get_runner("image")(SPEC, None, Pictures((large,)), sandbox)
        assert outcome.artifacts["found"].pictures[0].usable  # the field refuses it by its size; the engine survives it


GOOD = {
    "format": "PNG", "width": 64, "height": 64, "sharpness": 1.0, "noise": 0.0, "detail": 0.5, "variety": 1.0, "brisque": None,
    "colours": {"brightness": 0.5, "saturation": 0.5, "colourfulness": 1.0, "hues": [0.0] * 36, "dark": 0, "light": 0, "palette": []},
    "lines": [], "label": None, "software": "", "metadata": [], "notes": [],
}


def answered(answer, count=1):
    """What the runner makes of an engine's answer."""
    sandbox = PreparedSandbox(RunResult("ok", files={ANSWER: json.dumps(answer).encode()}))
    return get_runner("image")(SPEC, None, Pictures(tuple(Upload(f"{n}.png", b"x") for n in range(count))), sandbox)


def test_a_plain_answer_becomes_a_sheet_and_evidence():
    outcome = answered({"pictures": [{"problem": "", "measures": GOOD}], "pairs": []})
    assert outcome.artifacts["found"].pictures[0].measures.width == 64
    assert outcome.evidence["kind"] == "images"
    assert outcome.evidence["field"] == "posters"
    json.dumps(outcome.evidence, allow_nan=False)


@pytest.mark.parametrize("answer", [
    None, [], {}, {"pictures": [], "pairs": []}, {"pictures": [{"problem": ""}], "pairs": []}, {"pictures": ["x"], "pairs": []},
    {"pictures": [{"problem": "", "measures": {**GOOD, "width": -1}}], "pairs": []},
    {"pictures": [{"problem": "", "measures": {**GOOD, "format": "GIF"}}], "pairs": []},
    {"pictures": [{"problem": "", "measures": {**GOOD, "detail": 2}}], "pairs": []},
    {"pictures": [{"problem": "", "measures": {**GOOD, "lines": [{}]}}], "pairs": []},
    {"pictures": [{"problem": "", "measures": {**GOOD, "software": "x" * 300}}], "pairs": []},
    {"pictures": [{"problem": "", "measures": GOOD}], "pairs": [{"first": 0, "second": 1, "distance": 3}]},
    {"pictures": [{"problem": "", "measures": GOOD}], "pairs": [{"first": 0, "second": 0, "distance": 0}]},
])
def test_an_answer_that_the_engine_never_gives_is_our_fault(answer):
    outcome = answered(answer)
    assert outcome.artifacts == {}
    assert outcome.problems["found"].cause == "fault"


def test_a_run_that_was_stopped_is_told():
    sandbox = PreparedSandbox(RunResult("time_limit", message="运行超过 60 秒。"))
    outcome = get_runner("image")(SPEC, None, Pictures((Upload("a.png", b"x"),)), sandbox)
    assert outcome.problems["found"].cause == "time_limit"
