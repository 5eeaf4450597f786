"""Files: there, of the right kind, of a sensible size."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from grading.errors import TaskError
from grading.graders.files import file_exists
from grading.magic import sniff
from grading.model import Upload
from grading.registry import get_grader

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20


def xlsx():
    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)
    return stream.getvalue()


def zipped():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "a")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "right"),
    [
        ("a.png", PNG, True), ("a.PNG", PNG, True), ("a.png", JPEG, False), ("a.png", b"text", False), ("a.png", PNG[:8], False),
        ("a.jpg", JPEG, True), ("a.jpeg", PNG, False), ("a.pdf", b"%PDF-1.7 x", True), ("a.pdf", b"PDF", False),
        ("a.zip", zipped(), True), ("a.xlsx", xlsx(), True), ("a.xlsx", zipped(), False), ("a.xlsx", b"PK\x03\x04 cut off", False),
        ("a.docx", xlsx(), False), ("a.csv", b"a,b", True), ("a.csv", PNG, False), ("a.txt", zipped(), False),
        ("model.pkl", b"\x80\x04", True), ("noextension", b"x", True), ("a.csv", b"", False), ("a.png", b"", False),
    ],
)
def test_content_and_name_agree(name, data, right):
    mark = file_exists(Upload(name, data))
    assert mark.fraction == float(right)
    assert mark.reason.endswith("。")


def test_extensions_and_size():
    assert file_exists(Upload("a.csv", b"x"), extensions=[".png", ".csv"]).fraction == 1
    assert "文件类型不对" in file_exists(Upload("a.csv", b"x"), extensions=[".png"]).reason
    assert "太小" in file_exists(Upload("a.csv", b"x"), min_bytes=2).reason
    assert "太大" in file_exists(Upload("a.csv", b"xxx"), max_bytes=2).reason
    assert file_exists(Upload("a.csv", b"xx"), min_bytes=2, max_bytes=2).expected == "有文件，不小于 2 字节，不大于 2 字节"
    assert "却是 JPEG 图片" in file_exists(Upload("a.png", JPEG)).reason


@pytest.mark.parametrize("args", [{"extensions": ["png"]}, {"extensions": [".PNG"]}, {"min_bytes": 0}, {"min_bytes": 9, "max_bytes": 3}])
def test_bad_arguments(args):
    with pytest.raises(TaskError):
        get_grader("file_exists").bind(args)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"GIF89a", "gif"), (b"\x1f\x8b", "gzip"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "rar"), (b"\x7fELF", "program"),
    (b"", "")],
)
def test_sniff(data, kind):
    assert sniff(data) == kind
