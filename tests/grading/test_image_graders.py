"""Graders of pictures: what counts as a picture, and each rule by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grading.errors import TaskError
from grading.graders import image_texts, images
from grading.graders.images import Band
from grading.pictures import Label, Pair, PictureSheet, TextLine
from grading.registry import get_grader
from tests.grading.cases.pictures import broken, picture


def sheet(*pictures, same=(), distance=30):
    """The pictures as one field; same : pairs that show the same."""
    numbered = tuple(replace(one, number=n) for n, one in enumerate(pictures))
    pairs = tuple(
        Pair(a, b, 2 if (a, b) in same else distance) for a in range(len(pictures)) for b in range(a + 1, len(pictures))
        if numbered[a].measures and numbered[b].measures
    )
    return PictureSheet(numbered, pairs)


def line(text, *, size=0.06, x=0.7, y=0.9, confidence=0.98):
    return TextLine(text, confidence, x, y, 0.2, 0.06, size)


FOUR = sheet(*(picture(n) for n in range(4)))


class TestWhatCounts:
    def test_flat_pictures_noise_and_broken_files_do_not(self):
        mark = images.picture_count(sheet(picture(0), picture(1, detail=0.05), picture(2, noise=40.0), broken(3)), count=4)
        assert mark.fraction == 0.25
        assert mark.reason == "第 2 张只有纯色、渐变或文字，不算图片；第 3 张全是噪点，不算图片；第 4 张不能解码。"

    def test_four_copies_are_one_picture_for_every_grader(self):
        copies = sheet(*(picture(n) for n in range(4)), same={(a, b) for a in range(4) for b in range(a + 1, 4)})
        for grader, args in (
            (images.picture_count, {}), (images.sharp_enough, {"min": 100}), (images.picture_format, {"width": 768}),
            (images.picture_quality, {"bands": (Band(at=35, fraction=1),)}), (image_texts.text_in_picture, {"texts": ("青山杯",)}),
            (image_texts.ai_label, {"kind": "visible"}), (image_texts.ai_label, {"kind": "metadata"}),
            (images.picture_colours, {"hues": ((160, 200),), "min_share": 0.3}),
        ):
            assert grader(copies, count=4, **args).fraction == 0.25, grader
        assert images.no_near_duplicates(copies, count=4).fraction == 0

    def test_a_chain_of_copies_is_one_picture(self):
        chain = sheet(*(picture(n) for n in range(3)), same={(0, 1), (1, 2)})
        assert [one.number for one in chain.distinct()] == [0]

    def test_a_copy_of_a_hollow_picture_counts(self):
        mixed = sheet(picture(0, noise=50.0), picture(1), same={(0, 1)})
        assert [one.number for one in mixed.distinct()] == [1]
        assert images.no_near_duplicates(mixed, count=2).reason == "能计入的图片不足 2 张，无从比较。"

    def test_more_pictures_than_wanted_earn_no_more(self):
        assert images.picture_count(FOUR, count=2).fraction == 1

    def test_too_few_are_told(self):
        assert images.picture_count(sheet(picture(0)), count=4).reason == "只交了 1 张。"


class TestFormat:
    @pytest.mark.parametrize("args, fraction", [
        ({"width": 768, "height": 1024}, 1), ({"width": 769}, 0), ({"width": (700, 800)}, 1), ({"height": (1, 1000)}, 0),
        ({"ratio": (3, 4)}, 1), ({"ratio": (2, 3)}, 0), ({"ratio": (2, 3), "ratio_tol": 0.15}, 1), ({"formats": ("PNG",)}, 1),
        ({"formats": ("JPEG", "WEBP")}, 0), ({"max_kb": 40}, 1), ({"max_kb": 39}, 0),
    ])
    def test_each_rule(self, args, fraction):
        assert images.picture_format(FOUR, count=4, **args).fraction == fraction

    def test_one_square_picture_costs_a_quarter(self):
        mark = images.picture_format(sheet(picture(0, height=768), *(picture(n) for n in (1, 2, 3))), count=4, width=768, height=1024)
        assert (mark.fraction, mark.reason) == (0.75, "第 1 张高 768。")

    def test_a_rule_is_needed(self):
        with pytest.raises(TaskError, match="至少写一个"):
            get_grader("picture_format").bind({"count": 4})


class TestSurface:
    @pytest.mark.parametrize("measured, fraction, why", [
        ({"sharpness": 100.0}, 1, ""), ({"sharpness": 99.9}, 0, "模糊（清晰度 99.9）"), ({"noise": 20.0}, 1, ""),
        ({"noise": 20.1, "sharpness": 9000.0}, 0, "噪点太多（20.1）"),
    ])
    def test_sharp_and_without_noise(self, measured, fraction, why):
        mark = images.sharp_enough(sheet(picture(0, **measured)), count=1, min=100)
        assert mark.fraction == fraction
        assert why in mark.reason

    @pytest.mark.parametrize("score, fraction", [(-5.0, 1), (35.0, 1), (35.1, 0.5), (55.0, 0.5), (55.1, 0), (None, 0)])
    def test_quality_by_bands(self, score, fraction):
        bands = (Band(at=35, fraction=1), Band(at=55, fraction=0.5))
        assert images.picture_quality(sheet(picture(0, brisque=score)), count=1, bands=bands).fraction == fraction

    def test_bands_go_from_good_to_bad(self):
        with pytest.raises(TaskError, match="从好到差"):
            get_grader("picture_quality").bind({"count": 1, "bands": [{"at": 55, "fraction": 1}, {"at": 35, "fraction": 0.5}]})

    def test_colours_by_hue_and_brightness(self):
        assert images.picture_colours(FOUR, count=4, hues=((160, 170),), min_share=0.5).fraction == 1
        assert images.picture_colours(FOUR, count=4, hues=((170, 160),), min_share=0.1).fraction == 0
        mark = images.picture_colours(FOUR, count=4, name="绛红", hues=((340, 20),), min_share=0.1)
        assert mark.reason == "第 1、2、3、4 张绛红只占 0%。"
        assert images.picture_colours(FOUR, count=4, brightness=(0.7, 1)).fraction == 0
        assert images.picture_colours(FOUR, count=4, saturation=(0.4, 0.6)).fraction == 1

    @pytest.mark.parametrize("args, sentence", [
        ({"hues": [[165, 200]], "min_share": 0.2}, "10 的倍数"), ({"hues": [[160, 200]]}, "一起写"), ({}, "至少写一个"),
    ])
    def test_colour_rules_must_make_sense(self, args, sentence):
        with pytest.raises(TaskError, match=sentence):
            get_grader("picture_colours").bind({"count": 1, **args})


class TestDuplicates:
    def test_one_pair_costs_a_third_of_four(self):
        mark = images.no_near_duplicates(sheet(*(picture(n) for n in range(4)), same={(0, 3)}), count=4)
        assert mark.fraction == pytest.approx(2 / 3)
        assert mark.reason == "第 1 张与第 4 张几乎相同；换颜色、换字、裁边都不算另一张。"

    def test_a_mirror_image_is_told(self):
        mirrored = PictureSheet((picture(0), picture(1)), (Pair(0, 1, 0, mirrored=True),))
        assert "左右翻转" in images.no_near_duplicates(mirrored, count=2).reason

    @pytest.mark.parametrize("distance, fraction", [(8, 0), (9, 1)])
    def test_the_line_between_same_and_other(self, distance, fraction):
        assert images.no_near_duplicates(PictureSheet((picture(0), picture(1)), (Pair(0, 1, distance),)), count=2).fraction == fraction


class TestTexts:
    @pytest.mark.parametrize("read, rate", [
        (["保温十二小时"], 0), (["保 温", "十二小时！"], 0), (["新品上市保温十二小时包邮"], 0), (["保温十二小肘"], 1 / 6),
        (["保温十小时"], 1 / 6), (["时小二十温保"], 5 / 6), ([], 1), ([""], 1), (["NINGBO"], 1),
    ])
    def test_the_error_rate_looks_for_the_best_stretch(self, read, rate):
        assert image_texts.error_rate("保温 十二小时", read) == pytest.approx(rate)

    def test_width_case_and_punctuation_do_not_matter(self):
        assert image_texts.error_rate("Steel-2026", ["ＳＴＥＥＬ　２０２６。"]) == 0

    def test_in_order(self):
        posters = sheet(picture(0, "甲乙丙"), picture(1, "丁戊己"), picture(2, "庚辛壬"))
        texts = ("甲乙丙", "庚辛壬", "丁戊己")
        mark = image_texts.text_in_picture(posters, texts=texts, where="in_order")
        assert mark.fraction == pytest.approx(1 / 3)
        assert mark.reason == "第 2 张没有读到“庚辛壬”；第 3 张没有读到“丁戊己”。"

    def test_every_picture_must_have_every_text(self):
        posters = sheet(picture(0, "青山杯 新品"), picture(1, "青山杯"))
        assert image_texts.text_in_picture(posters, texts=("青山杯", "新品"), count=2).fraction == 0.75

    def test_what_was_read_with_doubt_is_not_looked_at(self):
        doubtful = sheet(picture(0, lines=(line("青山杯", confidence=0.4),)))
        assert image_texts.text_in_picture(doubtful, texts=("青山杯",), count=1).fraction == 0
        assert image_texts.text_in_picture(doubtful, texts=("青山杯",), count=1, min_confidence=0.3).fraction == 1

    def test_another_word_of_the_same_length_is_not_it(self):
        assert image_texts.text_in_picture(sheet(picture(0, "青水瓶")), texts=("青山杯",), count=1, max_cer=0.34).fraction == 0


class TestLabels:
    @pytest.mark.parametrize("text", [
        "AI生成", "ＡＩ 生成", "AI合成", "人工智能生成", "AI Generated", "由AI生成", "Al生成", "本图 AI-generated",
    ])
    def test_ways_to_write_it(self, text):
        assert image_texts.ai_label(sheet(picture(0, text)), kind="visible", count=1).fraction == 1

    @pytest.mark.parametrize("lines, why", [
        ((), "没有读到标识文字"), ((line("青山杯"),), "没有读到标识文字"), ((line("AI生成", size=0.03),), "标识的字太小（3.0%）"),
        ((line("AI生成", x=0.4, y=0.5),), "标识不在边或角"), ((line("AI 课程"),), "没有读到标识文字"),
    ])
    def test_what_is_no_visible_label(self, lines, why):
        mark = image_texts.ai_label(sheet(picture(0, lines=lines)), kind="visible", count=1)
        assert mark.fraction == 0
        assert why in mark.reason

    @pytest.mark.parametrize("label, why", [
        (None, "元数据里没有 AIGC"), (Label("XMP", "0", "a", "b"), "Label 是“0”"), (Label("XMP", "1", " ", "b"), "标识缺 ContentProducer"),
        (Label("XMP", "1", "a", ""), "标识缺 ProduceID"), (Label("XMP", "", "", ""), "Label 是“”"),
    ])
    def test_what_is_no_label_in_the_metadata(self, label, why):
        mark = image_texts.ai_label(sheet(picture(0, label=label)), kind="metadata", count=1)
        assert mark.fraction == 0
        assert why in mark.reason

    def test_a_whole_label_in_the_metadata(self):
        assert image_texts.ai_label(FOUR, kind="metadata", count=4).fraction == 1
