"""The field `images`: what is looked at before a picture reaches the sandbox."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from grading.errors import ResponseError
from grading.fields import get_kind
from grading.fields.images import ImagesSpec
from grading.model import Upload
from grading.pictures import Pictures

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20
WEBP = b"RIFF\x20\0\0\0WEBPVP8 " + b"\0" * 20
KIND = get_kind("images")


def spec(**keys):
    return ImagesSpec(id="p", **keys)


def test_several_pictures_keep_their_order():
    files = [Upload("b.png", PNG), Upload("a.JPG", JPEG), Upload("c.webp", WEBP)]
    assert KIND.parse(files, spec()) == Pictures(tuple(files))


@pytest.mark.parametrize("raw", [None, "", []])
def test_nothing_is_blank(raw):
    assert KIND.is_blank(raw)


@pytest.mark.parametrize("raw", ["text", 3, {"name": "a.png"}, Upload("a.png", PNG), [Upload("a.png", PNG), "b.png"], [None]])
def test_anything_but_a_list_of_files_is_refused(raw):
    with pytest.raises(ResponseError, match="这里应上传图片文件。"):
        KIND.parse(raw, spec())


def test_too_many_are_refused():
    with pytest.raises(ResponseError, match="最多 2 张图片，收到 3 张"):
        KIND.parse([Upload(f"{n}.png", PNG) for n in range(3)], spec(max_files=2))


@pytest.mark.parametrize("name, data, sentence", [
    ("a.png", b"", "是空的"),
    ("a.png", PNG + b"\0" * 1_100_000, "超过每张 1 MB"),
    ("a.gif", b"GIF89a" + b"\0" * 30, "只接受 PNG、JPEG、WEBP 图片"),
    ("a.png", b"GIF89a" + b"\0" * 30, "其实是GIF 图片"),
    ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "内容不是图片"),
    ("a.svg", b"<svg/>", "只接受"),
    ("a.png", b"PK\x03\x04" + b"\0" * 30, "其实是zip 压缩包"),
    ("a.jpg", b"%PDF-1.7", "其实是PDF 文档"),
    ("a.png.exe", PNG, "只接受"),
    ("x" * 5000 + "\n<script>.txt", PNG, "只接受"),
    ("a.webp", b"RIFF\x20\0\0\0WAVEfmt ", "内容不是图片"),
    ("a.png", b"\x89PNG\r\n\x1a\n", "内容不是图片"),
])
def test_what_cannot_be_a_picture_is_refused_with_a_sentence(name, data, sentence):
    with pytest.raises(ResponseError, match=sentence) as error:
        KIND.check_file(Upload(name, data), spec(max_mb=1))
    assert str(error.value).endswith("。")
    assert len(str(error.value)) < 150
    assert "\n" not in str(error.value)


def test_a_jpeg_named_png_goes_in_and_is_measured_as_what_it_is():
    assert KIND.check_file(Upload("a.png", JPEG), spec()) is None


def test_only_the_formats_of_the_task():
    with pytest.raises(ResponseError, match="只接受 PNG 图片"):
        KIND.check_file(Upload("a.jpg", JPEG), spec(accept=["png"]))
    with pytest.raises(ResponseError, match="其实是JPEG 图片"):
        KIND.check_file(Upload("a.png", JPEG), spec(accept=["png"]))


@pytest.mark.parametrize("keys", [{"min_files": 5, "max_files": 4}, {"max_files": 0}, {"max_mb": 21}, {"accept": []}, {"accept": ["gif"]}])
def test_impossible_fields_are_refused_at_load_time(keys):
    with pytest.raises(ValidationError):
        spec(**keys)
