"""The boxes field: strict reading; matching and its graders, with the properties that a fair mark has."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from grading.boxes import Box, Boxes, Rules, dump_boxes, iou, parse_boxes
from grading.boxformats.coco import write_coco
from grading.boxmatch import match_image, tally
from grading.errors import ResponseError, TaskError
from grading.fields import get_kind
from grading.loader import load_task
from grading.registry import KeyFile, get_grader
from simulator.config import ROOT

SIZES = {"a.png": (200, 150), "b.png": (200, 150)}
LABELS = {"pit": "麻点", "scratch": "划痕"}
RULES = Rules(SIZES, LABELS, {"程度": ("轻", "重")}, max_boxes=3)
TRUTH = Boxes(
    {
        "a.png": (Box("pit", 10, 10, 40, 30, {"程度": "轻"}), Box("scratch", 100, 60, 50, 40, {"程度": "重"})),
        "b.png": (Box("pit", 60, 60, 30, 30, {"程度": "轻"}), Box("scratch", 5, 100, 60, 30, {"程度": "轻"})),
    },
    SIZES,
    LABELS,
)
WHOLE = Boxes({name: (Box("pit", 0, 0, 200, 150),) for name in SIZES}, SIZES, LABELS)
BANDS = [{"at": 0.95, "fraction": 1}, {"at": 0.7, "fraction": 0.5}]


def spec(**more):
    kind = get_kind("boxes")
    return kind.spec(id="boxes", images=SIZES, labels=LABELS, attributes={"程度": ["轻", "重"]}, max_boxes=3, **more)


def entry(**more):
    return json.dumps({"a.png": [{"label": "pit", "box": [1, 2, 3, 4], **more}]})


@pytest.fixture
def mark(tmp_path):
    """Return a function that marks boxes with a grader against TRUTH."""
    (tmp_path / "truth.json").write_bytes(write_coco(TRUTH))

    def marked(name, found, **args):
        grader = get_grader(name)
        return grader.function(found, **grader.bind({"key": KeyFile(tmp_path / "truth.json"), **args}))

    return marked


class TestField:
    def test_boxes_are_read(self):
        text = dump_boxes(TRUTH.images)
        found = get_kind("boxes").parse(text, spec())
        assert found == TRUTH
        assert get_kind("boxes").describe(text) == "标注了 4 个框"

    @pytest.mark.parametrize("raw", [None, "", " \n", "{}", '{"a.png": []}', ' {"a.png": [], "b.png": []} '])
    def test_nothing_drawn_is_blank(self, raw):
        assert get_kind("boxes").is_blank(raw)

    @pytest.mark.parametrize("raw", ["[", "null", '{"a.png": [1]}', entry(), "9" * 200_000, '{"a.png": [{"box": []}]}'])
    def test_anything_else_is_not(self, raw):
        assert not get_kind("boxes").is_blank(raw)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[", "不是合法的 JSON"),
            ("[" * 50_000, "不是合法的 JSON"),
            ("[]", "JSON 对象"),
            ("null", "JSON 对象"),
            ('{"c.png": []}', "没有名为“c.png”的图片；可用：a.png、b.png"),
            ('{"../a.png": []}', "没有名为"),
            ('{"a.png": {}}', "框的列表"),
            ('{"a.png": [], "a.png": []}', "“a.png”出现了两次"),
            ('{"a.png": ["pit"]}', "label、box"),
            (entry(colour="red"), "label、box"),
            (entry(label="rust"), "“rust”不存在；可用：pit、scratch"),
            (entry(label=["pit"]), "不存在"),
            (entry(box=[1, 2, 3]), "四个数"),
            (entry(box="1,2,3,4"), "四个数"),
            (entry(box=[1, 2, 3, "4"]), "四个数"),
            (entry(box=[True, 2, 3, 4]), "四个数"),
            (entry(box=[float("nan"), 2, 3, 4]), "NaN"),
            (entry(box=[float("inf"), 2, 3, 4]), "Infinity"),
            (entry().replace("[1,", "[1e999,"), "四个数"),
            (entry().replace("[1,", f"[{'9' * 400},"), "四个数"),
            (entry(box=[-1, 2, 3, 4]), "超出了图片（200×150 像素）"),
            (entry(box=[198, 2, 3, 4]), "超出了图片"),
            (entry(box=[1, 2, 3, 0]), "至少 1 像素"),
            (entry(box=[1, 2, -3, 4]), "至少 1 像素"),
            (entry(attributes={"颜色": "红"}), "没有属性“颜色”"),
            (entry(attributes={"程度": "中"}), "可用：轻、重"),
            (entry(attributes={"程度": ["轻"]}), "不能是"),
            (entry(attributes=[]), "属性 → 值"),
            (entry(score=2), "0 到 1"),
            (entry(score="1"), "0 到 1"),
            (json.dumps({"a.png": [{"label": "pit", "box": [1, 2, 3, 4]}] * 4}), "a.png 有 4 个框，超过每张 3 个"),
            (json.dumps({"a.png": [{"label": "pit", "box": [1, 2, 3, 4]}] * 10**6}), "超过 120000 个的上限"),
        ],
    )
    def test_what_cannot_be_is_refused_with_a_sentence(self, text, sentence):
        with pytest.raises(ResponseError) as error:
            parse_boxes(text, RULES)
        assert sentence in str(error.value)
        assert str(error.value).endswith("。")
        assert len(str(error.value)) < 200

    def test_half_a_pixel_over_the_edge_is_rounding(self):
        assert parse_boxes(entry(box=[-0.4, 0, 200.5, 150.4]), RULES).count == 1

    @given(
        st.text(max_size=60)
        | st.recursive(
            st.none() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(st.sampled_from(["a.png", "label", "box", "attributes", "x"]), inner, max_size=3)
            ),
        ).map(json.dumps)
    )
    def test_garbage_is_boxes_or_a_sentence(self, text):
        try:
            said = isinstance(parse_boxes(text, RULES), Boxes)
        except ResponseError as error:
            said = str(error).endswith("。")
        assert said


class TestMatch:
    BOX = st.builds(
        Box,
        st.sampled_from(["pit", "scratch"]),
        *(st.integers(0, 40).map(float) for _ in "xy"),
        *(st.integers(1, 40).map(float) for _ in "wh"),
    )
    SOME = st.lists(BOX, max_size=7).map(lambda boxes: tuple(sorted(boxes, key=lambda box: box.rank)))

    @given(BOX, BOX)
    def test_iou_is_symmetric_and_a_share(self, a, b):
        assert iou(a, b) == iou(b, a)
        assert 0 <= iou(a, b) <= 1
        assert iou(a, a) == 1

    @given(SOME, SOME, st.sampled_from([0.1, 0.5, 0.75]))
    def test_one_to_one_and_never_fewer_pairs_than_greedy(self, own, truth, threshold):
        found = match_image("a.png", own, truth, threshold)
        assert len({pair.own for pair in found.pairs}) == len({pair.truth for pair in found.pairs}) == len(found.pairs)
        assert all(iou(own[pair.own], truth[pair.truth]) >= threshold - 1e-9 for pair in found.pairs)
        candidates = sorted(((iou(a, b), i, j) for i, a in enumerate(own) for j, b in enumerate(truth)), reverse=True)
        used_own, used_truth, greedy = set(), set(), 0
        for value, i, j in candidates:
            if value >= threshold and i not in used_own and j not in used_truth:
                used_own.add(i)
                used_truth.add(j)
                greedy += 1
        assert len(found.pairs) >= greedy

    @given(SOME, SOME)
    def test_swapping_the_sides_keeps_the_counts(self, own, truth):
        here, there = match_image("a.png", own, truth, 0.5), match_image("a.png", truth, own, 0.5)
        assert (len(here.pairs), len(here.right)) == (len(there.pairs), len(there.right))

    def test_the_assignment_is_optimal_where_greedy_is_not(self):
        # greedy takes the best pair, (own 1, truth 0), and leaves the two others without a partner
        truth = (Box("pit", 0, 0, 10, 10), Box("pit", 4, 0, 10, 10))
        own = (Box("pit", -4, 0, 10, 10), Box("pit", 1, 0, 10, 10))
        assert len(match_image("a.png", own, truth, 0.4).pairs) == 2

    def test_between_equal_places_the_label_decides(self):
        place = Box("pit", 10, 10, 30, 30)
        found = match_image("a.png", (place, replace(place, label="scratch")), (replace(place, label="scratch"),), 0.5)
        assert [(pair.own, pair.right) for pair in found.pairs] == [(1, True)]


class TestGraders:
    def test_the_costs_are_those_of_the_manual(self, mark):
        one_wrong = replace(
            TRUTH, images={**TRUTH.images, "b.png": (replace(TRUTH.images["b.png"][0], label="scratch"), TRUTH.images["b.png"][1])}
        )
        one_missed = replace(TRUTH, images={**TRUTH.images, "b.png": TRUTH.images["b.png"][1:]})
        one_extra = replace(TRUTH, images={**TRUTH.images, "b.png": (*TRUTH.images["b.png"], Box("pit", 150, 5, 20, 20))})
        assert mark("boxes_match", one_wrong).fraction == pytest.approx(3 / 4)
        assert mark("boxes_match", one_wrong, wrong_label=0.5).fraction == pytest.approx(3.5 / 4)
        assert mark("boxes_match", one_missed).fraction == pytest.approx(6 / 7)
        assert mark("boxes_match", one_extra).fraction == pytest.approx(8 / 9)
        assert mark("boxes_match", one_missed, by="cost", missed=2).fraction == pytest.approx(1 / 2)
        assert mark("boxes_match", one_extra, by="cost", extra=0.5).fraction == pytest.approx(7 / 8)
        assert mark("boxes_match", one_extra, extra=0).fraction == 1
        assert mark("boxes_match", one_missed, images=["a.png"]).fraction == 1

    def test_the_reason_names_what_is_wrong_on_which_image(self, mark):
        found = replace(
            TRUTH,
            images={
                "a.png": (replace(TRUTH.images["a.png"][0], label="scratch"),),
                "b.png": (*TRUTH.images["b.png"], Box("pit", 150, 5, 20, 20)),
            },
        )
        result = mark("boxes_match", found)
        assert result.reason == "4 个目标对上 3 个：a.png 漏标 1 个（划痕）、1 个麻点错标成划痕；b.png 多标 1 个（麻点）。"
        assert result.found == "画了 4 个：标对 2，标签错 1，漏 1，多 1"

    def test_the_evidence_shows_both_sets_and_what_became_of_them(self, mark):
        found = replace(TRUTH, images={"a.png": TRUTH.images["a.png"][:1], "b.png": (Box("pit", 150, 5, 20, 20),)})
        evidence = mark("boxes_match", found).evidence
        assert json.loads(json.dumps(evidence, allow_nan=False)) == evidence
        assert evidence["kind"] == "boxes"
        a, b = evidence["images"]
        assert [row["state"] for row in a["rows"]] == ["right", "missed"]
        assert [row["state"] for row in b["rows"]] == ["missed", "missed", "extra"]
        assert a["rows"][0]["own"] == {"label": "pit", "name": "麻点", "box": [10, 10, 40, 30], "attributes": {"程度": "轻"}}
        assert b["rows"][2]["truth"] is None
        assert mark("boxes_match", found, evidence=False).evidence is None

    def test_evidence_stays_small(self, mark):
        crowd = replace(TRUTH, images={"a.png": tuple(Box("pit", n % 100, n // 100, 50, 50) for n in range(5000)), "b.png": ()})
        evidence = mark("boxes_match", crowd).evidence
        assert len(json.dumps(evidence, ensure_ascii=False)) < 300_000
        assert evidence["images"][0]["left_out"] > 4000

    @pytest.mark.parametrize(
        ("name", "args"),
        [
            ("boxes_match", {}),
            ("boxes_match", {"by": "cost"}),
            ("mean_iou", {"bands": BANDS}),
            ("boxes_map", {"bands": BANDS}),
            ("box_labels", {}),
            ("box_attributes", {"names": ["程度"]}),
        ],
    )
    def test_a_box_around_everything_and_hundreds_of_random_boxes_earn_about_nothing(self, mark, name, args):
        dice = random.Random(3)
        sides = [(dice.uniform(0, 120), dice.uniform(0, 80), dice.uniform(10, 80), dice.uniform(10, 70)) for _ in range(400)]
        many = replace(TRUTH, images={n: tuple(Box(dice.choice(list(LABELS)), *side) for side in sides) for n in SIZES})
        assert mark(name, WHOLE, **args).fraction == 0
        assert mark(name, many, **args).fraction < 0.02

    @given(data=st.data())
    @pytest.mark.parametrize("name", ["boxes_match", "mean_iou", "boxes_map", "box_labels", "box_attributes"])
    def test_the_order_of_drawing_is_irrelevant(self, tmp_path_factory, name, data):
        path = tmp_path_factory.mktemp("key") / "truth.json"
        path.write_bytes(write_coco(TRUTH))
        drawn = [*data.draw(st.lists(TestMatch.BOX, max_size=6)), *TRUTH.images["a.png"]]
        args = {"mean_iou": {"bands": BANDS}, "boxes_map": {"bands": BANDS}, "box_attributes": {"names": ["程度"]}}.get(name, {})
        grader = get_grader(name)
        bound = grader.bind({"key": KeyFile(path), **args})
        results = {
            repr(grader.function(replace(TRUTH, images={"a.png": tuple(order), "b.png": ()}), **bound))
            for order in (drawn, data.draw(st.permutations(drawn)))
        }
        assert len(results) == 1

    @pytest.mark.parametrize("name", ["boxes_match", "boxes_map"])
    def test_renaming_all_labels_changes_nothing(self, mark, tmp_path, name):
        swap = {"pit": "scratch", "scratch": "pit"}
        found = replace(
            TRUTH, images={"a.png": (TRUTH.images["a.png"][0], Box("pit", 101, 61, 50, 40)), "b.png": TRUTH.images["b.png"][:1]}
        )
        turned = [
            replace(b, images={n: tuple(replace(x, label=swap[x.label]) for x in boxes) for n, boxes in b.images.items()})
            for b in (found, TRUTH)
        ]
        (tmp_path / "turned.json").write_bytes(write_coco(turned[1]))
        args = {"bands": BANDS} if name == "boxes_map" else {}
        grader = get_grader(name)
        other = grader.function(turned[0], **grader.bind({"key": KeyFile(tmp_path / "turned.json"), **args}))
        assert other.fraction == mark(name, found, **args).fraction

    @given(data=st.data())
    def test_deleting_a_right_box_never_raises_the_mark(self, tmp_path_factory, data):
        path = tmp_path_factory.mktemp("key") / "truth.json"
        path.write_bytes(write_coco(TRUTH))
        kept = data.draw(
            st.lists(st.sampled_from([(n, b) for n, boxes in TRUTH.images.items() for b in boxes]), min_size=1, max_size=4, unique_by=repr)
        )
        extra = data.draw(
            st.lists(TestMatch.BOX, max_size=3).filter(lambda boxes: all(iou(b, t) < 0.3 for b in boxes for t in TRUTH.images["a.png"]))
        )

        def fractions(right):
            found = replace(TRUTH, images={n: tuple(b for m, b in right if m == n) + (tuple(extra) if n == "a.png" else ()) for n in SIZES})
            for name, args in (("boxes_match", {}), ("boxes_match", {"by": "cost"}), ("boxes_map", {"bands": [{"at": 1, "fraction": 1}]})):
                grader = get_grader(name)
                yield grader.function(found, **grader.bind({"key": KeyFile(path), **args})).fraction

        assert all(after <= before for before, after in zip(fractions(kept), fractions(kept[1:]), strict=True))

    def test_few_boxes_are_not_judged_by_their_mean(self, mark):
        one = replace(TRUTH, images={"a.png": TRUTH.images["a.png"][:1], "b.png": ()})
        result = mark("mean_iou", one, bands=BANDS)
        assert result.fraction == 0
        assert "不足以判定" in result.reason
        assert mark("mean_iou", one, bands=BANDS, min_f1=0.4).fraction == 1
        assert mark("box_labels", one).fraction == 0

    def test_labels_and_attributes_are_judged_where_boxes_match(self, mark):
        boxes = [replace(b, label="pit", attributes={"程度": "轻"}) for b in TRUTH.images["a.png"]]
        found = replace(TRUTH, images={**TRUTH.images, "a.png": tuple(boxes)})
        assert mark("box_labels", found).fraction == 0.75
        assert mark("box_labels", found, zero_at=0.5).fraction == 0.5
        assert "1 个划痕错标成麻点（a.png）" in mark("box_labels", found).reason
        assert mark("box_attributes", found, names=["程度"]).fraction == 0.75
        assert "应为“重”，标成“轻”" in mark("box_attributes", found, names=["程度"]).reason

    @pytest.mark.parametrize(
        ("name", "args", "sentence"),
        [
            ("boxes_match", {"images": ["c.png"]}, "没有图片 'c.png'"),
            ("boxes_match", {"wrong_label": 2}, "不超过 1"),
            ("boxes_match", {"iou": 0}, "iou"),
            ("mean_iou", {"bands": [{"at": 0.5, "fraction": 0.5}]}, "fraction 是 1"),
            ("mean_iou", {"bands": [{"at": 2, "fraction": 1}]}, "不超过 1"),
            ("boxes_map", {"bands": [{"at": 0.5, "fraction": 1}, {"at": 0.9, "fraction": 0.5}]}, "越大"),
            ("box_attributes", {"names": ["颜色"]}, "没有属性 '颜色'"),
        ],
    )
    def test_an_authors_mistake_is_found_when_the_task_is_loaded(self, mark, name, args, sentence):
        with pytest.raises(TaskError) as error:
            mark(name, TRUTH, **args)
        assert sentence in str(error.value)

    def test_a_truth_that_cannot_be_read_is_the_authors_mistake(self, tmp_path):
        (tmp_path / "truth.json").write_text("{}", "utf-8")
        with pytest.raises(TaskError, match=r"truth\.json.*COCO"):
            get_grader("boxes_match").bind({"key": KeyFile(tmp_path / "truth.json")})

    def test_counts_over_no_image(self):
        assert tally([]).f1 == 0


class TestRepairs:
    GIVEN = Boxes(
        {
            "a.png": (replace(TRUTH.images["a.png"][0], label="scratch"), TRUTH.images["a.png"][1], Box("scratch", 102, 61, 48, 40)),
            "b.png": (Box("scratch", 25, 112, 60, 30), Box("pit", 150, 5, 30, 30)),
        },
        SIZES,
        LABELS,
    )

    @pytest.fixture
    def repairs(self, mark, tmp_path):
        (tmp_path / "given.json").write_bytes(write_coco(self.GIVEN))
        kinds = ("missing", "extra", "label", "shifted", "double")
        return lambda found, **args: {
            kind: mark("box_repairs", found, starter=KeyFile(tmp_path / "given.json"), mistake=kind, **args).fraction for kind in kinds
        }

    def test_the_truth_mends_everything_and_the_untouched_nothing(self, repairs):
        assert set(repairs(TRUTH).values()) == {1.0}
        assert set(repairs(self.GIVEN).values()) == {0.0}

    @pytest.mark.parametrize(
        ("kind", "image", "change"),
        [
            ("label", "a.png", lambda boxes: (TRUTH.images["a.png"][0], *boxes[1:])),
            ("double", "a.png", lambda boxes: boxes[:2]),
            ("shifted", "b.png", lambda boxes: (TRUTH.images["b.png"][1], *boxes[1:])),
            ("extra", "b.png", lambda boxes: boxes[:1]),
            ("missing", "b.png", lambda boxes: (*boxes, TRUTH.images["b.png"][0])),
        ],
    )
    def test_one_repair_earns_its_own_point_only(self, repairs, kind, image, change):
        found = replace(self.GIVEN, images={**self.GIVEN.images, image: change(self.GIVEN.images[image])})
        assert repairs(found) == {**dict.fromkeys(repairs(found), 0.0), kind: 1.0}

    def test_a_new_box_beside_the_shifted_one_mends_nothing(self, repairs):
        found = replace(self.GIVEN, images={**self.GIVEN.images, "b.png": (*self.GIVEN.images["b.png"], TRUTH.images["b.png"][1])})
        assert repairs(found)["shifted"] == 0

    def test_deleting_everything_or_spoiling_the_good_does_not_pay(self, repairs):
        nothing = replace(self.GIVEN, images={"a.png": (), "b.png": ()})
        assert set(repairs(nothing).values()) == {0.0}
        spoilt = replace(TRUTH, images={**TRUTH.images, "a.png": TRUTH.images["a.png"][:1]})
        assert set(repairs(spoilt).values()) == {0.0}
        assert repairs(spoilt, harm=0.5)["extra"] == 0.5


class TestAuthor:
    """What a task may write, and what only its files can tell."""

    @pytest.fixture
    def folder(self, tmp_path):
        shutil.copytree(ROOT / "tasks" / "data" / "label-review", tmp_path / "task", ignore=shutil.ignore_patterns("samples"))
        return tmp_path / "task"

    def refused(self, folder, sentence):
        with pytest.raises(TaskError) as error:
            load_task(folder)
        assert sentence in str(error.value)

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ("plate-01.png: [400, 300]", "plate-01.png: [400, 301]", "大小是 (400, 300)"),
            ("plate-01.png: [", "plate-99.png: [", "没有 'plate-99.png'"),
            ("plate-01.png: [400, 300]", "given.json: [400, 300]", "只认 PNG、JPEG、WebP"),
            ("crazing: 龟裂", "rust: 锈", "“crazing”不存在"),
            ("max_boxes: 40", "max_boxes: 2", "超过每张 2 个"),
            ("file: given.json", "file: none.json", "没有 'none.json'"),
            ("mistake: double", "mistake: typo", "mistake"),
        ],
    )
    def test_a_wrong_task_names_file_and_key(self, folder, old, new, sentence):
        text = (folder / "task.yaml").read_text("utf-8")
        assert old in text
        (folder / "task.yaml").write_text(text.replace(old, new, 1), "utf-8")
        self.refused(folder, sentence)

    def test_a_starter_without_such_a_mistake_cannot_be_marked(self, folder):
        shutil.copy(folder / "key" / "truth.json", folder / "key" / "given.json")
        self.refused(folder, "初始标注里没有这种错误：missing（漏标）")
