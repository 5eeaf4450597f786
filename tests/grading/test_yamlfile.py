"""YAML that a person wrote: whatever is in it, it loads quickly or is refused with one sentence."""

from __future__ import annotations

import time

import pytest

from grading.yamlfile import MAX_BYTES, parse_yaml, read_mapping, read_yaml
from tests.grading.trees import refusal

BOMB = """\
a: &a [x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
d: [*c, *c, *c, *c, *c, *c, *c, *c, *c]
"""

REFUSED = {
    "alias": ("a: &x [1]\nb: *x\n", "别名", "第 2 行第 4 列"),
    "bomb": (BOMB, "别名", "第 2 行"),
    "endless-alias": ("a: &x\n  b: *x\n", "别名", "第 2 行"),
    "merge-key": ("a: &x {b: 1}\nc:\n  <<: *x\n", "别名", "第 3 行"),
    "duplicate": ("title: 甲\nmarks: 1\ntitle: 乙\n", "'title' 重复", "第 3 行第 1 列"),
    "duplicate-deep": ("a:\n  - {b: 1, c: 2, b: 3}\n", "'b' 重复", "第 2 行"),
    "list-as-key": ("? [a, b]\n: 1\n", "键必须是文字", "第 1 行"),
    "set-as-key": ("? !!set {a}\n: 1\n", "YAML", ""),
    "tab": ("a:\n\tb: 1\n", "\\t", "第 2 行第 1 列"),
    "open-quote": ('a: "b\n', "YAML", "第 2 行"),
    "two-documents": ("a: 1\n---\nb: 2\n", "YAML", "第 2 行"),
    "python-object": ("a: !!python/object/apply:os.system [true]\n", "YAML", "第 1 行"),
    "unknown-tag": ("a: !secret b\n", "YAML", "第 1 行"),
    "control-character": ("a: \x07\n", "YAML", ""),
    "bad-int": ('a: !!int "x"\n', "YAML", ""),
    "empty-int": ('a: !!int ""\n', "YAML", ""),
    "empty-float": ('a: !!float ""\n', "YAML", ""),
    "bad-bool": ("a: !!bool perhaps\n", "YAML", ""),
    "bad-date": ("a: !!timestamp soon\n", "YAML", ""),
    "huge-int": (f"a: {'9' * 5000}\n", "YAML", ""),
    "deep-flow": (f"a: {'[' * 700}\n", "嵌套过深", ""),
    "deep-block": ("".join(f"{' ' * n}a:\n" for n in range(600)), "嵌套过深", ""),
    "deep-mapping": ("{a: " * 20_000, "嵌套过深", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_yaml_is_one_sentence_with_its_place(case):
    source, words, place = REFUSED[case]
    started = time.process_time()
    error = refusal(parse_yaml, source, file="bank.yaml")
    assert words in error.message
    assert place in error.key
    assert str(error).startswith("bank.yaml")
    assert time.process_time() - started < 2


@pytest.mark.parametrize("content", ["x" * (3 * 1024 * 1024), "长" * (1024 * 1024)], ids=["letters", "bytes, not characters"])
def test_large_file_is_refused_unread(tmp_path, content):
    path = tmp_path / "bank.yaml"
    path.write_text(f"a: {content}", "utf-8")
    started = time.process_time()
    assert f"{MAX_BYTES // 1024} KB" in refusal(read_yaml, path).message
    assert time.process_time() - started < 0.5


def test_large_text_is_refused_too():
    assert "KB" in refusal(parse_yaml, "x" * (MAX_BYTES + 1), file="pasted").message


@pytest.mark.parametrize(("content", "words"), [
    (b"a: \xff\xfe\x00", "UTF-8"), ("标题: 中文".encode("gbk"), "UTF-8"), (b"", "键: 值"), (b"- a\n- b\n", "键: 值"),
    (b"just text\n", "键: 值"), (b"1: a\n", "键: 值"), (b"# only a comment\n", "键: 值"),
])
def test_file_that_is_no_mapping_is_refused(tmp_path, content, words):
    path = tmp_path / "task.yaml"
    path.write_bytes(content)
    error = refusal(read_mapping, path)
    assert words in error.message
    assert error.file == str(path)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_missing_file_is_refused(tmp_path, make):
    make(tmp_path / "task.yaml")
    assert refusal(read_yaml, tmp_path / "task.yaml").file.endswith("task.yaml")


def test_byte_order_mark_of_windows_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "task.yaml"
    path.write_bytes("\ufeff标题: 甲\r\nn: 1\r\n".encode())
    assert read_mapping(path) == {"标题": "甲", "n": 1}


def test_dates_and_times_stay_as_typed():
    assert parse_yaml("a: 2024-01-05\nb: 2024-01-05 10:20:30\nc: 10:30\nd: 0:59:10.5\n", file="x") == {
        "a": "2024-01-05", "b": "2024-01-05 10:20:30", "c": "10:30", "d": "0:59:10.5",
    }


def test_numbers_truth_and_nothing_are_read():
    assert parse_yaml("a: 1\nb: 0.10\nc: true\nd:\ne: -3\nf: 1.5e+3\n", file="x") == {
        "a": 1, "b": 0.1, "c": True, "d": None, "e": -3, "f": 1500.0,
    }


def test_only_true_and_false_are_truth_so_that_on_is_a_key():
    assert parse_yaml("on: yes\nno: off\ny: [True, FALSE, n]\n", file="x") == {"on": "yes", "no": "off", "y": [True, False, "n"]}


def test_leading_zeros_are_kept():
    assert parse_yaml("a: 010\nb: 1_000\nc: 0x1F\nd: 0\ne: -0.5\n", file="x") == {"a": "010", "b": "1_000", "c": "0x1F", "d": 0, "e": -0.5}
