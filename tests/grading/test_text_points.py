"""Written answers against rubrics: groups, denial, cap, keyword lists."""

from __future__ import annotations

import time

import pytest

from grading.errors import TaskError
from grading.graders.text_points import text_points
from grading.negation import occurrences
from grading.registry import KeyFile, get_grader

RUBRIC = [
    {"id": "missing", "title": "缺失值", "all": [["缺失值", "空值"], ["填充", "插补"]]},
    {"id": "double", "title": "重复值", "all": [["重复"], ["删除", "去除", "去重"]]},
    {"id": "outlier", "title": "异常值", "any": ["异常值", "离群点", "IQR"], "none": ["忽略异常"]},
    {"id": "scale", "title": "标准化", "any": ["标准化", "归一化", "z-score"]},
]


def found(text, rubric=RUBRIC, **args):
    reason = text_points(text, points=rubric, **args).reason
    titles = reason.partition("：")[2].partition("；")[0].partition("，已得")[0].rstrip("。") if reason.startswith("写到") else ""
    return titles.split("、") if titles else []


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("先用均值填充缺失值，再删除重复行，用 IQR 找出离群点，最后做标准化。", ["缺失值", "重复值", "异常值", "标准化"]),
        ("对于空值，采用中位数插补。", ["缺失值"]),
        ("存在缺失值。\n应当用众数填充。", ["缺失值"]),
        ("1. 填充缺失值\n2. 去除重复", ["缺失值", "重复值"]),
        ("填充缺失值、删除重复值、ｚ－ｓｃｏｒｅ 处理", ["缺失值", "重复值", "标准化"]),
        ("填 充 缺 失 值", ["缺失值"]),
        ("填充", []),
        ("缺失值很多", []),
        ("", []),
        ("。，；", []),
    ],
)
def test_groups(text, titles):
    assert found(text) == titles


@pytest.mark.parametrize(
    "text",
    ["不填充缺失值", "缺失值无需填充", "没有对缺失值进行填充", "未对缺失值做填充", "禁止填充缺失值", "避免直接填充缺失值",
    "缺失值并非要紧，不必填充",
     "缺失值不能随意填充", "别填充缺失值", "do not 填充缺失值"],
)
def test_what_is_denied_is_not_said(text):
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    ["不仅要填充缺失值", "不能不填充缺失值", "对不平衡数据填充缺失值", "不删除行，而填充缺失值", "不是删除而是填充缺失值",
    "没有重复的行再填充缺失值",
     "对未知类别填充缺失值", "删除无用列，填充缺失值", "对类别列填充缺失值", "不需要的列删掉后填充缺失值"],
)
def test_what_only_looks_denied_is_said(text):
    assert found(text) == ["缺失值"]


def test_a_denied_word_may_be_said_elsewhere():
    assert found("不要删除缺失值。应填充缺失值。") == ["缺失值"]


def test_a_keyword_may_hold_its_own_denial():
    rubric = [{"id": "a", "title": "防过拟合", "any": ["避免过拟合", "不泄露"]}]
    assert found("避免过拟合", rubric) == ["防过拟合"]
    assert found("数据不泄露", rubric) == ["防过拟合"]


def test_forbidden_words_spoil_the_point_unless_denied():
    assert found("忽略异常值即可") == []
    assert found("找出异常值，不要忽略异常") == ["异常值"]


def test_latin_words_stand_alone():
    rubric = [{"id": "a", "title": "AI", "any": ["ai"]}]
    assert found("maintain", rubric) == []
    assert found("用AI标注", rubric) == ["AI"]
    assert list(occurrences("c++与c", "c++")) == [0]


class TestKeywordLists:
    ALL = "缺失值 填充 重复 删除 异常值 标准化"

    def test_a_string_of_keywords_is_one_clause_and_carries_two_points(self):
        assert len(found(self.ALL)) == 2

    def test_bare_keywords_in_clauses_of_their_own_do_not_make_a_point_together(self):
        assert found("缺失值，填充，重复，删除") == []
        assert "没有写到评分要点" in text_points("缺失值，填充", points=RUBRIC).reason

    def test_one_clause_with_words_around_is_enough(self):
        assert found("缺失值，用均值填充") == ["缺失值"]

    def test_points_move_to_clauses_with_room(self):
        # The first clause could carry all three, the second only a and b: all three are found.
        rubric = [{"id": name, "title": name, "any": [word]} for name, word in (("a", "甲"), ("b", "乙"), ("c", "丙"))]
        assert found("说明甲和乙和丙，再说明甲", rubric) == ["a", "b", "c"]
        assert found("说明甲和乙和丙", rubric) == ["a", "b"]

    def test_heavy_points_go_first(self):
        rubric = [
            {"id": "a", "title": "a", "any": ["甲"]}, {"id": "b", "title": "b", "any": ["乙"]},
            {"id": "c", "title": "c", "any": ["丙"], "weight": 3},
        ]
        assert text_points("说明甲和乙和丙", points=rubric).fraction == pytest.approx(4 / 5)


def test_cap_and_weights():
    text = "填充缺失值。删除重复值。"
    assert text_points(text, points=RUBRIC).fraction == 0.5
    assert text_points(text, points=RUBRIC, cap=2).fraction == 1
    assert text_points(text, points=RUBRIC, cap=3).fraction == pytest.approx(2 / 3)
    assert text_points(text, points=RUBRIC, cap=1).reason == "写到 2 个要点：缺失值、重复值，已得满分；没有写到：异常值、标准化。"


def test_reasons_name_titles_only():
    mark = text_points("填充缺失值。", points=RUBRIC)
    assert mark.reason == "写到 1 个要点：缺失值；没有写到：重复值、异常值、标准化。"
    assert "插补" not in mark.reason + mark.expected + mark.found
    assert text_points("填充空值，删除重复，处理异常值，做归一化", points=RUBRIC).reason.endswith("标准化。")


def test_a_decimal_point_ends_no_clause():
    rubric = [{"id": "a", "title": "箱线图", "all": [["1.5倍", "1.5 倍"], ["四分位距", "IQR"]]}]
    assert found("超出 1.5 倍 IQR 的值", rubric) == ["箱线图"]


def test_a_rubric_may_be_a_key_file(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("- {id: a, title: 去重, any: [去重]}\n", "utf-8")
    bound = get_grader("text_points").bind({"key": KeyFile(path)})
    assert text_points("先去重", **bound).fraction == 1


@pytest.mark.parametrize(
    "content",
    ["[]", "a: 1", "- {id: a, title: x}", "- {id: a, title: x, any: ['']}", "- {id: a, title: x, any: ['　']}",
    "- {id: a, title: x, any: ['甲，乙']}",
     "- {id: a, title: x, any: [甲], weigth: 2}", "- {id: a, title: x, all: [甲]}", "- {id: a, title: x, any: [甲], weight: 0}",
     "- {id: a, title: x, any: [甲]}\n- {id: a, title: y, any: [乙]}", "- [", "- &x {id: a}\n- *x"],
)
def test_a_bad_rubric_is_the_authors_error_at_load(tmp_path, content):
    path = tmp_path / "rules.yaml"
    path.write_text(content, "utf-8")
    with pytest.raises(TaskError, match=r"rules\.yaml"):
        get_grader("text_points").bind({"key": KeyFile(path)})


@pytest.mark.parametrize(
    "args", [{}, {"points": []}, {"points": RUBRIC, "cap": 9}, {"points": RUBRIC, "cap": 0}, {"points": [{"id": "a", "title": "x"}]},
    {"key": "rules.yaml"}]
)
def test_bad_arguments(args):
    with pytest.raises(TaskError):
        get_grader("text_points").bind(args)


def test_points_and_key_exclude_each_other(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("- {id: a, title: 去重, any: [去重]}\n", "utf-8")
    with pytest.raises(TaskError, match="只写一个"):
        get_grader("text_points").bind({"key": KeyFile(path), "points": RUBRIC})


def test_a_long_answer_is_quick():
    start = time.process_time()
    text_points("缺失值，填充，" * 6000, points=RUBRIC)
    assert time.process_time() - start < 2
