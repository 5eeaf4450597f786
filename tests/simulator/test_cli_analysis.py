"""`simulator item-analysis`: any table of marks, as outside tools call it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from simulator.cli import main

MARKS = "id,a,b,c\n甲,1,2,3\n乙,1,2,2\n丙,0,,2\n丁,1,0,0\n"
MAXIMA = "id,c,b,a\n满分,3,2,1\n"


@pytest.fixture
def call(tmp_path):
    def called(marks=MARKS, maxima=MAXIMA, *options):
        (tmp_path / "marks.csv").write_text(marks, "utf-8")
        (tmp_path / "max.csv").write_text(maxima, "utf-8")
        return CliRunner().invoke(main, ["item-analysis", str(tmp_path / "marks.csv"), "--max", str(tmp_path / "max.csv"), *options])

    return called


def test_json_has_the_promised_shape(call):
    done = call(MARKS, MAXIMA, "--json")
    assert done.exit_code == 0
    found = json.loads(done.output)
    assert [item["id"] for item in found["items"]] == ["a", "b", "c"]
    assert set(found["items"][0]) == {
        "id", "n", "facility", "sd", "random_guess_score", "intended_weight", "effective_weight", "discrimination_index",
        "discriminative_efficiency",
    }
    assert set(found["test"]) == {"n", "mean", "sd", "skewness", "kurtosis", "alpha", "error_ratio", "standard_error"}
    assert found["items"][1]["facility"] == 0.5  # the empty cell is no answer: 0 marks
    assert found["items"][0]["intended_weight"] == pytest.approx(1 / 6)


def test_a_table_for_people(call):
    done = call()
    assert done.exit_code == 0
    assert "区分度" in done.output
    assert "信度 α" in done.output


def test_without_an_id_column(call):
    assert json.loads(call("x\n1\n0\n", "x\n1\n", "--json").output)["items"][0]["n"] == 2


@pytest.mark.parametrize(("marks", "maxima", "words"), [
    ("id,a\n甲,好\n", "a\n1\n", "不是数字"), ("id,a\n甲,1\n", "b\n1\n", "缺少 a"), ("id,a\n甲,1\n", "a\n1\n2\n", "有 2 行"),
    ("id,a\n甲,1\n", "a\n0\n", "满分"), ("id\n甲\n", "a\n1\n", "题目分析"), ("", "a\n1\n", "空"),
])
def test_bad_tables_get_one_sentence(call, marks, maxima, words):
    done = call(marks, maxima)
    assert done.exit_code == 2
    assert words in done.output
    assert "Traceback" not in done.output
