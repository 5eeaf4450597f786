"""Generated images: honest models, copies, collapse and noise are told apart; the runner shows them without decoding anything."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import sqrtm

from grading.errors import TaskError
from grading.fields.code import CodeSpec
from grading.generated import prepare, read_judge
from grading.graders.generation import generation
from grading.model import Produce, RunSpec, Task
from grading.registry import KeyFile, get_grader
from grading.runners import generator, get_runner
from grading.sandbox import Sandbox
from simulator.config import ROOT

TASK = ROOT / "tasks" / "generation" / "digits"
KEY = KeyFile(TASK / "key" / "digits.npz")
BANDS = {
    "label_accuracy": [{"at": 0.95, "fraction": 1}], "frechet": [{"at": 0.16, "fraction": 1}], "diversity": [{"at": 0.8, "fraction": 1}],
    "recall": [{"at": 0.55, "fraction": 1}], "memorised": [{"at": 0.1, "fraction": 1}],
}  # fmt: skip
LABELS = np.repeat(np.arange(10), 50)


@pytest.fixture(scope="module")
def given():
    with np.load(TASK / "files" / "digits.npz") as archive:
        return archive["images"].astype(float), archive["labels"]


def earns(samples, labels=LABELS):
    """The measures at which these images earn everything."""
    clipped = np.clip(samples, 0, 16)
    return {m for m in BANDS if generation(clipped, labels, key=KEY, measure=m, bands=BANDS[m], each=50, scale=16).fraction == 1}


def of_each(given, choose):
    images, labels = given
    random = np.random.default_rng(3)
    return np.vstack([choose(images[labels == digit], random) for digit in range(10)])


def kernel(width):
    return lambda own, random: own[random.integers(0, len(own), 50)] + random.normal(0, width, (50, 64))


def test_kernels_wide_enough_to_be_new_earn_everything(given):
    assert earns(of_each(given, kernel(1.95))) == set(BANDS)


@pytest.mark.parametrize("width", [0, 0.3, 0.6, 1.0])
def test_copies_earn_nothing_with_or_without_a_little_noise(given, width):
    assert earns(of_each(given, kernel(width))) == set()


def test_hidden_images_found_elsewhere_are_copies_too(given):
    judge = read_judge(KEY.path.read_bytes(), 16)
    hidden = np.vstack([judge.hidden[judge.labels == digit][:50] for digit in range(10)])
    assert earns(hidden * 16) == set()


def test_one_image_per_class_fails_all_that_looks_at_variety(given):
    assert earns(of_each(given, lambda own, random: own.mean(0) + random.normal(0, 0.1, (50, 64)))) == {"label_accuracy", "memorised"}


def test_noise_upon_one_image_per_class_is_no_variety(given):
    assert "diversity" not in earns(of_each(given, lambda own, random: own.mean(0) + random.normal(0, 3.2, (50, 64))))


def test_noise_earns_nothing():
    assert earns(np.random.default_rng(1).uniform(0, 16, (500, 64))) == set()


def test_wrong_labels_lose_the_labels(given):
    found = earns(of_each(given, kernel(1.95)), np.roll(LABELS, 50))
    assert "label_accuracy" not in found
    assert {"frechet", "recall"} <= found


def test_half_copies_are_left_out(given):
    mixed = of_each(given, kernel(1.95))
    images, labels = given
    for digit in range(10):
        mixed[digit * 50 : digit * 50 + 20] = images[labels == digit][:20]
    found = earns(mixed)
    assert "memorised" not in found
    assert "label_accuracy" in found


def test_frechet_is_the_formula(given):
    judge = read_judge(KEY.path.read_bytes(), 16)
    images = np.clip(of_each(given, kernel(3.0)), 0, 16) / 16
    a, b = judge._plane.transform(images), judge._plane.transform(judge.hidden)
    c, d = np.cov(a.T), np.cov(b.T)
    wanted = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(c + d - 2 * np.real(sqrtm(c @ d)))
    assert judge.frechet(images) == pytest.approx(wanted, rel=1e-6)
    assert judge.frechet(judge.hidden) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("samples", "labels", "sentence"), [
    (np.zeros((500, 63)), LABELS, "图像数组应是形状为 (500, 64)"), (np.zeros((499, 64)), LABELS, "图像数组应是"),
    (np.zeros(()), LABELS, "图像数组应是"),
    (np.array([["a"] * 64] * 500), LABELS, "图像数组应是"), (np.full((500, 64), np.nan), LABELS, "像素应在 0 到 16"),
    (np.full((500, 64), 17.0), LABELS, "像素应在 0 到 16"), (np.full((500, 64), -1), LABELS, "像素应在 0 到 16"),
    (np.zeros((500, 64)), LABELS.astype(float), "标签数组应是 500 个整数"), (np.zeros((500, 64)), np.zeros(500, int), "标签 0 有 500 张"),
    (np.zeros((500, 64)), LABELS[:-1], "标签数组应是 500 个整数"), (np.zeros((1,) * 30), LABELS, "图像数组应是"),
])  # fmt: skip
def test_what_is_no_set_of_images_is_told_in_one_sentence(samples, labels, sentence):
    found = prepare(samples, labels, classes=range(10), each=50, pixels=64, scale=16)
    assert isinstance(found, str)
    assert sentence in found
    assert len(found) < 200


def test_squares_and_rows_are_the_same(given):
    rows = np.clip(of_each(given, kernel(1.95)), 0, 16)
    args = {"key": KEY, "measure": "recall", "bands": BANDS["recall"], "each": 50, "scale": 16}
    assert generation(rows, LABELS, **args) == generation(rows.reshape(500, 8, 8), LABELS[:, None], **args)


def test_a_key_that_is_none_is_refused(tmp_path):
    (tmp_path / "key.npz").write_bytes(b"nothing")
    with pytest.raises(TaskError, match="hidden_labels"):
        get_grader("generation").bind({"key": KeyFile(tmp_path / "key.npz"), "measure": "recall", "bands": BANDS["recall"], "each": 50})


# The runner -----------------------------------------------------------------------------------------------------------


def spec(**keys: Any) -> RunSpec:
    produces = {"s": Produce(output="samples"), "l": Produce(output="labels")}
    args = {"train": "digits.npz", "each": 50, "scale": 16}
    values = {"id": "r", "runner": "generator", "of": "program", "args": args, "files": ("digits.npz",), "produces": produces, "seed": 1}
    return RunSpec(**{**values, **keys})


def play(box: Sandbox, program: str) -> Any:
    run = spec()
    task = Task("t", "t", "s", 1, Decimal(1), (CodeSpec(id="program"),), (run,), (), root=TASK)
    return get_runner("generator")(run, task, program, box)


@pytest.mark.sandbox
@pytest.mark.usefixtures("python_runtime")
class TestReal:
    def test_the_images_are_shown_as_numbers(self, sandbox: Sandbox) -> None:
        outcome = play(sandbox, Path(TASK / "samples" / "full" / "program.py").read_text("utf-8"))
        assert outcome.problems == {}
        assert outcome.artifacts["s"].shape == (500, 64)
        assert [row["label"] for row in outcome.evidence["sheet"]] == list(range(10))
        assert {len(image) for row in outcome.evidence["sheet"] for image in row["images"]} == {64}
        assert {level for row in outcome.evidence["sheet"] for image in row["images"] for level in image} == set(range(10))
        assert outcome.evidence["figures"]["label_accuracy"] > 0.9

    def test_what_cannot_be_shown_is_told(self, sandbox: Sandbox) -> None:
        program = "import numpy as np\nnp.save('samples.npy', np.zeros((3, 3)))\nnp.save('labels.npy', np.zeros(3, int))"
        assert "图像数组应是" in play(sandbox, program).evidence["problem"]

    def test_a_program_that_writes_nothing_has_problems_and_no_evidence(self, sandbox: Sandbox) -> None:
        outcome = play(sandbox, "import numpy as np\nnp.save('samples.npy', np.array([{}], object))")
        assert set(outcome.problems) == {"s", "l"}
        assert "不是可读取的 .npy 数组" in outcome.problems["s"].sentence
        assert outcome.evidence is None


def test_the_training_images_must_be_given() -> None:
    task = Task("t", "t", "s", 1, Decimal(1), (CodeSpec(id="program"),), (), (), root=TASK)
    with pytest.raises(TaskError, match=r"digits\.npz"):
        generator.check(spec(files=()), task)


def test_a_declared_size_is_not_believed() -> None:
    """An NPY header may promise any shape; only what is there is read."""
    from grading.errors import ResponseError
    from grading.runners._artifacts import from_file

    data = BytesIO()
    np.lib.format.write_array_header_1_0(data, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**3)})
    with pytest.raises(ResponseError):
        from_file("array", "samples.npy", data.getvalue() + b"\0" * 64)
