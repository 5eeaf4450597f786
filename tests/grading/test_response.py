"""A response as a folder."""

from __future__ import annotations

import pytest

from grading.errors import GradingError, ResponseError
from grading.model import Upload
from grading.response import MAX_UPLOAD, check_fields, load_response
from tests.grading.trees import make_task, write_files

FIELDS = [
    {"id": "a", "kind": "number"}, {"id": "judge", "kind": "choice", "form": "judge"}, {"id": "note", "kind": "text"},
    {"id": "program", "kind": "code"}, {"id": "data", "kind": "table"}, {"id": "picture", "kind": "file"},
]


@pytest.fixture
def load(tmp_path):
    task = make_task(tmp_path / "mini", {"fields": FIELDS, "runs": [], "points": [
        {"id": "M1", "title": "数", "marks": 1, "grader": "number", "of": "a", "args": {"equals": 1}}], "marks": 1})

    def load(response: str | bytes, files: dict[str, str | bytes] | None = None):
        folder = write_files(tmp_path / "response", {"response.yaml": response, **(files or {})})
        return load_response(task, folder)

    return load


@pytest.mark.parametrize(("yaml", "value"), [
    ("a: 1", "1"), ("a: 1\n", "1"), ("a: -0.50", "-0.5"), ("a: '0.50'", "0.50"), ("a: 三", "三"), ("a: 10:30", "10:30"),
    ("a:", None), ("a: 12345678901234567890", "12345678901234567890"),
])
def test_number_is_what_was_typed(load, yaml, value):
    assert load(yaml) == {"a": value}


@pytest.mark.parametrize(("yaml", "value"), [
    ("judge: true", ["T"]), ("judge: false", ["F"]), ("judge: [T]", ["T"]), ("judge: F", "F"), ("judge: []", []),
])
def test_judgement_may_be_written_as_truth(load, yaml, value):
    assert load(yaml) == {"judge": value}


@pytest.mark.parametrize("yaml", ["", "{}", "# 空白卷\n", "---\n"])
def test_empty_file_is_a_blank_response(load, yaml):
    assert load(yaml) == {}


def test_text_and_code_may_stand_in_files(load):
    assert load("note: {file: n.txt}\nprogram: {file: p.py}\n", {"n.txt": "\ufeff去重", "p.py": "x = 1\n"}) == {
        "note": "去重", "program": "x = 1\n",
    }


def test_table_and_file_become_uploads(load):
    found = load("data: {file: d.csv}\npicture: {file: p.png}\n", {"d.csv": "a\n1\n", "p.png": b"\x89PNG"})
    assert found == {"data": Upload("d.csv", b"a\n1\n"), "picture": Upload("p.png", b"\x89PNG")}


@pytest.mark.parametrize(("yaml", "files", "words"), [
    ("rows: 1\nb: 2\n", {}, "rows, b"),
    ("note: {path: n.txt}", {}, "{file: 文件名}"),
    ("note: {file: n.txt, name: x}", {"n.txt": "x"}, "{file: 文件名}"),
    ("note: {file: n.txt}", {}, "n.txt"),
    ("note: {file: ../response.yaml}", {}, "../response.yaml"),
    ("note: {file: /etc/hostname}", {}, "/etc/hostname"),
    ("note: {file: ..}", {}, "找不到"),
    ("note: {file: n.txt}", {"n.txt": "去重".encode("gbk")}, "UTF-8"),
    ("data: {file: d.csv}", {"d.csv": b"0" * (MAX_UPLOAD + 1)}, "20 MB"),
    ("note: true", {}, "引号"),
    ("- a\n", {}, "键: 值"),
    ("a: 1\na: 2\n", {}, "重复"),
])
def test_unreadable_response_is_one_sentence(load, yaml, files, words):
    with pytest.raises(GradingError) as caught:
        load(yaml, files)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_link_is_not_followed(load, tmp_path):
    (tmp_path / "response").mkdir()
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "response" / "n.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(ResponseError, match=r"n\.txt"):
        load("note: {file: n.txt}")


def test_missing_response_is_one_sentence(plain, tmp_path):
    with pytest.raises(GradingError, match=r"response\.yaml.*不存在"):
        load_response(plain, tmp_path)


def test_unknown_fields_are_listed_with_the_known_ones(plain):
    with pytest.raises(ResponseError, match=r"row, x.*rows, word"):
        check_fields(plain, {"row": "1", "x": "2", "word": "a"})
    check_fields(plain, {"word": "a"})
