"""What lies in the folder, and what is wrong with it, in a sentence."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict

import pytest

from grading import clip
from grading.clippreparation import DEVIATION, MEAN, preparation
from grading.onnxfile import NotOnnx, Port, read
from tests.grading.clip import tiny

pytestmark = pytest.mark.usefixtures("python_runtime")


def problem(models):
    found = clip.find(models)
    assert found is not None
    assert found.problem.endswith("。")
    return found.problem


def test_no_folder_and_an_empty_one_are_no_model(tmp_path):
    assert clip.find(tmp_path) is None
    (tmp_path / "clip").mkdir()
    assert clip.find(tmp_path) is None


def test_a_good_one_is_told_file_by_file(model):
    found = clip.find(model)
    assert found.problem == ""
    assert [(file.role, file.name) for file in found.files] == [
        ("vision", "onnx/vision_model.onnx"), ("text", "onnx/text_model.onnx"), ("tokenizer", "tokenizer.json"),
        ("images", "preprocessor_config.json"),
    ]
    assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) and file.size > 100 for file in found.files)
    assert (found.language, found.context) == ("zh", 77)
    assert asdict(found.prepare) == {
        "shortest": 32, "height": 0, "width": 0, "crop": 32, "resample": 3, "mean": MEAN, "deviation": DEVIATION,
    }
    assert found.memory_mb == 768
    assert clip.ClipModel(model, (clip.ClipFile("vision", "v", 400 << 20, ""),)).memory_mb == 768 + 3 * 400


def test_the_fingerprint_is_that_of_the_content_alone(model, spoilt):
    here, copy = clip.find(model), clip.find(spoilt)
    assert here.fingerprint == copy.fingerprint
    words = spoilt / "clip" / "tokenizer.json"
    words.write_text(words.read_text("utf-8").replace("green", "grean"), "utf-8")
    assert clip.find(spoilt).fingerprint != here.fingerprint


@pytest.mark.parametrize(("name", "says"), [
    ("onnx/vision_model.onnx", "缺少 vision_model.onnx；"), ("onnx/text_model.onnx", "缺少 text_model.onnx；"),
    ("tokenizer.json", "缺少 tokenizer.json"),
])
def test_a_missing_file_is_named(spoilt, name, says):
    (spoilt / "clip" / name).unlink()
    assert says in problem(spoilt)


@pytest.mark.parametrize(("name", "content", "says"), [
    ("onnx/vision_model.onnx", b"", "vision_model.onnx 不是完整的 ONNX 文件"),
    ("onnx/vision_model.onnx", b"<html>404 Not Found</html>", "不是完整的 ONNX 文件"),
    ("onnx/text_model.onnx", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "text_model.onnx 不是完整的 ONNX 文件"),
    ("tokenizer.json", b"{", "tokenizer.json 不是正确的 JSON"), ("tokenizer.json", b"\xff\xfe\0", "不是正确的 JSON"),
    ("tokenizer.json", b"[]", "没有词表"), ("tokenizer.json", b'{"model": {"vocab": {}}}', "没有词表"),
    ("preprocessor_config.json", b"[1]", "preprocessor_config.json：应是一个 JSON 对象"),
    ("preprocessor_config.json", b'{"size": 32, "crop_size": 32, "image_std": [0, 1, 1]}', "image_std 应大于 0"),
])
def test_a_bad_file_is_named(spoilt, name, content, says):
    (spoilt / "clip" / name).write_bytes(content)
    assert says in problem(spoilt)


def test_half_a_download_is_no_onnx_file(spoilt):
    path = spoilt / "clip" / "onnx" / "vision_model.onnx"
    for size in (10, 1000, path.stat().st_size - 1):
        path.write_bytes(path.read_bytes()[:size])
        assert "不是完整的 ONNX 文件" in problem(spoilt)


def test_what_the_sandbox_could_not_read_is_told_before(spoilt, tmp_path):
    vision = spoilt / "clip" / "onnx" / "vision_model.onnx"
    vision.chmod(0o600)
    assert "chmod -R a+rX" in problem(spoilt)
    vision.chmod(0o644)
    (spoilt / "clip" / "onnx").chmod(0o700)
    assert "chmod -R a+rX" in problem(spoilt)
    (spoilt / "clip" / "onnx").chmod(0o755)
    vision.rename(tmp_path / "elsewhere.onnx")
    vision.symlink_to(tmp_path / "elsewhere.onnx")
    assert "vision_model.onnx 是链接" in problem(spoilt)


def test_too_big_is_told_without_reading_it(spoilt):
    with (spoilt / "clip" / "onnx" / "vision_model.onnx").open("r+b") as file:
        file.truncate((clip.MAX_ENCODER_MB + 1) << 20)
    assert "超过 1536 MB" in problem(spoilt)
    assert clip.find(spoilt).files == ()


@pytest.mark.parametrize(("options", "says"), [
    ({"image_in": "image"}, "vision_model.onnx 的输入应是 pixel_values，实际是 image；"),
    ({"image_out": "pooler_output"}, "vision_model.onnx 的输出应有 image_embeds，实际是 pooler_output；"),
    ({"external": True}, "权重在另一个文件里"),
    ({"side": 16}, "与模型要的 16 一致"),
])
def test_another_model_is_told_by_what_it_takes_and_gives(python_runtime, tmp_path, options, says):
    tiny.build(python_runtime, tmp_path / "models" / "clip", **options)
    assert says in problem(tmp_path / "models")


def test_other_places_and_names_are_found(python_runtime, tmp_path):
    tiny.build(python_runtime, tmp_path / "models" / "clip", place="", variant="_quantized")
    found = clip.find(tmp_path / "models")
    assert (found.problem, found.name("vision"), found.name("text")) == ("", "vision_model_quantized.onnx", "text_model.onnx")


def test_one_file_that_does_both_is_found(python_runtime, tmp_path):
    tiny.build(python_runtime, tmp_path / "models" / "clip", both=True, length=12)
    found = clip.find(tmp_path / "models")
    assert (found.problem, found.name("both"), found.name("vision"), found.context) == ("", "onnx/model.onnx", "", 12)


def test_a_tokenizer_without_chinese_is_told(spoilt):
    words = {**tiny.TOKENIZER, "model": {"vocab": {"çļĦ</w>": 0, "a</w>": 1}}}
    (spoilt / "clip" / "tokenizer.json").write_text(json.dumps(words), "utf-8")
    (spoilt / "clip" / "tokenizer_config.json").write_text('{"model_max_length": 52}', "utf-8")
    found = clip.find(spoilt)
    assert (found.language, found.context) == ("en", 52)
    unigram = {**tiny.TOKENIZER, "model": {"vocab": [["<unk>", 0.0], ["▁的", -3.5]]}}
    (spoilt / "clip" / "tokenizer.json").write_text(json.dumps(unigram), "utf-8")
    assert clip.find(spoilt).language == "zh"


@pytest.mark.parametrize(("config", "side", "wanted"), [
    ({}, None, (224, 0, 0, 224)), ({}, 336, (336, 0, 0, 336)), ({"size": 224, "crop_size": 224}, 224, (224, 0, 0, 224)),
    ({"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224}}, 224, (224, 0, 0, 224)),
    ({"size": {"height": 224, "width": 224}, "do_center_crop": False}, 224, (0, 224, 224, 0)),
])
def test_ways_to_write_how_a_picture_is_prepared(config, side, wanted):
    found = preparation(config, side)
    assert (found.shortest, found.height, found.width, found.crop) == wanted
    assert (found.mean, found.deviation, found.resample) == (MEAN, DEVIATION, 3)


@pytest.mark.parametrize("config", [
    {"size": 0}, {"size": "224"}, {"size": {}}, {"size": 10**9}, {"size": True}, {"crop_size": 512},
    {"crop_size": {"height": 1, "width": 2}},
    {"resample": 9}, {"resample": True}, {"do_rescale": False}, {"rescale_factor": 1.0}, {"rescale_factor": "x"}, {"image_mean": [0.5]},
    {"image_mean": [float("nan"), 0, 0]}, {"image_std": ["a", "b", "c"]}, {"do_center_crop": False},
    {"size": {"height": 224, "width": 200}}, [],
])
def test_what_cannot_be_is_refused(config):
    with pytest.raises(ValueError, match=r"\w"):
        preparation(config, 224)


def test_inputs_and_outputs_are_read_without_a_library(model):
    facts = read(model / "clip" / "onnx" / "vision_model.onnx")
    assert facts.inputs == {"pixel_values": Port("float32", (None, 3, 32, 32))}
    assert facts.outputs == {"image_embeds": Port("float32", (None, 8))}
    text = read(model / "clip" / "onnx" / "text_model.onnx")
    assert text.inputs == {"input_ids": Port("int64", (None, None)), "attention_mask": Port("int64", (None, None))}


@pytest.mark.parametrize("data", [
    b"", b"\0", b"\x08\x08", b"\x3a\xff\xff\xff\xff\x0f", b"\x08\x08\x3a\x02\x5a\x7f", b"\x08\x08\x3a\x03\x5a\x01\x08", b"\xff" * 40,
    b"\x08\x08\x3a\x00\x3a\x00", b"\x08\x08" + b"\x0b" * 10, b"\x08\x08\x3a\x04\x5a\x02\x0a\x00",
])
def test_no_bytes_make_the_reader_stumble(tmp_path, data):
    path = tmp_path / "x.onnx"
    path.write_bytes(data)
    with suppress(NotOnnx):
        assert read(path).outputs == {}
