"""Exchange formats of boxes: there and back without loss, and every hostile file refused with a sentence in bounded time."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from grading.__main__ import main
from grading.boxes import Box, Boxes, Rules, dump_boxes
from grading.boxformats import MAX_FILE, WRITERS, import_answer
from grading.boxformats.archive import MAX_UNPACKED, pack, unpack
from grading.errors import ResponseError
from grading.picture import picture_size

SIZES = {"a.png": (400, 300), "b.png": (640, 480)}
LABELS = {"pit": "麻点", "scratch": "划痕"}
RULES = Rules(SIZES, LABELS, {"程度": ("轻", "重")})
BOXES = Boxes({"a.png": (Box("pit", 1.25, 2, 30.5, 40, {"程度": "轻"}), Box("scratch", 0, 0, 400, 300)), "b.png": ()}, SIZES, LABELS)
ANSWER = dump_boxes(BOXES.images)


def zipped(**files: bytes) -> bytes:
    return pack({name.replace("__", "/").replace("_dot_", "."): data for name, data in files.items()})


def refused(name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(ResponseError) as error:
        import_answer(name, data, RULES)
    assert sentence in str(error.value), error.value
    assert str(error.value).endswith("。")


def coco(**change: object) -> bytes:
    return json.dumps({**json.loads(WRITERS["coco"][1](BOXES)), **change}).encode()


def voc(text: str) -> bytes:
    size = "<size><width>400</width><height>300</height></size>"
    return f"<annotation><filename>a.png</filename>{size}{text}</annotation>".encode()


def test_coco_and_voc_lose_nothing():
    assert import_answer("x.json", WRITERS["coco"][1](BOXES), RULES) == ANSWER
    assert import_answer("x.zip", WRITERS["voc"][1](BOXES), RULES) == ANSWER


def test_yolo_loses_attributes_only():
    bare = replace(BOXES, images={"a.png": tuple(replace(box, attributes={}) for box in BOXES.images["a.png"])})
    assert import_answer("x.zip", WRITERS["yolo"][1](BOXES), RULES) == dump_boxes(bare.images)


SIDES = st.tuples(st.integers(0, 300), st.integers(0, 200), st.integers(1, 100), st.integers(1, 100))


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(list(LABELS)), SIDES), min_size=1, max_size=10))
def test_every_format_brings_whole_pixels_back(drawn):
    boxes = replace(BOXES, images={"a.png": tuple(Box(label, *map(float, sides)) for label, sides in drawn)})
    for ending, write in WRITERS.values():
        assert import_answer(f"x.{ending}", write(boxes), RULES) == dump_boxes(boxes.images)


def test_equal_boxes_give_equal_files():
    for _ending, write in WRITERS.values():
        assert write(BOXES) == write(replace(BOXES))


def test_other_names_of_images_and_labels_are_understood():
    names = [{"id": 1, "name": "麻点"}, {"id": 2, "name": "scratch"}]
    images = [{"id": 1, "file_name": "images/train/a.jpg", "width": 400, "height": 300}]
    notes = [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "attributes": {"occluded": False, "程度": "轻", "颜色": "红"}}]
    found = import_answer("export.json", coco(categories=names, images=images, annotations=notes), RULES)
    assert json.loads(found) == {"a.png": [{"label": "pit", "box": [1, 2, 3, 4], "attributes": {"程度": "轻"}}]}


def test_single_files_of_voc_and_yolo_are_understood():
    one = voc("<object><name>pit</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>11</xmax><ymax>22</ymax></bndbox></object>")
    assert json.loads(import_answer("a.xml", one, RULES)) == {"a.png": [{"label": "pit", "box": [1, 2, 10, 20]}]}
    line = b"1 0.5 0.5 0.25 0.5 0.875\n\n"
    assert json.loads(import_answer("a.txt", line, RULES)) == {"a.png": [{"label": "scratch", "box": [150, 75, 100, 150], "score": 0.875}]}


def test_the_order_in_classes_txt_counts():
    found = import_answer("x.zip", zipped(classes_dot_txt=b"scratch\npit\n", labels__a_dot_txt=b"0 0.5 0.5 0.25 0.5\n"), RULES)
    assert json.loads(found)["a.png"][0]["label"] == "scratch"


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("x.json", b"", "0 字节"),
        ("x.json", b"{" * 100_000, "不是合法的 JSON"),
        ("x.json", b"\xff\xfe", "不是 UTF-8"),
        ("x.json", b"[]", "三个列表"),
        ("x.json", coco(annotations=[1]), "annotations 的第 1 项缺少"),
        ("x.json", coco(categories=[{"id": 1}]), "categories 的第 1 项缺少"),
        ("x.json", coco(categories=[{"id": [1], "name": "pit"}]), "应是整数"),
        ("x.json", coco(images=[{"id": 1, "file_name": "a.png", "width": 0, "height": 3}]), "width、height"),
        ("x.json", coco(images=[{"id": 1, "file_name": "a.png", "width": 500, "height": 300}]), "本题的是 400×300"),
        ("x.json", coco(images=[{"id": n, "file_name": "a.png", "width": 400, "height": 300} for n in (1, 2)]), "出现了两次"),
        ("x.json", coco(annotations=[{"image_id": 9, "category_id": 1, "bbox": [1, 2, 3, 4]}]), "不在 images"),
        ("x.json", coco(annotations=[{"image_id": 1, "category_id": 1, "bbox": [1, 2, float("nan"), 4]}]), "NaN"),
        ("x.json", coco(annotations=[{"image_id": 1, "category_id": 1, "bbox": [390, 2, 30, 4]}]), "超出了图片"),
        ("x.json", coco(annotations=[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 7}]), "0 到 1"),
        ("x.json", coco(annotations=[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}] * 51), "超过每张 50 个"),
        ("x.json", coco(annotations=[{}] * 30_000), "超过 20000 个"),
        ("x.json", coco(categories=[{"id": 1, "name": "rust"}, {"id": 2, "name": "scratch"}]), "“rust”不属于本题"),
        ("x.json", coco(images=[{"id": n, "file_name": f"{n}.png", "width": 400, "height": 300} for n in (1, 2)]), "“1.png”不属于本题"),
        ("x.bmp", b"BM", "认不出标注文件"),
        ("a.xml", b"<annotation>", "不是合法的 XML"),
        ("a.xml", b"<html/>", "最外层应是 <annotation>"),
        ("a.xml", voc("").replace(b"400", b"wide"), "size/width 应是数字"),
        ("a.xml", voc("").replace(b"400", b"-4"), "图片大小不对"),
        ("a.xml", voc("<object><name>pit</name></object>"), "bndbox/xmin 应是数字"),
        ("a.txt", b"pit 0.1 0.1 0.1 0.1", "五个数字"),
        ("a.txt", b"0 0.1 0.1 0.1", "五个数字"),
        ("a.txt", b"9 0.5 0.5 0.1 0.1", "类别编号 9 不存在，可用 0 到 1"),
        ("a.txt", b"0.5 0.5 0.5 0.1 0.1", "类别编号 0.5 不存在"),
        ("a.txt", b"0 0.9 0.5 0.4 0.1", "超出了图片"),
        ("a.txt", b"0 0.5 0.5 0.1 0.1 5", "置信度"),
        ("c.txt", b"0 0.5 0.5 0.1 0.1", "对应不到本题的任何图片"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(name, data, sentence):
    refused(name, data, sentence)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "evil.dtd">',
    ],
)
def test_entities_and_document_types_are_refused(doctype):
    refused("a.xml", f"<?xml version='1.0'?>{doctype}".encode() + voc("<folder>x</folder>"), "文档类型声明")


@pytest.mark.parametrize("path", ["../a.txt", "/etc/a.txt", "labels/../../a.txt", "..\\a.txt", "C:\\a.txt"])
def test_names_that_point_out_of_the_archive_are_refused(path):
    refused("x.zip", pack({path: b"0 0.5 0.5 0.1 0.1\n"}), "指向包外")


def test_zip_bombs_are_refused_before_they_unpack():
    bomb = pack({"a.txt": b"0" * (MAX_UNPACKED + 1)})
    assert len(bomb) < 20_000
    refused("x.zip", bomb, "展开后超过 10 MB")
    many = pack({f"{n}.txt": b"0" * 6_000_000 for n in range(2)})
    refused("x.zip", many, "展开后超过 10 MB")
    refused("x.zip", pack({f"{n}.txt": b"" for n in range(2001)}), "超过 2000 个")


def test_a_size_that_the_archive_lies_about_is_not_believed():
    data = bytearray(pack({"a.txt": b"0" * (MAX_UNPACKED + 1)}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")  # uncompressed size in the directory
    refused("x.zip", bytes(data), "压缩包")


def test_damaged_and_encrypted_archives_are_refused():
    good = WRITERS["yolo"][1](BOXES)
    refused("x.zip", good[: len(good) // 2], "已损坏")
    locked = bytearray(good)
    for place in range(len(locked) - 4):
        if locked[place : place + 4] == b"PK\x01\x02":
            locked[place + 8] |= 1
    refused("x.zip", bytes(locked), "密码")


def test_two_files_of_one_name_are_refused_and_pictures_are_passed_over():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for folder in "xy":
            archive.writestr(f"{folder}/a.txt", "")
    refused("x.zip", buffer.getvalue(), "两个“a.txt”")
    assert unpack(pack({"images/a.png": b"0" * (MAX_UNPACKED + 1), "a.txt": b"1"})) == {"a.txt": b"1"}


def test_a_million_boxes_are_refused():
    line = b"0 0.5 0.5 0.1 0.1\n"
    refused("a.txt", line * 1_000_000, "超过 5 MB")
    refused("x.zip", pack({"a.txt": line * 500_000}), "20000 个")
    refused("x.json", b"[" + b"1," * MAX_FILE, "超过 5 MB")


class TestCommand:
    @pytest.fixture
    def source(self, tmp_path):
        (tmp_path / "in.json").write_bytes(WRITERS["coco"][1](BOXES))
        return tmp_path

    @pytest.mark.parametrize("through", ["voc", "yolo"])
    def test_there_and_back(self, source, capsys, through):
        argv = ["convert", "boxes", "--from"]
        assert main([*argv, "coco", "--to", through, str(source / "in.json"), str(source / "mid.zip")]) == 0
        assert "2 张图片，2 个框" in capsys.readouterr().out
        like = ["--like", str(source / "in.json")] if through == "yolo" else []
        assert main([*argv, through, "--to", "coco", *like, str(source / "mid.zip"), str(source / "out.json")]) == 0
        back, there = (json.loads((source / name).read_text("utf-8")) for name in ("out.json", "in.json"))
        assert [note["bbox"] for note in back["annotations"]] == [note["bbox"] for note in there["annotations"]]
        assert back["images"][:1] == there["images"][:1]

    @pytest.mark.parametrize(
        ("argv", "sentence"),
        [
            (["--from", "coco", "--to", "voc", "in.json", "out.json"], "应以 .zip 结尾"),
            (["--from", "yolo", "--to", "coco", "mid.txt", "out.json"], "--like"),
            (["--from", "voc", "--to", "coco", "in.json", "out.json"], "没有 voc 标注"),
            (["--from", "coco", "--to", "voc", "none.json", "out.zip"], "none.json"),
        ],
    )
    def test_what_cannot_be_converted_is_told_in_a_sentence(self, source, capsys, monkeypatch, argv, sentence):
        monkeypatch.chdir(source)
        (source / "mid.txt").write_text("0 0.5 0.5 0.1 0.1\n", "utf-8")
        assert main(["convert", "boxes", *argv]) == 2
        assert sentence in capsys.readouterr().err


class TestPictureSize:
    @pytest.mark.parametrize(
        ("data", "size"),
        [
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\x90\0\0\1\x2c", (400, 300)),
            (b"\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\x11\x08\1\x2c\1\x90\3", (400, 300)),
            (b"RIFF____WEBPVP8 ____\0\0\0\x9d\x01\x2a\x90\1\x2c\1", (400, 300)),
            (b"RIFF____WEBPVP8L____\x2f" + (399 | 299 << 14).to_bytes(4, "little"), (400, 300)),
            (b"RIFF____WEBPVP8X____\0\0\0\0" + (399).to_bytes(3, "little") + (299).to_bytes(3, "little"), (400, 300)),
            (b"", None),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0", None),
            (b"\xff\xd8\xff\xe0", None),
            (b"RIFF____WEBPVP8 ", None),
            (b"RIFF____WEBPABCD", None),
        ],
    )
    def test_by_the_first_bytes(self, data, size):
        assert picture_size(data) == size
