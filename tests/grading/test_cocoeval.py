"""COCO's twelve numbers: equal to pycocotools on random datasets, right on small ones done by hand, and told by the command."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import time
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from grading.__main__ import main
from grading.boxcommands import score_files
from grading.cocoeval import NUMBERS, Detection, Truth, evaluate

Notes = list[dict[str, Any]]


def dataset(seed: int, *, images: int = 30, ties: bool = False, crowd: float = 0.15, loose: float = 0.12) -> tuple[dict[str, Any], Notes]:
    """Return a random COCO dataset and results: all sizes, crowds, wrong categories, categories without boxes, empty images."""
    rng = np.random.default_rng(seed)
    truth: Notes = []
    results: Notes = []
    for image in range(1, images + 1):
        for _ in range(rng.integers(0, 7)):
            w, h = rng.uniform(4, rng.choice([20, 60, 200]), 2)
            x, y = rng.uniform(0, 640 - w), rng.uniform(0, 480 - h)
            category = int(rng.integers(1, 5))
            truth.append(
                {
                    "id": len(truth) + 1,
                    "image_id": image,
                    "category_id": category,
                    "bbox": [x, y, w, h],
                    "area": w * h * rng.uniform(0.5, 1),
                    "iscrowd": int(rng.random() < crowd),
                }
            )
            for _ in range(rng.integers(0, 4)):
                box = np.array([x, y, w, h]) + rng.normal(0, loose, 4) * [w, h, w, h]
                results.append(
                    {
                        "image_id": image,
                        "category_id": category if rng.random() < 0.9 else int(rng.integers(1, 7)),
                        "bbox": [float(side) for side in np.maximum(box, [0, 0, 2, 2])],
                        "score": float(rng.choice([0.2, 0.5, 0.9]) if ties else rng.random()),
                    }
                )
    categories = [{"id": n, "name": f"c{n}"} for n in range(1, 7)]  # nothing has 5 or 6
    pictures = [{"id": n, "width": 640, "height": 480} for n in range(1, images + 1)]
    return {"info": {}, "images": pictures, "categories": categories, "annotations": truth}, results


def oracle(truth: dict[str, Any], results: Notes) -> list[float]:
    """Return what pycocotools says."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = copy.deepcopy(truth)
        coco.createIndex()
        found = coco.loadRes(copy.deepcopy(results)) if results else COCO()
        evaluation = COCOeval(coco, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(number) for number in evaluation.stats]


@pytest.fixture
def own(tmp_path):
    """Return a function that scores a dataset and results through the files that the command reads."""

    def scored(truth, results):
        for name, content in (("truth", truth), ("pred", results)):
            (tmp_path / f"{name}.json").write_text(json.dumps(content), "utf-8")
        return score_files(tmp_path / "truth.json", tmp_path / "pred.json")

    return scored


def agree(own, truth, results):
    numbers = own(truth, results)
    assert tuple(numbers) == NUMBERS
    np.testing.assert_allclose(list(numbers.values()), oracle(truth, results), rtol=0, atol=1e-9)
    return numbers


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ties", [False, True], ids=["scores", "ties"])
def test_equal_to_pycocotools(own, seed, ties):
    numbers = agree(own, *dataset(seed, ties=ties))
    assert 0.02 < numbers["AP"] < 0.9


def test_equal_with_many_crowds_and_with_none(own):
    agree(own, *dataset(11, crowd=0.6))
    agree(own, *dataset(12, crowd=0))


def test_equal_with_more_than_a_hundred_detections_on_an_image(own):
    truth, results = dataset(13, images=3)
    rng = np.random.default_rng(13)
    results += [
        {"image_id": 1, "category_id": 1, "bbox": [*map(float, rng.uniform(0, 300, 2)), 50.0, 40.0], "score": float(rng.random())}
        for _ in range(250)
    ]
    agree(own, truth, results)


def test_equal_with_exact_boxes(own):
    agree(own, *dataset(14, loose=0))


def test_equal_when_sizes_stand_on_the_edge_of_an_area_range(own):
    boxes = [[10.0, 10.0, 32.0, 32.0], [100.0, 10.0, 96.0, 96.0], [10.0, 200.0, 31.0, 33.0], [300.0, 200.0, 97.0, 96.0]]
    truth, _ = dataset(0, images=1)
    truth["annotations"] = [
        {"id": n, "image_id": 1, "category_id": 1, "bbox": b, "area": b[2] * b[3], "iscrowd": 0} for n, b in enumerate(boxes, start=1)
    ]
    agree(own, truth, [{"image_id": 1, "category_id": 1, "bbox": b, "score": 0.5} for b in boxes])


def test_equal_when_only_one_size_is_there(own):
    truth, results = dataset(15)
    truth["annotations"] = [note for note in truth["annotations"] if note["area"] < 900]
    assert agree(own, truth, results)["APl"] == -1


def test_without_detections_the_numbers_are_zero(own):
    truth, _ = dataset(16)
    numbers = agree(own, truth, [])
    assert numbers["AP"] == numbers["AR100"] == 0


def test_without_truth_nothing_is_defined(own):
    truth, results = dataset(17)
    numbers = agree(own, {**truth, "annotations": []}, results)
    assert set(numbers.values()) == {-1.0}


def test_by_hand():
    # one of two found: precision 1 up to recall 0.5, that is at 51 of 101 recalls
    truths = {(1, 1): [Truth((0, 0, 10, 10), 100), Truth((50, 50, 10, 10), 100)]}
    numbers = evaluate(truths, {(1, 1): [Detection((0, 0, 10, 10), 0.9)]})
    assert numbers["AP50"] == pytest.approx(51 / 101)
    assert numbers["AR1"] == 0.5
    # a better-scored wrong box before it halves the precision
    numbers = evaluate(truths, {(1, 1): [Detection((80, 80, 5, 5), 0.95), Detection((0, 0, 10, 10), 0.9)]})
    assert numbers["AP50"] == pytest.approx(0.5 * 51 / 101)
    assert (numbers["AR1"], numbers["AR10"]) == (0.0, 0.5)


def test_an_annotation_with_the_id_zero_counts_like_any_other(own):
    # pycocotools takes the id 0 for “not matched”; ids mean nothing here
    truth, results = dataset(18, crowd=0)
    shifted = {**truth, "annotations": [{**note, "id": note["id"] - 1} for note in truth["annotations"]]}
    assert own(shifted, results) == own(truth, results)


def test_fifty_images_are_scored_at_once(own):
    truth, results = dataset(19, images=50)
    own(truth, results)  # imports numpy
    begin = time.process_time()
    own(truth, results)
    assert time.process_time() - begin < 0.3  # 0.03 s of an idle processor


class TestCommand:
    @pytest.fixture
    def files(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        truth, results = dataset(1)

        def write(name, content):
            (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
            return name

        write("truth.json", truth)
        write("pred.json", results)
        self.truth, self.results = truth, results
        return write

    def run(self, capsys, *argv):
        code = main(["score", "boxes", *argv])
        return code, capsys.readouterr()

    def test_json(self, files, capsys):
        code, said = self.run(capsys, "--truth", "truth.json", "--pred", "pred.json", "--json")
        assert code == 0
        found = json.loads(said.out)
        assert list(found) == ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
        np.testing.assert_allclose(list(found.values()), oracle(self.truth, self.results), rtol=0, atol=1e-9)

    def test_table(self, files, capsys):
        code, said = self.run(capsys, "--truth", "truth.json", "--pred", "pred.json")
        assert code == 0
        assert [line.split()[0] for line in said.out.splitlines()] == list(NUMBERS)

    def test_a_dataset_as_prediction_has_the_score_1(self, files, capsys):
        bare = [{**result, "score": 1.0} for result in self.results]
        files("set.json", {"images": [], "categories": [], "annotations": [{k: v for k, v in r.items() if k != "score"} for r in bare]})
        code, said = self.run(capsys, "--truth", "truth.json", "--pred", "set.json", "--json")
        assert code == 0
        np.testing.assert_allclose(list(json.loads(said.out).values()), oracle(self.truth, bare), rtol=0, atol=1e-9)

    NOTE = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}

    @pytest.mark.parametrize(
        ("pred", "sentence"),
        [
            ("{", "不是合法的 JSON"),
            ("3", "结果列表"),
            ({"images": []}, "结果列表"),
            ([1], "第 1 个框"),
            ([{**NOTE, "image_id": "1"}], "整数"),
            ([NOTE, {**NOTE, "image_id": 999}], "第 2 个框的 image_id 999 不在"),
            ([{**NOTE, "bbox": [1, 2, 3]}], "四个数"),
            ([{**NOTE, "bbox": [1, 2, -3, 4]}], "四个数"),
            ([{**NOTE, "bbox": [1, 2, float("nan"), 4]}], "NaN"),
            ([{**NOTE, "score": "high"}], "score 应是数"),
        ],
    )
    def test_a_bad_prediction_ends_with_2_and_one_sentence(self, files, capsys, pred, sentence):
        files("bad.json", pred)
        code, said = self.run(capsys, "--truth", "truth.json", "--pred", "bad.json", "--json")
        assert code == 2
        assert said.out == ""
        assert said.err.startswith("bad.json：")
        assert sentence in said.err
        assert said.err.count("\n") == 1

    @pytest.mark.parametrize(
        ("truth", "sentence"),
        [
            ([], "三个列表"),
            ({"images": [{}], "annotations": [], "categories": []}, "整数 id"),
            ({"images": [{"id": 1}], "categories": [{"id": 1}], "annotations": [{**NOTE, "area": "big"}]}, "area 应是数"),
        ],
    )
    def test_a_bad_truth_too(self, files, capsys, truth, sentence):
        files("bad.json", truth)
        code, said = self.run(capsys, "--truth", "bad.json", "--pred", "pred.json")
        assert code == 2
        assert sentence in said.err

    def test_a_missing_file_too(self, files, capsys):
        code, said = self.run(capsys, "--truth", "none.json", "--pred", "pred.json")
        assert code == 2
        assert "none.json" in said.err
