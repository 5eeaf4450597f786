"""Models and generated images in the exam: a program is tried, its evidence seen, the paper handed in and marked; a model is uploaded."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from simulator.config import ROOT
from tests import factories
from tests.browser import acts
from tests.browser.hall import Hall
from tests.browser.test_trials import have_workers

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

RUN_MS = 60_000
SHIPPED = ROOT / "tasks"
EXPORT, UPLOAD, DIGITS = "tuning/onnx-export", "tuning/onnx-upload", "generation/digits"
PAPER = f"""\
title: 模型卷
level: 3
minutes: 80
marks: 22
modules:
  - id: model
    title: 模型
    part: practical
    minutes: 80
    slots:
      - {{task: {EXPORT}}}
      - {{task: {UPLOAD}}}
      - {{task: {DIGITS}}}
"""


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory):
    """A server with the three tasks in one paper."""
    folder = tmp_path_factory.mktemp("models")
    tasks = factories.write_tree(folder / "tasks") or folder / "tasks"
    for name in (EXPORT, UPLOAD, DIGITS):
        shutil.copytree(SHIPPED / name, tasks / name)
    shutil.copy(SHIPPED / "standard" / "level3.yaml", tasks / "standard" / "level3.yaml")
    (tasks / "papers" / "models.yaml").write_text(PAPER, "utf-8")
    hall = Hall(folder, tasks)
    try:
        yield hall.start()
    finally:
        hall.close()


@pytest.fixture
def sit(hall: Hall, desk):
    """Return a function that sits a candidate down before one of the tasks: `sit(2)` → page."""
    have_workers(hall)

    def sit(screen: int) -> Page:
        username = hall.person()
        attempt = hall.attempt(username, hall.exam(paper="models"))
        page = desk(hall).page()
        acts.open_attempt(page, username, attempt, screen=screen)
        acts.ready(page)
        return page

    return sit


def sample(task: str, name: str, file: str = "program.py") -> Path:
    return SHIPPED / task / "samples" / name / file


def write(page: Page, label: str, path: Path) -> None:
    expect(page.locator(".prism-code-editor")).to_be_visible()
    page.get_by_role("textbox", name=label).press("ControlOrMeta+a")
    page.keyboard.insert_text(path.read_text("utf-8"))


def run(page: Page, title: str) -> Locator:
    """Press 运行 and wait for the end; return the panel."""
    panel = page.get_by_role("region", name=title)
    panel.get_by_role("button", name="运行").click()
    expect(panel.get_by_text("运行完成")).to_be_visible(timeout=RUN_MS)
    return panel


def test_a_program_exports_a_model_and_it_is_marked(sit):
    page = sit(1)
    write(page, "导出程序", sample(EXPORT, "full"))
    panel = run(page, "导出并试用模型")
    expect(panel.get_by_text("features: float32[N, 9]")).to_be_visible(timeout=RUN_MS)
    expect(panel.get_by_role("region", name="混淆矩阵")).to_contain_text("准确率 0.9")
    expect(panel.get_by_role("region", name="预测的分布")).to_contain_text("40")
    acts.saved(page)
    acts.hand_in(page)
    expect(acts.total(page)).to_have_text("10 / 22", timeout=RUN_MS)
    page.locator("summary").filter(has_text="M5 在隐藏测试集上").click()
    expect(page.get_by_role("region", name="混淆矩阵").last).to_be_visible()


def test_a_program_that_exports_half_a_model_sees_why(sit):
    page = sit(1)
    write(page, "导出程序", sample(EXPORT, "wrong-pickle"))
    panel = run(page, "导出并试用模型")
    expect(panel.get_by_text("不是 ONNX").first).to_be_visible(timeout=RUN_MS)


def test_an_uploaded_model_is_tried_and_marked(sit):
    page = sit(2)
    page.get_by_label("选择文件").set_input_files(sample(UPLOAD, "wrong-fixed-rows", "model.onnx"))
    acts.saved(page)
    panel = run(page, "试用模型")
    expect(panel.get_by_text("一次只收 1 行").first).to_be_visible(timeout=RUN_MS)
    page.get_by_label("更换文件").set_input_files(sample(UPLOAD, "full-other-way", "model.onnx"))
    expect(page.get_by_text(re.compile(r"^2(\.\d)? KB$"))).to_be_visible()
    acts.saved(page)
    panel = run(page, "试用模型")
    expect(panel.get_by_role("region", name="混淆矩阵")).to_be_visible(timeout=RUN_MS)
    acts.hand_in(page)
    expect(acts.total(page)).to_have_text("5 / 22", timeout=RUN_MS)


def test_a_file_of_another_kind_is_refused_at_once(sit, desk):
    page = sit(2)
    page.get_by_label("选择文件").set_input_files({"name": "model.pkl", "mimeType": "application/octet-stream", "buffer": b"\x80\x05"})
    expect(page.get_by_role("alert").filter(has_text=".onnx")).to_be_visible()


def test_generated_digits_are_shown_and_marked(sit):
    page = sit(3)
    write(page, "生成程序", sample(DIGITS, "full"))
    panel = run(page, "生成并查看图像")
    sheet = panel.get_by_role("region", name="生成的图像")
    expect(sheet).to_be_visible(timeout=RUN_MS)
    expect(sheet.get_by_role("img")).to_have_count(60)
    expect(panel.get_by_role("row", name=re.compile(r"^标签准确率 (0\.9|1)"))).to_be_visible()
    acts.saved(page)
    acts.hand_in(page)
    expect(acts.total(page)).to_have_text("7 / 22", timeout=RUN_MS)
    page.locator("summary").filter(has_text="生成并查看图像").click()
    expect(page.get_by_role("region", name="生成的图像")).to_be_visible()
